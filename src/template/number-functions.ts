import { toFloat, toInteger } from './cast.ts'
import { foldDecimals, type DecimalOperation } from './decimal.ts'
import { define, defineRest } from './define.ts'
import { TemplateFailure, type CallableFunction, type TemplateFunctions } from './functions.ts'
import { int64, type TemplateValue } from './values.ts'

const ANY = 'interface {}'

const nonZero = (value: bigint): bigint => {
  if (value === 0n) throw new TemplateFailure('runtime error: integer divide by zero')
  return value
}

const binary = (compute: (left: bigint, right: bigint) => bigint): CallableFunction =>
  define([ANY, ANY], ([left, right]) => int64(compute(toInteger(left), toInteger(right))))

const foldIntegers = (compute: (left: bigint, right: bigint) => bigint): CallableFunction =>
  defineRest([ANY], ANY, ([first], more) =>
    int64(more.map(toInteger).reduce((left, right) => BigInt.asIntN(64, compute(left, right)), toInteger(first))),
  )

const decimals = (operation: DecimalOperation): CallableFunction =>
  defineRest([ANY], ANY, ([first], more, { spend }) => {
    // The digits of a product grow with every factor.
    spend(more.length ** 2)
    return foldDecimals(operation, toFloat(first), more.map(toFloat))
  })

const foldFloats = (compute: (left: number, right: number) => number): CallableFunction =>
  defineRest([ANY], ANY, ([first], more) =>
    more.map(toFloat).reduce((left, right) => compute(left, right), toFloat(first)),
  )

/** sprig's round: half away from zero only above zero, with an optional other point to round up at. */
const round = (value: TemplateValue, places: bigint, roundOn = 0.5): number => {
  const scale = 10 ** Number(places)
  const digit = scale * toFloat(value)
  const fraction = digit - Math.trunc(digit)
  return (fraction >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / scale
}

/** The functions of sprig on numbers that Loki offers too. Integers are 64 bits wide and wrap around. */
export const numberFunctions: TemplateFunctions = {
  int: define([ANY], ([value]) => toInteger(value)),
  float64: define([ANY], ([value]) => toFloat(value)),
  add: defineRest([], ANY, (_, more) =>
    int64(more.map(toInteger).reduce((left, right) => BigInt.asIntN(64, left + right), 0n)),
  ),
  sub: binary((left, right) => left - right),
  mul: foldIntegers((left, right) => left * right),
  div: binary((left, right) => left / nonZero(right)),
  mod: binary((left, right) => left % nonZero(right)),
  addf: defineRest([], ANY, (_, more) => foldDecimals('add', 0, more.map(toFloat))),
  subf: decimals('subtract'),
  mulf: decimals('multiply'),
  divf: decimals('divide'),
  max: foldIntegers((left, right) => (right > left ? right : left)),
  min: foldIntegers((left, right) => (right < left ? right : left)),
  maxf: foldFloats((left, right) => Math.max(left, right)),
  minf: foldFloats((left, right) => Math.min(left, right)),
  ceil: define([ANY], ([value]) => Math.ceil(toFloat(value))),
  floor: define([ANY], ([value]) => Math.floor(toFloat(value))),
  round: defineRest([ANY, 'int'], 'float64', ([value, places], [roundOn]) => round(value, places, roundOn)),
}
