/**
 * A scanner of JSON that forgives what Loki's forgives (github.com/buger/jsonparser): it reads value by value, never
 * looks behind the end of the outermost object, and does not validate what it skips.
 */

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/** A value that is none. It begins at `from`. */
export type BrokenJson = { readonly kind: 'broken'; readonly from: number; readonly message: string }

/** A value where it lies: `from` to `to` of the text; strings without their quotes. `end` is behind the quotes. */
export type JsonValue = { readonly kind: JsonKind; readonly from: number; readonly to: number; readonly end: number }

const OBJECT = "Value looks like object, but can't find closing '}' symbol"
const ARRAY = "Value is array, but can't find closing ']' symbol"
const STRING = "Value is string, but can't find closing '\"' symbol"
const MALFORMED = 'Malformed JSON error'
const ESCAPE = 'Encountered an invalid escape sequence in a string'
const UNKNOWN = 'Unknown value type'

/** Deeper objects are an error: each level is scanned once more by those around it. */
const MAX_DEPTH = 64

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** The next character that is no white space; -1: none. */
const tokenFrom = (text: string, from: number): number => {
  for (let at = from; at < text.length; at += 1) if (!isSpace(text.charCodeAt(at))) return at
  return -1
}

/** Behind the closing quote of a string whose content begins at `from`; -1: none. */
export const stringEnd = (text: string, from: number): number => {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 34) return at + 1
    if (code === 92) at += 1
  }
  return -1
}

/** Behind the bracket that closes the one at `from`; -1: none. */
const blockEnd = (text: string, from: number, close: number): number => {
  const open = text.charCodeAt(from)
  let level = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 34) {
      const end = stringEnd(text, at + 1)
      if (end < 0) return -1
      at = end - 1
    } else if (code === open) {
      level += 1
    } else if (code === close) {
      level -= 1
      if (level === 0) return at + 1
    }
  }
  return -1
}

const LITERAL = /[^ \n\r\t,}\]]*/y

const broken = (from: number, message: string): BrokenJson => ({ kind: 'broken', from, message })

const literalAt = (text: string, from: number): JsonValue | BrokenJson => {
  LITERAL.lastIndex = from
  const literal = LITERAL.exec(text)?.[0] ?? ''
  const end = from + literal.length
  if (literal === 'true' || literal === 'false') return { kind: 'boolean', from, to: end, end }
  if (literal === 'null') return { kind: 'null', from, to: end, end }
  return /^[-\d]/.test(literal) ? { kind: 'number', from, to: end, end } : broken(from, UNKNOWN)
}

/** The value that begins at or behind `from`. */
export const jsonValueAt = (text: string, from: number): JsonValue | BrokenJson => {
  const at = tokenFrom(text, from)
  if (at < 0) return broken(text.length, MALFORMED)
  const first = text[at]
  if (first === '"') {
    const end = stringEnd(text, at + 1)
    return end < 0 ? broken(at, STRING) : { kind: 'string', from: at + 1, to: end - 1, end }
  }
  if (first !== '{' && first !== '[') return literalAt(text, at)
  const end = blockEnd(text, at, first === '{' ? 125 : 93)
  if (end < 0) return broken(at, first === '{' ? OBJECT : ARRAY)
  return { kind: first === '{' ? 'object' : 'array', from: at, to: end, end }
}

const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const ESCAPES = /\\(?:u([\da-fA-F]{4})|(["\\/bfnrt]))/g

/** A backslash, not itself escaped, that begins nothing known. */
const UNSOUND = /(?<!\\)(?:\\\\)*\\(?!u[\da-fA-F]{4}|["\\/bfnrt])/

/** What a string means; null: an escape is none. */
export const unescapeJson = (raw: string): string | null => {
  if (!raw.includes('\\')) return raw
  if (UNSOUND.test(raw)) return null
  const text = raw.replaceAll(ESCAPES, (escape, hex: string | undefined) =>
    hex === undefined ? (SIMPLE[escape.charAt(1)] ?? '') : String.fromCharCode(parseInt(hex, 16)),
  )
  return text.isWellFormed() ? text : null
}

/** What a string means as a label's value: '' for what Prometheus would not take. */
export const jsonText = (text: string, { from, to }: JsonValue): string => {
  const value = unescapeJson(text.slice(from, to))
  return value === null || value.includes('\ufffd') ? '' : value
}

/** Said by a visitor that has seen enough. */
export const ENOUGH = ''

/** @returns null: go on; else that is the end: a text says what is wrong */
export type Visit = (key: string, value: JsonValue | BrokenJson) => string | null

type Pair = { readonly key: string; readonly value: JsonValue | BrokenJson }

/** The key at `at` and its value; a text: what is wrong. */
const pairAt = (text: string, at: number): Pair | string => {
  if (text[at] !== '"') return OBJECT
  const keyEnd = stringEnd(text, at + 1)
  if (keyEnd < 0) return MALFORMED
  const key = unescapeJson(text.slice(at + 1, keyEnd - 1))
  if (key === null) return ESCAPE
  const colon = tokenFrom(text, keyEnd)
  if (colon < 0 || text[colon] !== ':') return MALFORMED
  return { key, value: jsonValueAt(text, colon + 1) }
}

/**
 * Visits the pairs of the object at or behind `from`, which lies `depth` objects deep; a broken value is the last.
 * @returns null: it was read to its end; else what the visitor said, or what is wrong
 */
export const eachPair = (text: string, from: number, visit: Visit, depth = 0): string | null => {
  if (depth > MAX_DEPTH) return 'nested too deep'
  const open = tokenFrom(text, from)
  if (open < 0 || text[open] !== '{') return OBJECT
  let at = tokenFrom(text, open + 1)
  if (at < 0) return MALFORMED
  while (text[at] !== '}') {
    const pair = pairAt(text, at)
    if (typeof pair === 'string') return pair
    const { key, value } = pair
    const outcome = visit(key, value)
    if (outcome !== null) return outcome
    if (value.kind === 'broken') return value.message
    at = tokenFrom(text, value.end)
    if (at < 0) return ARRAY
    if (text[at] === '}') return null
    if (text[at] !== ',') return OBJECT
    at = tokenFrom(text, at + 1)
    if (at < 0) return ARRAY
  }
  return null
}

/** The items of the array at `from`, up to the first that is none. */
export const itemAt = (text: string, array: JsonValue, index: number): JsonValue | null => {
  let at = tokenFrom(text, array.from + 1)
  for (let number = 0; at >= 0 && at < array.to && text[at] !== ']'; number += 1) {
    const value = jsonValueAt(text, at)
    if (value.kind === 'broken') return null
    if (number === index) return value
    at = tokenFrom(text, value.end)
    if (at < 0 || text[at] !== ',') return null
    at = tokenFrom(text, at + 1)
  }
  return null
}
