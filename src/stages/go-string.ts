const ESCAPES: Readonly<Record<string, string>> = {
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

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[abfnrtv\\"])/g

/** Bytes of an escape by number, as those of a Latin-1 string; null when there is no such character. */
const escapedBytes = (escape: string): string | null => {
  if (escape.length === 1) return ESCAPES[escape] ?? escape
  const code = /^[0-7]/.test(escape) ? parseInt(escape, 8) : parseInt(escape.slice(1), 16)
  if (!/^[uU]/.test(escape)) return code < 256 ? String.fromCharCode(code) : null
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
  return Buffer.from(String.fromCodePoint(code)).toString('latin1')
}

/** The text of a Go string literal in double quotes (strconv.Unquote); null when it is none. */
export const unquoteGo = (literal: string): string | null => {
  const body = Buffer.from(literal.slice(1, -1)).toString('latin1')
  if (body.includes('\n') || body.replaceAll(ESCAPE, '').includes('\\')) return null
  const escapes = Array.from(body.matchAll(ESCAPE), ([, escape = '']) => escapedBytes(escape))
  if (escapes.includes(null)) return null
  const bytes = body.replaceAll(ESCAPE, () => escapes.shift() ?? '')
  return Buffer.from(bytes, 'latin1').toString()
}
