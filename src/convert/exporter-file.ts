import { isMap, isScalar, isSeq, type Node } from 'yaml'
import { yamlKind } from '../config/yaml-kind.ts'
import { NewFile, rememberLines } from './new-file.ts'
import { parsedYaml } from './parsed-yaml.ts'
import { envReference } from './references.ts'

/** A value of a YAML file with its line; scalars are text. */
export type Value = {
  readonly line: number
  /** null: a list or a mapping; '' too for an empty scalar. */
  readonly text: string | null
  /** A number or a boolean. */
  readonly isOther: boolean
  readonly items: readonly Value[]
  readonly keys: ReadonlyMap<string, Value>
}

const NOTHING: Value = { line: 0, text: '', isOther: false, items: [], keys: new Map() }

/** The value of a key; an empty one when there is none. */
export const at = (value: Value, ...path: readonly string[]): Value =>
  path.reduce((found, key) => found.keys.get(key) ?? { ...NOTHING, line: found.line }, value)

export const textAt = (value: Value, ...path: readonly string[]): string => at(value, ...path).text ?? ''

const valueOf = (node: Node | null, lineOf: (node: unknown) => number, above: number): Value => {
  const line = lineOf(node) || above
  if (isScalar<string>(node)) return { ...NOTHING, line, text: node.value, isOther: yamlKind(node) !== 'text' }
  if (isSeq<Node>(node))
    return { ...NOTHING, line, text: null, items: node.items.map((item) => valueOf(item, lineOf, line)) }
  if (!isMap<Node, Node | null>(node)) return { ...NOTHING, line }
  const keys = node.items.map(
    ({ key, value }) => [String(isScalar(key) ? key.value : ''), valueOf(value, lineOf, line)] as const,
  )
  return { ...NOTHING, line, text: null, keys: new Map(keys) }
}

/** As Go's os.ExpandEnv, which the exporter applies to the whole file: `$1`, `$$` and the like are nothing. */
const withEnvironment = (text: string): string =>
  text.replaceAll(/\$(?:\{(\w*)\}|([A-Za-z_]\w*)|[*#$@!?\-0-9])/g, (_, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? ''
    return name === '' ? '' : envReference(name)
  })

/** The parsed file, aliases resolved; or why it is none. */
export const readExporterFile = (
  text: string,
): { readonly root: Value } | { readonly line: number; readonly why: string } => {
  const expanded = withEnvironment(text)
  const parsed = parsedYaml(expanded)
  if (parsed.kind === 'wrong') return { line: parsed.line, why: parsed.why }
  const { document } = parsed
  const file = new NewFile(document)
  rememberLines(file, expanded)
  return { root: valueOf(document.contents, (node) => file.lineOf(node), 1) }
}
