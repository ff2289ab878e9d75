import type { Node, Operand, Pipe } from './nodes.ts'

const ofOperand = (operand: Operand, names: Set<string>): void => {
  const [first] = 'names' in operand ? operand.names : []
  if (operand.kind === 'pipe') ofPipe(operand, names)
  else if (operand.kind === 'chain') ofOperand(operand.of, names)
  else if (first !== undefined && (operand.kind === 'field' || (operand.kind === 'variable' && operand.name === '$')))
    names.add(first)
}

const ofPipe = (pipe: Pipe, names: Set<string>): void => {
  for (const command of pipe.commands) for (const operand of command.args) ofOperand(operand, names)
}

const ofNodes = (nodes: readonly Node[], names: Set<string>): void => {
  for (const node of nodes) {
    if ('pipe' in node && node.pipe !== null) ofPipe(node.pipe, names)
    if ('body' in node) ofNodes([...node.body, ...(node.otherwise ?? [])], names)
  }
}

/**
 * The fields that a template may read of its data. Fields of what `with` and `range` go into are among them, as in
 * Loki's own list of required labels: more than needed, never less, unless the dot is used as a whole.
 */
export const topFields = (nodes: readonly Node[]): readonly string[] => {
  const names = new Set<string>()
  ofNodes(nodes, names)
  return [...names]
}
