/** Milliseconds since 1970, multiples of the step. */
export type TimeRange = { readonly startMs: number; readonly endMs: number; readonly stepMs: number }

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

const STEPS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
/** Of a chart: enough to see, few enough to compute. */
const MAX_STEPS = 180

/** Milliseconds of `10s`, `5m`, `6h`, `7d`; null: it is none. */
export const parseDuration = (text: string): number | null => {
  const found = /^(\d{1,6})([smhdw])$/.exec(text)
  const unit = UNITS_MS[found?.[2] ?? ''] ?? 0
  const ms = Number(found?.[1] ?? 0) * unit
  return ms > 0 ? ms : null
}

/** `now`, `now-6h`, or milliseconds since 1970; null: another text. */
export const parseMoment = (text: string, nowMs: number): number | null => {
  if (text === 'now') return nowMs
  if (/^\d{10,14}$/.test(text)) return Number(text)
  const ago = /^now-(.+)$/.exec(text)
  const ms = ago === null ? null : parseDuration(ago[1] ?? '')
  return ms === null ? null : nowMs - ms
}

const DAY_MS = 86_400_000
/** Loki answers no more than a month at once (`max_query_length`). */
const LONGEST_MS = 30 * DAY_MS

/** The step for a range, and its ends moved outwards to multiples of it. What cannot be read is the last hour. */
export const timeRange = (from: string, to: string, nowMs: number): TimeRange => {
  const end = parseMoment(to, nowMs) ?? nowMs
  const wanted = parseMoment(from, nowMs) ?? nowMs - 3_600_000
  const start = wanted < end ? Math.max(wanted, end - LONGEST_MS) : end - 3_600_000
  const seconds = (end - start) / 1000
  const stepMs = (STEPS_S.find((step) => seconds / step <= MAX_STEPS) ?? 86_400) * 1000
  return { startMs: Math.floor(start / stepMs) * stepMs, endMs: Math.ceil(end / stepMs) * stepMs, stepMs }
}

export const QUICK_RANGES: readonly (readonly [from: string, text: string])[] = [
  ['now-5m', 'Last 5 minutes'],
  ['now-15m', 'Last 15 minutes'],
  ['now-30m', 'Last 30 minutes'],
  ['now-1h', 'Last hour'],
  ['now-3h', 'Last 3 hours'],
  ['now-6h', 'Last 6 hours'],
  ['now-12h', 'Last 12 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-2d', 'Last 2 days'],
  ['now-7d', 'Last 7 days'],
]

export const REFRESHES: readonly (readonly [every: string, text: string])[] = [
  ['', 'Off'],
  ['5s', '5 s'],
  ['10s', '10 s'],
  ['30s', '30 s'],
  ['1m', '1 min'],
  ['5m', '5 min'],
]
