import { type FloatOutcome, parseGoFloat } from './go-float.ts'

const MULTIPLIERS: Readonly<Record<string, number>> = Object.fromEntries([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((prefix, index): readonly (readonly [string, number])[] => [
    [prefix, 1000 ** (index + 1)],
    [`${prefix}b`, 1000 ** (index + 1)],
    [`${prefix}i`, 1024 ** (index + 1)],
    [`${prefix}ib`, 1024 ** (index + 1)],
  ]),
])

/**
 * A number of bytes as go-humanize reads it (`1.5 KiB`, `2kb`, `1,000`): digits with a point and commas, then a unit in
 * any case. `value` is in whole bytes; the message is humanize's.
 */
export const parseByteCount = (text: string): FloatOutcome => {
  const [, digits = '', unit = ''] = /^([\d.,]*)(.*)$/s.exec(text) ?? []
  const number = parseGoFloat(digits.replaceAll(',', ''))
  if (number.kind === 'invalid') return number
  const name = unit.trim().toLowerCase()
  const multiplier = Object.hasOwn(MULTIPLIERS, name) ? MULTIPLIERS[name] : undefined
  if (multiplier === undefined) return { kind: 'invalid', message: `unhandled size name: ${name}` }
  const bytes = number.value * multiplier
  return bytes >= 2 ** 64
    ? { kind: 'invalid', message: `too large: ${text}` }
    : { kind: 'ok', value: Math.trunc(bytes) }
}
