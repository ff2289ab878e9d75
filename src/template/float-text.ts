/** The digits of a float and its decimal exponent: 0.d1d2d3... * 10^point. */
type Decimal = { readonly digits: string; readonly point: number }

const decimalOf = (text: string): Decimal => {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: whole + fraction, point: whole.length + Number(exponent) }
}

/** `exponent` with a sign and at least two digits. */
const exponentText = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`

const special = (value: number): string | null => {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? null : value > 0 ? '+Inf' : '-Inf'
}

const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '')

/** The most digits that JavaScript gives; Go gives more. */
const MAX_DIGITS = 100

/** Digits behind which two floats that differ do not look alike any more. */
const TELLING_DIGITS = 30

/**
 * JavaScript rounds a tie up where Go rounds to the even digit: `write` gives a float with so many digits, `digits` is
 * what is wanted.
 */
const evenAtTie = (write: (digits: number) => string, digits: number): string => {
  const rounded = write(digits)
  const [mantissa = '', exponent] = write(Math.min(digits + TELLING_DIGITS, MAX_DIGITS)).split('e')
  const cut = mantissa.indexOf('.') + 1 + digits
  if (!/^50*$/.test(mantissa.slice(cut))) return rounded
  const kept = mantissa.slice(0, cut).replace(/\.$/, '')
  if (!/[02468]$/.test(kept)) return rounded
  return exponent === undefined ? kept : `${kept}e${exponent}`
}

const toFixed = (value: number, precision: number): string =>
  evenAtTie((digits) => value.toFixed(digits), Math.min(precision, MAX_DIGITS))

const toExponential = (value: number, precision: number): string =>
  evenAtTie((digits) => value.toExponential(digits), Math.min(precision, MAX_DIGITS))

/** Scientific: `1.5e+06`. */
const scientific = (value: number, precision: number): string => {
  const text = precision < 0 ? value.toExponential() : toExponential(value, precision)
  const [mantissa = '', exponent = '0'] = text.split('e')
  return mantissa + exponentText(Number(exponent))
}

/** All digits, no exponent: of a float of any size. */
const plain = (value: number, precision: number): string => {
  if (precision >= 0 && value < 1e21) return toFixed(value, precision)
  if (value >= 1e21) {
    // The shortest digits with zeros behind them, or, with a precision, the exact integer that the float is.
    const whole = precision < 0 ? decimalOf(value.toExponential()) : null
    const digits = whole === null ? BigInt(value).toString() : whole.digits.padEnd(whole.point, '0')
    return precision > 0 ? `${digits}.${'0'.repeat(Math.min(precision, MAX_DIGITS))}` : digits
  }
  const { digits, point } = decimalOf(value.toExponential())
  if (point <= 0) return value === 0 ? '0' : `0.${'0'.repeat(-point)}${digits}`
  return digits.length <= point ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The exponent from which %g is scientific when no precision is given. */
const SHORTEST_LIMIT = 6

const general = (value: number, precision: number): string => {
  const wanted = precision === 0 ? 1 : precision
  const text = wanted < 0 ? value.toExponential() : toExponential(value, wanted - 1)
  const { digits, point } = decimalOf(text)
  const short = digits.replace(/0+$/, '') || '0'
  const exponent = point - 1
  const limit = wanted < 0 ? SHORTEST_LIMIT : wanted
  if (exponent < -4 || exponent >= limit) {
    const mantissa = short.length > 1 ? `${short.slice(0, 1)}.${short.slice(1)}` : short
    return mantissa + exponentText(exponent)
  }
  if (short === '0') return '0'
  if (point <= 0) return `0.${'0'.repeat(-point)}${short}`
  return short.length <= point ? short.padEnd(point, '0') : `${short.slice(0, point)}.${short.slice(point)}`
}

/** Go's strconv.FormatFloat: `precision` -1 takes as few digits as give the float back. */
export const formatFloat = (value: number, verb: 'e' | 'f' | 'g', precision = -1): string => {
  const odd = special(value)
  if (odd !== null) return odd
  const magnitude = Math.abs(value)
  switch (verb) {
    case 'e':
      return sign(value) + scientific(magnitude, precision)
    case 'f':
      return sign(value) + plain(magnitude, precision)
    case 'g':
      return sign(value) + general(magnitude, precision)
  }
}
