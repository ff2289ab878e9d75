import type { Extracted, WorkEntry } from './stage.ts'

const WITH_EXPONENT = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/

/** Go's `strconv.FormatFloat(x, 'f', -1, 64)`: the shortest digits that read back the same, never an exponent. */
export const formatFloat = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const shortest = String(value)
  const parts = WITH_EXPONENT.exec(shortest)
  if (parts === null) return shortest
  const [, sign = '', first = '', rest = '', exponent = ''] = parts
  const power = Number(exponent)
  const digits = first + rest
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  return sign + digits.padEnd(power + 1, '0')
}

/** An extracted value as text; null when there is none. */
export const textOf = (value: Extracted | undefined): string | null => {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatFloat(value)
  return typeof value === 'boolean' ? String(value) : null
}

/** What a stage reads: an extracted value, or the line when no source is configured; null when there is no such text. */
export const sourceText = (entry: WorkEntry, source: string | null): string | null =>
  source === null ? entry.line : textOf(entry.extracted.get(source))
