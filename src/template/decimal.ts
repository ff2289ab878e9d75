import { TemplateFailure } from './functions.ts'

/** `digits` * 10^-scale, exactly. */
type Decimal = { readonly digits: bigint; readonly scale: number }

/** Decimals behind the point of a quotient. */
const DIVISION_SCALE = 16

/** The decimal that a float prints as: the shortest one that gives it back. */
const decimalOf = (value: number): Decimal => {
  if (!Number.isFinite(value)) throw new TemplateFailure(`Cannot create a Decimal from ${value}`)
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

const scaled = ({ digits, scale }: Decimal, to: number): bigint => digits * 10n ** BigInt(to - scale)

const numberOf = ({ digits, scale }: Decimal): number => Number(`${digits}e-${scale}`)

const sum = (left: Decimal, right: Decimal, sign: bigint): Decimal => {
  const scale = Math.max(left.scale, right.scale)
  return { digits: scaled(left, scale) + sign * scaled(right, scale), scale }
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)

const quotient = (left: Decimal, right: Decimal): Decimal => {
  if (right.digits === 0n) throw new TemplateFailure('decimal division by 0')
  const over = left.digits * 10n ** BigInt(DIVISION_SCALE + right.scale)
  const under = right.digits * 10n ** BigInt(left.scale)
  const half = magnitude(over % under) * 2n >= magnitude(under) ? 1n : 0n
  const away = over < 0n === under < 0n ? half : -half
  return { digits: over / under + away, scale: DIVISION_SCALE }
}

const product = (left: Decimal, right: Decimal): Decimal => ({
  digits: left.digits * right.digits,
  scale: left.scale + right.scale,
})

export type DecimalOperation = 'add' | 'subtract' | 'multiply' | 'divide'

const apply = (operation: DecimalOperation, left: Decimal, right: Decimal): Decimal => {
  switch (operation) {
    case 'add':
      return sum(left, right, 1n)
    case 'subtract':
      return sum(left, right, -1n)
    case 'multiply':
      return product(left, right)
    case 'divide':
      return quotient(left, right)
  }
}

/**
 * Floats counted as decimals, so that 0.1 + 0.2 is 0.3, as sprig's `addf` and its kin do.
 *
 * @throws TemplateFailure for infinity, NaN and a division by 0
 */
export const foldDecimals = (operation: DecimalOperation, first: number, others: readonly number[]): number =>
  numberOf(others.map(decimalOf).reduce((left, right) => apply(operation, left, right), decimalOf(first)))
