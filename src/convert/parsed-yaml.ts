import { isMap, isNode, parseDocument, visit, type Document, type Node } from 'yaml'
import { tooDeepAt } from '../config/yaml-depth.ts'

/** A YAML file that is a mapping; or why it is none. */
export type ParsedYaml =
  | { readonly kind: 'parsed'; readonly document: Document }
  | { readonly kind: 'wrong'; readonly line: number; readonly why: string }

/** What aliases may repeat. */
const MAX_NODES = 100_000
/** An alias within what it stands for would never end. */
const MAX_PATH = 200

/** Puts what an alias stands for in its place, so that parts can be taken away without regard to anchors; false: too much. */
const withoutAliases = (document: Document): boolean => {
  let nodes = 0
  visit(document, {
    Node: () => {
      nodes += 1
      return nodes > MAX_NODES ? visit.BREAK : undefined
    },
    Alias: (_, alias, path) => {
      nodes += path.length > MAX_PATH ? MAX_NODES : 1
      if (nodes > MAX_NODES) return visit.BREAK
      const target = alias.resolve(document)
      return isNode(target) ? (target.clone() as Node) : undefined
    },
  })
  if (nodes > MAX_NODES) return false
  visit(document, {
    Node: (_, node) => {
      if ('anchor' in node) delete node.anchor
    },
  })
  return true
}

/** Parses a file whose scalars stay text, as they are written. */
export const parsedYaml = (text: string): ParsedYaml => {
  if (tooDeepAt(text) !== null) return { kind: 'wrong', line: 0, why: 'expected less deeply nested YAML' }
  const document = parseDocument(text, { schema: 'failsafe', version: '1.1', prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) {
    return { kind: 'wrong', line: error.linePos?.[0].line ?? 0, why: error.message.split('\n')[0] ?? '' }
  }
  if (!isMap(document.contents)) return { kind: 'wrong', line: 1, why: 'expected a mapping' }
  if (!withoutAliases(document)) return { kind: 'wrong', line: 0, why: 'aliases repeat too much' }
  return { kind: 'parsed', document }
}
