import { type BrokenJson, eachPair, ENOUGH, itemAt, type JsonValue, jsonValueAt } from './json-scan.ts'

/** Keys of objects and indexes of arrays, from the outside in. */
export type JsonPath = readonly (string | number)[]

export type JsonPathOutcome =
  { readonly kind: 'ok'; readonly path: JsonPath } | { readonly kind: 'invalid'; readonly message: string }

type TokenKind = 'DOT' | 'LSB' | 'RSB' | 'FIELD' | 'STRING' | 'INDEX' | '$end'

/** `why`: what Loki's lexer (pkg/logql/log/jsonexpr/lexer.go) did not know; it ends the text there. */
type PathToken = {
  readonly kind: TokenKind
  readonly value: string | number
  readonly end: number
  readonly why: string
}

const SIGNS: Readonly<Record<string, TokenKind>> = { '.': 'DOT', '[': 'LSB', ']': 'RSB' }
const FIELD = /[a-zA-Z_][a-zA-Z0-9_]*/y
/** No escapes; it ends at a bracket too. */
const STRING = /"([^"\]]*)["\]]?/y
const INDEX = /(\d{1,15})(?=[ \t\n\]])/y

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const tokenAt = (text: string, from: number): PathToken => {
  let at = from
  while (/[ \t\n]/.test(text.charAt(at))) at += 1
  const first = text.charAt(at)
  const sign = Object.hasOwn(SIGNS, first) ? SIGNS[first] : undefined
  if (sign !== undefined) return { kind: sign, value: '', end: at + 1, why: '' }
  const field = matchAt(FIELD, text, at)?.[0]
  if (field !== undefined) return { kind: 'FIELD', value: field, end: at + field.length, why: '' }
  const quoted = matchAt(STRING, text, at)
  if (quoted !== null) return { kind: 'STRING', value: quoted[1] ?? '', end: at + quoted[0].length, why: '' }
  const index = matchAt(INDEX, text, at)?.[0]
  if (index !== undefined) return { kind: 'INDEX', value: Number(index), end: at + index.length, why: '' }
  const unknown = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const why = first === '' ? '' : /\d/.test(first) ? 'non-integer value' : `unexpected char ${unknown}`
  return { kind: '$end', value: '', end: text.length, why }
}

type PathState = 'start' | 'key' | 'close' | 'after' | 'field'

const NEXT: Readonly<Record<PathState, Partial<Record<TokenKind, PathState>>>> = {
  start: { LSB: 'key', FIELD: 'after' },
  key: { STRING: 'close', INDEX: 'close' },
  close: { RSB: 'after' },
  after: { DOT: 'field', LSB: 'key' },
  field: { FIELD: 'after' },
}

const MAX_SEGMENTS = 64

/** Parses the path of a `json` expression: `a.b[0]["c d"]`; messages as Loki's. */
export const parseJsonPath = (text: string): JsonPathOutcome => {
  const invalid = (why: string): JsonPathOutcome => ({
    kind: 'invalid',
    message: `cannot parse expression [${text}]: ${why}`,
  })
  const path: (string | number)[] = []
  let state: PathState = 'start'
  for (let at = 0; ;) {
    const { kind, value, end, why } = tokenAt(text, at)
    if (state === 'after' && kind === '$end') return why === '' ? { kind: 'ok', path } : invalid(why)
    const next: PathState | undefined = NEXT[state][kind]
    if (next === undefined) {
      const expecting = state === 'after' ? '' : `, expecting ${Object.keys(NEXT[state]).join(' or ')}`
      return invalid(`syntax error: unexpected ${kind}${expecting}`)
    }
    if (value !== '' || kind === 'STRING') path.push(value)
    if (path.length > MAX_SEGMENTS) return invalid(`more than ${MAX_SEGMENTS} parts`)
    state = next
    at = end
  }
}

/** Where a path leads. */
export type Lookup = { readonly kind: 'found'; readonly value: JsonValue } | { readonly kind: 'missing' } | BrokenJson

const MISSING: Lookup = { kind: 'missing' }

const withinObject = (text: string, from: number, path: JsonPath): Lookup => {
  const [segment, ...rest] = path
  let found: Lookup = MISSING
  eachPair(text, from, (key, inner) => {
    if (key !== segment) return null
    found = within(text, inner, rest)
    return found.kind === 'missing' ? null : ENOUGH
  })
  return found
}

const within = (text: string, value: JsonValue | BrokenJson, path: JsonPath): Lookup => {
  const [segment, ...rest] = path
  if (segment === undefined) return value.kind === 'broken' ? value : { kind: 'found', value }
  if (typeof segment === 'number') {
    const item = value.kind === 'array' ? itemAt(text, value, segment) : null
    return item === null ? MISSING : within(text, item, rest)
  }
  // An object that is cut off is searched as far as it goes.
  const isCut = value.kind === 'broken' && text[value.from] === '{'
  return value.kind === 'object' || isCut ? withinObject(text, value.from, path) : MISSING
}

/** Looks a path up in a line. */
export const lookUp = (line: string, path: JsonPath): Lookup => {
  const whole = jsonValueAt(line, 0)
  return whole.kind === 'broken' && !line.startsWith('{') ? MISSING : within(line, whole, path)
}
