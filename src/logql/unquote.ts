import { fromBytes, toBytes } from '../config/bytes.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** An escape behind its backslash. `'` must not be escaped between double quotes. */
const ESCAPE = /([abfnrtv\\"])|x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})/y

/** @returns bytes as text (config/bytes.ts); null: no escape */
const escapeBytes = (match: RegExpExecArray): string | null => {
  const [, simple, hex, octal, short, long] = match
  if (simple !== undefined) return SIMPLE[simple] ?? null
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16))
  if (octal !== undefined) {
    const byte = parseInt(octal, 8)
    return byte > 255 ? null : String.fromCharCode(byte)
  }
  const point = parseInt(short ?? long ?? '', 16)
  if (point > 0x10ffff) return null
  return toBytes(point >= 0xd800 && point < 0xe000 ? '\ufffd' : String.fromCodePoint(point))
}

/**
 * What a quoted text of LogQL means: Go's escapes between double quotes, nothing between backticks (where a carriage
 * return vanishes, as in Go). Escaped bytes that are no UTF-8 become U+FFFD. @returns null: not a well-formed string
 */
export const unquote = (quoted: string): string | null => {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`')) return inner.replaceAll('\r', '')
  if (inner.includes('\n')) return null
  if (!inner.includes('\\')) return inner
  let bytes = ''
  for (let at = 0; at < inner.length;) {
    const next = inner.indexOf('\\', at)
    bytes += toBytes(inner.slice(at, next < 0 ? undefined : next))
    if (next < 0) break
    ESCAPE.lastIndex = next + 1
    const match = ESCAPE.exec(inner)
    const escaped = match === null ? null : escapeBytes(match)
    if (escaped === null) return null
    bytes += escaped
    at = ESCAPE.lastIndex
  }
  return fromBytes(bytes)
}
