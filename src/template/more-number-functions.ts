import { toFloat, toInteger } from './cast.ts'
import { foldDecimals } from './decimal.ts'
import { define } from './define.ts'
import type { TemplateFunctions } from './functions.ts'
import { numberFunctions } from './number-functions.ts'
import { printedText } from './printed-text.ts'
import { int64 } from './values.ts'

const ANY = 'interface {}'

const clampInt64 = (value: bigint): bigint => (value > 2n ** 63n - 1n ? 2n ** 63n - 1n : value)

/** Text as octal: how Unix writes permissions. */
const fromOctal = (text: string): bigint => {
  const [, sign, digits] = /^([+-]?)([0-7]{1,21})$/.exec(text) ?? []
  const value = BigInt(`0o${digits ?? '0'}`)
  return value >= 2n ** 63n ? 0n : sign === '-' ? -value : value
}

/** The functions of sprig on numbers that only Promtail offers. */
export const moreNumberFunctions: TemplateFunctions = {
  ...numberFunctions,
  ...(numberFunctions['max'] === undefined ? {} : { biggest: numberFunctions['max'] }),
  int64: define([ANY], ([value]) => int64(toInteger(value))),
  atoi: define(['string'], ([text]) => (/^[+-]?\d+$/.test(text) ? clampInt64(BigInt(text)) : 0n)),
  add1: define([ANY], ([value]) => int64(toInteger(value) + 1n)),
  add1f: define([ANY], ([value]) => foldDecimals('add', toFloat(value), [1])),
  toDecimal: define([ANY], ([value], { spend }) => int64(fromOctal(printedText(value, spend)))),
}
