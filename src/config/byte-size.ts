/** Powers of 1024, by the first letter of the unit. */
const POWER: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 }

const SIZE = /^(\d+)\s*(?:b|([kmgtp])b?|(kilo|mega|giga|tera|peta)(?:bytes?)?)?$/i

/**
 * Bytes of a size as Promtail writes it: a whole number and one of B, K, KB, KILO, M, MB, G, GB, ... in any case, where
 * 1 KB is 1024 bytes. Fractions and `KiB` are none: null, as above 2^53 bytes.
 */
export const parseSize = (text: string): number | null => {
  const match = SIZE.exec(text.trim())
  if (match === null) return null
  const unit = (match[2] ?? match[3] ?? '').slice(0, 1).toLowerCase()
  const bytes = Number(match[1]) * 1024 ** (POWER[unit] ?? 0)
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** The shortest text that `parseSize` reads back. */
export const formatSize = (bytes: number): string => {
  for (const [unit, power] of [
    ['GB', 3],
    ['MB', 2],
    ['KB', 1],
  ] as const) {
    if (bytes > 0 && bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${unit}`
  }
  return String(bytes)
}
