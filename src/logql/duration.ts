const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  y: 31_536_000_000_000_000n,
}

/** Go and Prometheus count nanoseconds in 63 bits. */
const MAX_NS = 2n ** 63n - 1n

const PROMETHEUS = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const PROMETHEUS_UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const

export type DurationOutcome =
  { readonly kind: 'ok'; readonly ns: bigint } | { readonly kind: 'invalid'; readonly message: string }

const invalid = (message: string): DurationOutcome => ({ kind: 'invalid', message })

/** Why a text is no Prometheus duration, in the words of its parser, which reads number and unit by turns. */
const complaint = (text: string): string => {
  if (text === '') return 'empty duration string'
  const quoted = JSON.stringify(text)
  for (let rest = text; rest !== '';) {
    const [, digits, unit] = /^(\d+)([^\d]*)/.exec(rest) ?? []
    if (digits === undefined || unit === undefined || unit === '') return `not a valid duration string: ${quoted}`
    if (!PROMETHEUS_UNITS.some((known) => known === unit)) {
      return `unknown unit ${JSON.stringify(unit)} in duration ${quoted}`
    }
    rest = rest.slice(digits.length + unit.length)
  }
  return `not a valid duration string: ${quoted}`
}

/** Prometheus' `model.ParseDuration`: whole numbers, units from y to ms in falling order, each once; `0` alone. */
export const parsePrometheusDuration = (text: string): DurationOutcome => {
  if (text === '0') return { kind: 'ok', ns: 0n }
  const match = text === '' ? null : PROMETHEUS.exec(text)
  if (match === null || text.length > 100) return invalid(complaint(text.slice(0, 100)))
  let ns = 0n
  for (const [index, unit] of PROMETHEUS_UNITS.entries()) ns += BigInt(match[index + 1] ?? 0) * (UNITS_NS[unit] ?? 0n)
  return ns > MAX_NS ? invalid('duration out of range') : { kind: 'ok', ns }
}

const GO_PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g
const GO = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

/** Go's `time.ParseDuration`, in nanoseconds: signed, fractions, units from ns to h; null: it is none. */
export const parseGoDuration = (text: string): bigint | null => {
  if (text.length > 100 || !GO.test(text)) return null
  let ns = 0n
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(GO_PART)) {
    const size = UNITS_NS[unit] ?? 0n
    const digits = fraction.slice(0, 18)
    ns += BigInt(whole === '' ? 0 : whole) * size + (BigInt(digits || 0) * size) / 10n ** BigInt(digits.length)
  }
  if (ns > MAX_NS) return null
  return text.startsWith('-') ? -ns : ns
}
