import { type BrokenJson, eachPair, ENOUGH, itemAt, type JsonValue, jsonValueAt } from './json-scan.ts'
import { unquote } from './unquote.ts'

/** Keys of objects and indexes of arrays, from the outside in. */
export type JsonPath = readonly (string | number)[]

export type JsonPathOutcome =
  { readonly kind: 'ok'; readonly path: JsonPath } | { readonly kind: 'invalid'; readonly message: string }

const FIELD = /[a-zA-Z_][a-zA-Z0-9_]*/y
const INDEX = /\[\s*(?:(\d{1,9})|("(?:[^"\\\n]|\\[^\n])*"))\s*\]/y

const NAMES: Readonly<Record<string, string>> = { '.': 'DOT', '[': 'LSB', ']': 'RSB', '': '$end' }

const MAX_SEGMENTS = 64

/**
 * Parses the path of a `json` expression: `a.b[0]["c d"]` (pkg/logql/log/jsonexpr). Message as Loki's where the shape
 * of the mistake is known to it.
 */
export const parseJsonPath = (text: string): JsonPathOutcome => {
  const failed = (at: number, expecting: string): JsonPathOutcome => {
    const found = text.charAt(at)
    if (/[^a-zA-Z0-9_.[\]"\s]/.test(found)) {
      const why = at === 0 ? 'syntax error: unexpected $end, expecting LSB or FIELD' : `unexpected char ${found}`
      return { kind: 'invalid', message: `cannot parse expression [${text}]: ${why}` }
    }
    const name = Object.hasOwn(NAMES, found) ? NAMES[found] : found
    return {
      kind: 'invalid',
      message: `cannot parse expression [${text}]: syntax error: unexpected ${name}${expecting}`,
    }
  }
  const path: (string | number)[] = []
  for (let at = 0; at < text.length || path.length === 0;) {
    const isField = path.length === 0 ? !text.startsWith('[') : text[at] === '.'
    const start = isField && path.length > 0 ? at + 1 : at
    const pattern = isField ? FIELD : INDEX
    pattern.lastIndex = start
    const match = pattern.exec(text)
    if (match === null) return failed(start, isField ? ', expecting FIELD' : '')
    const key = match[2] === undefined ? match[0] : unquote(match[2])
    if (key === null || path.length >= MAX_SEGMENTS) return failed(start, '')
    path.push(match[1] === undefined ? key : Number(match[1]))
    at = start + match[0].length
  }
  return { kind: 'ok', path }
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
