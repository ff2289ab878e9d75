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

/** Units that Prometheus writes only for whole multiples. */
const WHOLE_ONLY: readonly string[] = ['y', 'w']

/** Prometheus' `model.Duration.String`: `1h30m`, `8d`, `2w`, `0s`; what is below a millisecond is left out. */
export const printPrometheusDuration = (ns: bigint): string => {
  let rest = ns
  let text = ''
  for (const unit of PROMETHEUS_UNITS) {
    const size = UNITS_NS[unit] ?? 1n
    if (rest < size || (WHOLE_ONLY.includes(unit) && rest % size !== 0n)) continue
    text += `${rest / size}${unit}`
    rest %= size
  }
  return text === '' ? '0s' : text
}

const GO_NUMBER = /(\d*)(?:\.(\d*))?/y
const GO_UNIT = /[^.\d]*/y

const take = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** As Go's package time quotes: bytes that are no plain ASCII as `\xc3`. */
const timeQuoted = (text: string): string =>
  `"${text.replace(/["\\]|[^ -~]+/gu, (part) =>
    /^["\\]$/.test(part)
      ? `\\${part}`
      : [...Buffer.from(part)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  )}"`

/** One number with its unit; a text: why it is none. */
const goPart = (text: string, at: number, quoted: string): { readonly ns: bigint; readonly to: number } | string => {
  const [number = '', whole = '', fraction = ''] = take(GO_NUMBER, text, at) ?? []
  if (whole + fraction === '') return `time: invalid duration ${quoted}`
  const unit = take(GO_UNIT, text, at + number.length)?.[0] ?? ''
  if (unit === '') return `time: missing unit in duration ${quoted}`
  const size = Object.hasOwn(UNITS_NS, unit) && !/[dwy]/.test(unit) ? UNITS_NS[unit] : undefined
  if (size === undefined) return `time: unknown unit ${timeQuoted(unit)} in duration ${quoted}`
  const digits = fraction.slice(0, 18)
  const ns = BigInt(whole || 0) * size + (BigInt(digits || 0) * size) / 10n ** BigInt(digits.length)
  return { ns, to: at + number.length + unit.length }
}

/** Go's `time.ParseDuration`: signed, fractions, units from ns to h; with its words for what is no duration. */
export const parseGoDuration = (text: string): DurationOutcome => {
  const quoted = timeQuoted(text.slice(0, 100))
  const start = /^[-+]/.test(text) ? 1 : 0
  if (text.slice(start) === '0') return { kind: 'ok', ns: 0n }
  if (text.length === start || text.length > 100) return invalid(`time: invalid duration ${quoted}`)
  let ns = 0n
  for (let at = start; at < text.length;) {
    const part = goPart(text, at, quoted)
    if (typeof part === 'string') return invalid(part)
    ns += part.ns
    at = part.to
  }
  if (ns > MAX_NS) return invalid(`time: invalid duration ${quoted}`)
  return { kind: 'ok', ns: text.startsWith('-') ? -ns : ns }
}
