import type { NumberOperand } from './nodes.ts'
import { unquoteCharacter } from './unquote.ts'

const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[bB][01_]*|0[oO][0-7_]*|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y
const ALPHANUMERIC = /^[\p{L}\p{Nd}_]/u

/** The longest number at an offset; not `complete` when more letters or digits stick to it. */
export const scanNumber = (text: string, at: number): { readonly text: string; readonly complete: boolean } => {
  NUMBER.lastIndex = at
  const found = NUMBER.exec(text)?.[0] ?? ''
  const next = String.fromCodePoint(text.codePointAt(at + found.length) ?? 0)
  if (at + found.length < text.length && ALPHANUMERIC.test(next)) return { text: found + next, complete: false }
  return { text: found, complete: true }
}

const INTEGER = /^([+-]?)(0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[1-9](?:_?\d)*|0)$/
const FLOAT = /^[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/
const HEX_FLOAT = /^([+-]?)0[xX]((?:_?[\da-fA-F])*)\.?((?:_?[\da-fA-F])*)[pP]([+-]?\d+)$/

const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n
const MAX_UINT = 2n ** 64n - 1n

/** The integer of a literal in Go's syntax (`0x1F`, `0b1`, `017`, `1_000`), of any size; null: it is none. */
export const parseIntegerLiteral = (text: string): bigint | null => {
  const match = INTEGER.exec(text)
  if (match === null) return null
  const digits = (match[2] ?? '').replaceAll('_', '')
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase())
  return match[1] === '-' ? -value : value
}

/** The float of a literal in Go's syntax, hexadecimal ones included; null: it is none. */
export const parseFloatLiteral = (text: string): number | null => {
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''))
  const hex = HEX_FLOAT.exec(text)
  if (hex === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = ''] = hex.map((part) => part.replaceAll('_', ''))
  if (whole + fraction === '') return null
  const value = parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

/** What a number of a template may be, or what is wrong with it. */
export const parseNumber = (text: string, at: number): NumberOperand | string => {
  const whole = parseIntegerLiteral(text)
  if (whole !== null && (whole > MAX_UINT || whole < MIN_INT)) return `integer overflow: ${JSON.stringify(text)}`
  if (whole !== null) {
    const integer = whole <= MAX_INT ? whole : null
    return { kind: 'number', at, text, integer, float: Number(whole), prefersFloat: false }
  }
  const float = parseFloatLiteral(text)
  if (float === null || !Number.isFinite(float)) return `illegal number syntax: ${JSON.stringify(text)}`
  const integral = Number.isInteger(float) && Math.abs(float) < 2 ** 63
  return { kind: 'number', at, text, integer: integral ? BigInt(float) : null, float, prefersFloat: true }
}

/** A character constant: a number. */
export const parseCharacter = (text: string, at: number): NumberOperand | string => {
  const code = unquoteCharacter(text)
  if (code === null) return `malformed character constant: ${text}`
  return { kind: 'number', at, text, integer: BigInt(code), float: code, prefersFloat: false }
}
