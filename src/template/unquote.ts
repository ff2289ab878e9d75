import { textOf } from './byte-text.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

const ESCAPE = /\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([abfnrtv\\"']))|([^\\])/gsuy

type Unit = { readonly byte: number } | { readonly text: string }

const isScalar = (code: number): boolean => code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)

const unitOf = (match: RegExpExecArray, quote: string): Unit | null => {
  const [, hex, octal, short, long, simple, plain] = match
  if (plain !== undefined) return plain === quote || plain === '\n' ? null : { text: plain }
  if (simple !== undefined) {
    if (simple === '"' || simple === "'") return simple === quote ? { text: simple } : null
    return { text: SIMPLE[simple] ?? '' }
  }
  if (hex !== undefined) return { byte: parseInt(hex, 16) }
  if (octal !== undefined) return parseInt(octal, 8) > 255 ? null : { byte: parseInt(octal, 8) }
  const code = parseInt(short ?? long ?? '', 16)
  return isScalar(code) ? { text: String.fromCodePoint(code) } : null
}

const unitsOf = (inner: string, quote: string): Unit[] | null => {
  const units: Unit[] = []
  ESCAPE.lastIndex = 0
  while (ESCAPE.lastIndex < inner.length) {
    const match = ESCAPE.exec(inner)
    const unit = match === null ? null : unitOf(match, quote)
    if (unit === null) return null
    units.push(unit)
  }
  return units
}

/** Go's strconv.Unquote of a text in double quotes or backquotes; null: its syntax is wrong. */
export const unquote = (quoted: string): string | null => {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`')) return inner.replaceAll('\r', '')
  const units = unitsOf(inner, '"')
  if (units === null) return null
  if (!units.some((unit) => 'byte' in unit)) return units.map((unit) => ('text' in unit ? unit.text : '')).join('')
  return textOf(Buffer.concat(units.map((unit) => ('byte' in unit ? Buffer.of(unit.byte) : Buffer.from(unit.text)))))
}

/** The code of a Go character constant, quotes included; null: its syntax is wrong. */
export const unquoteCharacter = (quoted: string): number | null => {
  const units = unitsOf(quoted.slice(1, -1), "'")
  const [unit] = units ?? []
  if (unit === undefined || units?.length !== 1) return null
  return 'byte' in unit ? unit.byte : (unit.text.codePointAt(0) ?? null)
}
