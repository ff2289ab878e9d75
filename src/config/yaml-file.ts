import { isAlias, parseDocument, visit, type Document, type Node, type YAMLError } from 'yaml'
import { Findings } from './findings.ts'
import { tooDeepAt } from './yaml-depth.ts'

/** A YAML file that parsed, and where to report what else is wrong with it. */
export type YamlFile = {
  readonly findings: Findings
  readonly root: Node | null
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Node, Node>
}

/** The library's message without the piece of the file that some of them quote. */
const syntaxMessage = (error: YAMLError): string => {
  if (error.code === 'MULTIPLE_DOCS') return 'expected one YAML document, got another'
  const [message = ''] = error.message.split(/(?<= token)|(?<=in YAML stream)|: (?=["'])/)
  return `expected YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

/** Each alias with the node it stands for: the last one before it that has its anchor. */
const aliasTargets = (document: Document): ReadonlyMap<Node, Node> => {
  const anchors = new Map<string, Node>()
  const targets = new Map<Node, Node>()
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

/**
 * Parses one YAML document. Scalars stay text ('failsafe'): what `on` or `0123` means depends on the key, as it does in
 * Promtail. `findings` tells whether it failed; when the YAML itself is broken, `root` is of no use.
 */
export const parseYamlFile = (text: string, file: string): YamlFile => {
  const findings = new Findings(file, text)
  const spot = { path: '', flag: null }
  const deep = tooDeepAt(text)
  if (deep !== null) {
    findings.error('YAML_SYNTAX', { ...spot, offset: deep }, 'expected less deeply nested YAML')
    return { findings, root: null, targets: new Map() }
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
  })
  for (const error of [...document.errors, ...document.warnings]) {
    findings.error('YAML_SYNTAX', { ...spot, offset: error.pos[0] }, syntaxMessage(error))
    // From here on the parser is lost, and stumbles over every word.
    if (error.code === 'UNEXPECTED_TOKEN') break
  }
  return { findings, root: document.contents, targets: aliasTargets(document) }
}
