/** The tree of a template, as Go's text/template/parse makes it. `at` is an offset into the text. */

export type Operand =
  | { readonly kind: 'dot'; readonly at: number }
  | { readonly kind: 'nil'; readonly at: number }
  | { readonly kind: 'bool'; readonly at: number; readonly value: boolean }
  | NumberOperand
  | { readonly kind: 'string'; readonly at: number; readonly quoted: string; readonly text: string }
  /** `.a.b` */
  | { readonly kind: 'field'; readonly at: number; readonly names: readonly string[] }
  /** `$x.a`; `names` without the variable. */
  | { readonly kind: 'variable'; readonly at: number; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly at: number; readonly name: string }
  /** `(...).a` */
  | { readonly kind: 'chain'; readonly at: number; readonly of: Operand; readonly names: readonly string[] }
  | Pipe

/** An untyped constant: what it may become. */
export type NumberOperand = {
  readonly kind: 'number'
  readonly at: number
  readonly text: string
  /** Null: not an integer of 64 bits. */
  readonly integer: bigint | null
  readonly float: number
  /** Where no type is asked for it is a `float64`. */
  readonly prefersFloat: boolean
}

export type Command = { readonly kind: 'command'; readonly at: number; readonly args: readonly Operand[] }

export type Pipe = {
  readonly kind: 'pipe'
  readonly at: number
  /** Variables that get the value, at most two. */
  readonly variables: readonly string[]
  /** `=` instead of `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

export type Branch = {
  readonly at: number
  readonly pipe: Pipe
  readonly body: readonly Node[]
  /** Null: there is none. */
  readonly otherwise: readonly Node[] | null
}

export type TemplateCall = {
  readonly kind: 'template'
  readonly at: number
  readonly name: string
  readonly pipe: Pipe | null
}

export type Node =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'action'; readonly at: number; readonly pipe: Pipe }
  | ({ readonly kind: 'if' | 'with' | 'range' } & Branch)
  | { readonly kind: 'break' | 'continue'; readonly at: number }
  | TemplateCall

/** What an error can point at. */
export type Located = Operand | Command | Node

const dotted = (names: readonly string[]): string => names.map((name) => `.${name}`).join('')

const pipeText = (pipe: Pipe): string => {
  const variables = pipe.variables.join(', ')
  const prefix = variables === '' ? '' : `${variables} ${pipe.assigns ? '=' : ':='} `
  return prefix + pipe.commands.map(nodeText).join(' | ')
}

const argumentText = (operand: Operand): string =>
  operand.kind === 'pipe' ? `(${pipeText(operand)})` : nodeText(operand)

/** A node as Go writes it in errors. */
export const nodeText = (node: Located): string => {
  switch (node.kind) {
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(node.value)
    case 'number':
    case 'text':
      return node.text
    case 'string':
      return node.quoted
    case 'field':
      return dotted(node.names)
    case 'variable':
      return node.name + dotted(node.names)
    case 'function':
      return node.name
    case 'chain':
      return argumentText(node.of) + dotted(node.names)
    case 'pipe':
      return pipeText(node)
    case 'command':
      return node.args.map(argumentText).join(' ')
    case 'action':
      return `{{${pipeText(node.pipe)}}}`
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipe === null ? '' : ` ${pipeText(node.pipe)}`}}}`
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    case 'if':
    case 'with':
    case 'range':
      return `{{${node.kind} ${pipeText(node.pipe)}}}`
  }
}
