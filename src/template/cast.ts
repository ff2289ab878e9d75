import { integerOf } from './go-type.ts'
import { parseFloatLiteral, parseIntegerLiteral } from './number-text.ts'
import type { TemplateValue } from './values.ts'

const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n

const SPECIAL = /^([+-]?)(?:inf|infinity)$/i

/** Go's strconv.ParseFloat; null: a syntax error or a number too large. */
export const parseFloatText = (text: string): number | null => {
  if (/^nan$/i.test(text)) return NaN
  const infinite = SPECIAL.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  const value = text.includes('_') ? null : parseFloatLiteral(text)
  return value !== null && Number.isFinite(value) ? value : null
}

/** Go's strconv.ParseInt with base 0: `0x1F`, `017`, `1_000`; null: a syntax error or out of 64 bits. */
export const parseInt64 = (text: string): bigint | null => {
  const value = parseIntegerLiteral(text)
  return value === null || value < MIN_INT || value > MAX_INT ? null : value
}

const truncated = (value: number): bigint =>
  Number.isFinite(value) && Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : MIN_INT

/** An integer of whatever it is, as sprig's `int` reads it: text like a Go literal; 0 when it is none. */
export const toInteger = (value: TemplateValue): bigint => {
  if (typeof value === 'string') return parseInt64(value.replace(/\.0+$/, '')) ?? 0n
  if (typeof value === 'number') return truncated(value)
  if (typeof value === 'boolean') return value ? 1n : 0n
  return integerOf(value) ?? 0n
}

/** A float of whatever it is, as sprig's `float64` reads it; 0 when it is none. */
export const toFloat = (value: TemplateValue): number => {
  if (typeof value === 'string') return parseFloatText(value) ?? 0
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return Number(integerOf(value) ?? 0n)
}
