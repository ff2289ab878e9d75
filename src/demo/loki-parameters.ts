/** What a query endpoint was given, or why it cannot be read. */
export type Parsed<T> = { readonly value: T } | { readonly error: string }

const UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
  y: 31_536_000e9,
}

/** Nanoseconds of `1h30m`, of a Prometheus duration such as `7d`, or of seconds as a number. */
export const parseDurationNs = (name: string, text: string): Parsed<bigint> => {
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(text)) return { value: BigInt(Math.round(Number(text) * 1e9)) }
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w|y)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    return { error: `could not parse '${name}' parameter: time: invalid duration ${JSON.stringify(text)}` }
  }
  const ns = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS_NS[unit ?? ''] ?? 0), 0)
  return { value: BigInt(Math.round(ns)) }
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

/** Nanoseconds since 1970 from nanoseconds, seconds (up to 10 digits, or with a fraction) or RFC 3339. */
export const parseTimeNs = (name: string, text: string): Parsed<bigint> => {
  const seconds = /^(\d{1,11})\.(\d{1,9})\d*$/.exec(text)
  if (seconds !== null)
    return { value: BigInt(seconds[1] ?? 0) * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0')) }
  if (/^\d{1,10}$/.test(text)) return { value: BigInt(text) * 1_000_000_000n }
  if (/^\d{11,19}$/.test(text)) return { value: BigInt(text) }
  const date = RFC3339.exec(text)
  const atMs = date === null ? NaN : Date.parse(`${date[1] ?? ''}${date[3] ?? ''}`)
  if (Number.isNaN(atMs)) {
    return {
      error: `could not parse '${name}' parameter: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    }
  }
  return { value: BigInt(atMs) * 1_000_000n + BigInt((date?.[2] ?? '').padEnd(9, '0')) }
}

/** `limit`, 1 to 5000 (`max_entries_limit_per_query`). */
export const parseLimit = (text: string): Parsed<number> => {
  if (text === '') return { value: 100 }
  if (!/^[+-]?\d{1,15}$/.test(text)) return { error: `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax` }
  const value = Number(text)
  if (value <= 0) return { error: 'limit must be a positive value' }
  if (value <= 5000) return { value }
  return { error: `max entries limit per query exceeded, limit > max_entries_limit_per_query (${value} > 5000)` }
}

export const parseDirection = (text: string): Parsed<'forward' | 'backward'> => {
  const lower = text.toLowerCase()
  if (lower === '' || lower === 'backward') return { value: 'backward' }
  return lower === 'forward' ? { value: 'forward' } : { error: `invalid direction '${text}'` }
}

export type TimeRange = { readonly startNs: bigint; readonly endNs: bigint }

/** `start`, `end` and `since`; without them the last `sinceNs` up to `nowNs`. */
export const parseRange = (query: URLSearchParams, nowNs: bigint, sinceNs: bigint): Parsed<TimeRange> => {
  const end = query.get('end') ?? ''
  const start = query.get('start') ?? ''
  const since = query.get('since') ?? ''
  const endNs: Parsed<bigint> = end === '' ? { value: nowNs } : parseTimeNs('end', end)
  if ('error' in endNs) return endNs
  const before: Parsed<bigint> = since === '' ? { value: sinceNs } : parseDurationNs('since', since)
  if ('error' in before) return before
  const latest = endNs.value < nowNs ? endNs.value : nowNs
  const startNs: Parsed<bigint> = start === '' ? { value: latest - before.value } : parseTimeNs('start', start)
  if ('error' in startNs) return startNs
  return { value: { startNs: startNs.value, endNs: endNs.value } }
}

/** The default of `step`: about 250 points, whole seconds. */
const defaultStepNs = ({ startNs, endNs }: TimeRange): bigint => {
  const seconds = (endNs - startNs) / 1_000_000_000n / 250n
  return (seconds < 1n ? 1n : seconds) * 1_000_000_000n
}

const notPositive = 'zero or negative query resolution step widths are not accepted. Try a positive integer'

/** `step` in nanoseconds: seconds as a number, or a duration. */
export const parseStep = (text: string, range: TimeRange): Parsed<bigint> => {
  if (text === '') return { value: defaultStepNs(range) }
  if (/^-\d+(?:\.\d+)?$/.test(text)) return { error: notPositive }
  const step = parseDurationNs('step', text)
  if ('error' in step) return { error: `cannot parse ${JSON.stringify(text)} to a valid duration` }
  return step.value <= 0n ? { error: notPositive } : step
}

/** `interval` of a log query. */
export const parseInterval = (text: string): Parsed<bigint> => {
  if (text === '') return { value: 0n }
  if (/^-\d+(?:\.\d+)?$/.test(text)) return { error: 'interval must be >= 0' }
  return parseDurationNs('interval', text)
}

/** `time` of an instant query. */
export const parseInstant = (text: string, nowNs: bigint): Parsed<bigint> => {
  if (text === '') return { value: nowNs }
  const time = parseTimeNs('time', text)
  return 'error' in time ? { error: time.error.replace(/^could not parse 'time' parameter: /, '') } : time
}

const MAX_LENGTH_NS = (30n * 24n + 1n) * 3_600_000_000_000n

/** Go's `time.Duration.String()` of whole seconds and more. */
const goDuration = (ns: bigint): string => {
  const seconds = ns / 1_000_000_000n
  return `${seconds / 3600n}h${(seconds / 60n) % 60n}m${seconds % 60n}s`
}

/** `max_query_length`; null: short enough. */
export const lengthProblem = ({ startNs, endNs }: TimeRange): string | null =>
  endNs - startNs <= MAX_LENGTH_NS
    ? null
    : `the query time range exceeds the limit (query length: ${goDuration(endNs - startNs)}, limit: 30d1h)`
