export type FloatOutcome =
  { readonly kind: 'ok'; readonly value: number } | { readonly kind: 'invalid'; readonly message: string }

const DECIMAL = /^[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?$/
const HEXADECIMAL = /^([-+]?)0[xX]_?([\da-fA-F_]*)\.?([\da-fA-F_]*)[pP]([-+]?\d+)$/
const SPECIAL = /^([-+]?)(?:inf|infinity)$/i

/** Underscores may stand between digits only. */
const misplacedUnderscore = (text: string): boolean =>
  /(?<![\da-fA-F])_|_(?![\da-fA-F])/.test(text.replace(/0[xX]_/, '0x'))

const parse = (text: string): number | null => {
  if (text.includes('_') && misplacedUnderscore(text)) return null
  if (DECIMAL.test(text)) return Number(text.replaceAll('_', ''))
  if (/^nan$/i.test(text)) return NaN
  const [, sign] = SPECIAL.exec(text) ?? []
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity
  const hexadecimal = HEXADECIMAL.exec(text)
  if (hexadecimal === null) return null
  const [, minus, whole = '', fraction = '', exponent = '0'] = hexadecimal
  const digits = (whole + fraction).replaceAll('_', '')
  if (digits === '' || digits.length > 13) return null
  const value = parseInt(digits, 16) * 2 ** (Number(exponent) - 4 * fraction.replaceAll('_', '').length)
  return minus === '-' ? -value : value
}

/** Go's `strconv.ParseFloat(text, 64)`, with its words for what is no number. */
export const parseGoFloat = (text: string): FloatOutcome => {
  const value = text.length > 400 ? null : parse(text)
  const failed = (why: string): FloatOutcome => ({
    kind: 'invalid',
    message: `strconv.ParseFloat: parsing ${JSON.stringify(text.slice(0, 400))}: ${why}`,
  })
  if (value === null) return failed('invalid syntax')
  if (Math.abs(value) === Infinity && !SPECIAL.test(text)) return failed('value out of range')
  return { kind: 'ok', value }
}
