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
 * any case. @returns whole bytes; null: it is none, or above 64 bits.
 */
export const parseByteCount = (text: string): number | null => {
  const [, digits = '', unit = ''] = /^([\d.,]*)(.*)$/s.exec(text) ?? []
  const number = digits.replaceAll(',', '')
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(number)) return null
  const name = unit.trim().toLowerCase()
  const multiplier = Object.hasOwn(MULTIPLIERS, name) ? MULTIPLIERS[name] : undefined
  if (multiplier === undefined) return null
  const bytes = Number(number) * multiplier
  return bytes >= 2 ** 64 ? null : Math.trunc(bytes)
}
