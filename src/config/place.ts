import { isAlias, isMap, isScalar, isSeq, type Node, Scalar } from 'yaml'
import type { ConfigErrorCode } from './config-error.ts'
import type { Findings } from './findings.ts'
import { MASK, maskUserInfo } from './secret-mask.ts'

/** Values that flags put over the file's: by key, to any depth. */
export type Overlay = { readonly [key: string]: Overlay | FlagValue }
export type FlagValue = { readonly flag: string; readonly text: string }

/** What the whole walk shares. */
export type Walk = {
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Node, Node>
  readonly findings: Findings
  /** Nodes that may still be looked at: aliases could make a small file endless. */
  budget: number
}

/** One value of the configuration and where it stands. */
export type Place = {
  readonly walk: Walk
  /** Aliases followed. null: absent, or an explicit null, which means the same. */
  readonly node: Node | null
  /** `clients[0].batchwait`; '' = the whole file. */
  readonly path: string
  readonly offset: number
  /** Of its key, for messages about the key itself. */
  readonly keyOffset: number
  readonly flag: string | null
  readonly overlay: Overlay | null
  /** Its text is shown nowhere. */
  readonly secret: boolean
  /** Nothing is reported: something above it was already wrong. */
  readonly silent: boolean
  /** Mappings and lists around it. */
  readonly depth: number
}

/** Longest piece of a value that a message repeats. */
const MAX_SHOWN = 60

/** No key of ours lies deeper; an alias inside its own anchor would. */
const MAX_DEPTH = 30

const NULL = /^(?:~|null|Null|NULL|)$/

/** Plain scalars that mean null; quoted ones are text. */
const isNull = (node: Node): boolean =>
  isScalar(node) && (node.type === Scalar.PLAIN || node.type === undefined) && NULL.test(String(node.value))

const isOverlay = (value: Overlay | FlagValue): value is Overlay => typeof value['flag'] !== 'string'

export const report = (place: Place, code: ConfigErrorCode, message: string): void => {
  if (!place.silent) place.walk.findings.error(code, place, message)
}

export const warn = (place: Place, message: string): void => {
  if (!place.silent) place.walk.findings.warn(place, message)
}

/** A place for the node that stands at `at`, with aliases followed and explicit nulls made absent. */
const placeOf = (parent: Place, path: string, node: Node | null, keyOffset: number): Place => {
  const offset = node?.range?.[0] ?? keyOffset
  const place: Place = { ...parent, path, node, offset, keyOffset, overlay: null, depth: parent.depth + 1 }
  parent.walk.budget -= 1
  if (parent.walk.budget < 0 || place.depth > MAX_DEPTH) {
    if (parent.walk.budget >= -1)
      report(place, 'BAD_VALUE', 'expected a smaller file, counting what its aliases repeat')
    return { ...place, node: null, silent: true }
  }
  if (isAlias(node)) {
    const target = parent.walk.targets.get(node)
    if (target !== undefined) return { ...place, node: isNull(target) ? null : target }
    report(place, 'BAD_VALUE', `expected an anchor &${node.source} before this alias, got none`)
    return { ...place, node: null }
  }
  return node !== null && isNull(node) ? { ...place, node: null } : place
}

/** What a flag says, in place of what the file says. */
const overlaid = (place: Place, over: Overlay | FlagValue | undefined): Place => {
  if (over === undefined) return place
  if (isOverlay(over)) return { ...place, overlay: over }
  const node = new Scalar(over.text)
  node.type = Scalar.QUOTE_DOUBLE
  return { ...place, node, flag: `flag ${over.flag}` }
}

/** The path of a key below `path`. */
export const joined = (path: string, key: string): string => {
  const shown = /^[\w.-]+$/.test(key) ? key : JSON.stringify(key)
  return path === '' ? shown : `${path}.${shown}`
}

/** Adds what `<<` at `merge` brings into the mapping at `path`; what is there already wins. */
const addMerged = (path: string, merge: Place, children: Map<string, Place>): void => {
  const sources = isSeq(merge.node) ? items(merge) : [merge]
  for (const source of sources) {
    if (!isMap(source.node)) report(source, 'BAD_TYPE', `expected a mapping to merge, got ${described(source)}`)
    for (const [key, child] of childrenOf({ ...source, path })) {
      if (!children.has(key)) children.set(key, child)
    }
  }
}

const keyOf = (place: Place, key: unknown): { readonly text: string; readonly offset: number } | null => {
  if (isScalar<string>(key)) return { text: key.value, offset: key.range?.[0] ?? place.offset }
  report(place, 'BAD_TYPE', 'expected keys that are plain text')
  return null
}

/** The values of a mapping by key, merge keys (`<<`) resolved, flags put on top; empty when it is no mapping. */
export const childrenOf = (place: Place): ReadonlyMap<string, Place> => {
  const children = new Map<string, Place>()
  const merges: Place[] = []
  const pairs = isMap<Node, Node | null>(place.node) ? place.node.items : []
  for (const { key, value } of pairs) {
    const found = keyOf(place, key)
    if (found === null) continue
    const child = placeOf(place, joined(place.path, found.text), value, found.offset)
    const earlier = children.get(found.text)
    if (earlier !== undefined) {
      const line = place.walk.findings.line(earlier)
      report(keyPlace(child), 'DUPLICATE_KEY', `expected this key once, got it again (first on line ${line})`)
    } else if (found.text === '<<') merges.push(child)
    else children.set(found.text, child)
  }
  for (const merge of merges) addMerged(place.path, merge, children)
  for (const [key, over] of Object.entries(place.overlay ?? {})) {
    const absent: Place = { ...place, node: null, path: joined(place.path, key), overlay: null }
    children.set(key, overlaid(children.get(key) ?? absent, over))
  }
  return children
}

/** Where the key of a place stands, for messages about the key itself. */
export const keyPlace = (place: Place): Place => ({ ...place, offset: place.keyOffset })

/** The items of a list; empty when it is none. */
export const items = (place: Place): readonly Place[] =>
  isSeq<Node>(place.node)
    ? place.node.items.map((item, index) => placeOf(place, `${place.path}[${index}]`, item, place.offset))
    : []

/** Whether nothing is said here, neither in the file nor by a flag. */
export const isAbsent = (place: Place): boolean => place.node === null && place.overlay === null

/** The text of a scalar as written (quotes resolved), and whether it was quoted; null for anything else. */
export const scalarOf = (place: Place): { readonly text: string; readonly quoted: boolean } | null => {
  const { node } = place
  if (!isScalar(node)) return null
  return { text: String(node.value), quoted: node.type !== Scalar.PLAIN }
}

/** All text at and below a place, for keeping secrets out of messages. */
export const textsBelow = (place: Place): readonly string[] => {
  const scalar = scalarOf(place)
  if (scalar !== null) return [scalar.text]
  const below = isSeq(place.node) ? items(place) : [...childrenOf({ ...place, silent: true }).values()]
  return below.flatMap(textsBelow)
}

/** What stands here, for `got ...`: never the text of a secret. */
export const described = (place: Place): string => {
  if (place.node === null) return 'nothing'
  if (isMap(place.node)) return 'a mapping'
  if (isSeq(place.node)) return 'a list'
  const text = scalarOf(place)?.text ?? ''
  if (place.secret) return MASK
  // Masked before it is cut, because a cut could take away the @ that tells credentials.
  const shown = maskUserInfo(text)
  return JSON.stringify(shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown)
}
