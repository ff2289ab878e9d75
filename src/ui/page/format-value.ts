/** A value as it is shown; the unit stands apart, smaller. */
export type Shown = { readonly text: string; readonly unit: string }

const fixed = (value: number, decimals: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: decimals, minimumFractionDigits: 0, useGrouping: false })

/** As many decimals as three significant digits need. */
const neat = (value: number, decimals: number | null): string => {
  const size = Math.abs(value)
  const own = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2
  return fixed(value, decimals ?? own)
}

const scaled = (value: number, base: number, units: readonly string[], decimals: number | null): Shown => {
  let [left, at] = [value, 0]
  while (Math.abs(left) >= base && at < units.length - 1) {
    left /= base
    at += 1
  }
  return { text: neat(left, at === 0 ? decimals : null), unit: units[at] ?? '' }
}

const SPANS: readonly (readonly [seconds: number, unit: string])[] = [
  [604_800, 'weeks'],
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'min'],
  [1, 's'],
]

const duration = (seconds: number, decimals: number | null): Shown => {
  if (Math.abs(seconds) < 1) return { text: neat(seconds * 1000, decimals), unit: 'ms' }
  const [size, unit] = SPANS.find(([span]) => Math.abs(seconds) >= span) ?? [1, 's']
  return { text: neat(seconds / size, decimals), unit }
}

const ago = (ms: number, nowMs: number): Shown => {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1000))
  const [size, unit] = SPANS.find(([span]) => seconds >= span) ?? [1, 's']
  return { text: String(Math.floor(seconds / size)), unit: `${unit} ago` }
}

/** A number in a unit of Grafana's (@grafana/data: valueFormats); units that are not known stand behind it. */
export const formatValue = (value: number, unit: string, decimals: number | null, nowMs: number): Shown => {
  if (!Number.isFinite(value)) return { text: Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞', unit: '' }
  switch (unit) {
    case '':
    case 'none':
      return { text: neat(value, decimals), unit: '' }
    case 'short':
      // Counts that fit are told whole.
      if (Number.isInteger(value) && Math.abs(value) < 10_000) return { text: String(value), unit: '' }
      return scaled(value, 1000, ['', 'K', 'M', 'G', 'T'], decimals)
    case 'bytes':
      return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], decimals)
    case 'decbytes':
      return scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB'], decimals)
    case 'percent':
      return { text: neat(value, decimals), unit: '%' }
    case 'percentunit':
      return { text: neat(value * 100, decimals), unit: '%' }
    case 's':
    case 'dtdurations':
      return duration(value, decimals)
    case 'ms':
      return duration(value / 1000, decimals)
    case 'dateTimeFromNow':
      return ago(value, nowMs)
    default:
      return { text: neat(value, decimals), unit: unit.replace(/^(?:suffix|prefix):/, '') }
  }
}

export const inOne = ({ text, unit }: Shown): string => (unit === '' ? text : `${text} ${unit}`)

const two = (value: number): string => String(value).padStart(2, '0')

/** `14:05:09`, in the zone of this machine. */
export const clockTime = (ms: number): string => {
  const date = new Date(ms)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/** `2026-11-29 14:05:09`. */
export const dateTime = (ms: number): string => {
  const date = new Date(ms)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(ms)}`
}

/** A moment of a range as its axis shows it: without a day when the range is within one. */
export const axisTime = (ms: number, rangeMs: number): string => {
  const date = new Date(ms)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`
  if (rangeMs <= 600_000) return `${time}:${two(date.getSeconds())}`
  return rangeMs > 86_400_000 ? `${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}` : time
}
