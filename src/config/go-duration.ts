/** Milliseconds per unit of Go's `time.ParseDuration`. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Go counts nanoseconds in 63 bits. */
const MAX_MS = 2 ** 63 / 1e6

/**
 * Milliseconds of a duration in Go's syntax (`300ms`, `1.5h`, `1h30m`, `0`), not negative; null when it is none. Bare
 * numbers other than 0 are none: Promtail takes them as nanoseconds in YAML and refuses them in flags.
 */
export const parseDuration = (text: string): number | null => {
  if (/^\+?0$/.test(text)) return 0
  if (!/^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return null
  let ms = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)([^\d.]+)/g))
    ms += Number(amount) * (UNIT_MS[unit] ?? 0)
  return ms < MAX_MS ? ms : null
}

/** The shortest text that `parseDuration` reads back: `1h30m`, `2.5s`, `300ms`, `0s`. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0s'
  if (ms < 1000 || !Number.isInteger(ms)) return `${ms.toFixed(6).replace(/\.?0+$/, '')}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = (ms % 60_000) / 1000
  return [hours > 0 && `${hours}h`, minutes > 0 && `${minutes}m`, seconds > 0 && `${seconds}s`].filter(Boolean).join('')
}
