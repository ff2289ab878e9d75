const NS_PER_SECOND = 1_000_000_000n
const MAX_NS = 2n ** 63n - 1n

/** Nanoseconds per unit. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3600n * NS_PER_SECOND,
}

/** A decimal number with the trailing zeros of its fraction gone. */
const fraction = (value: bigint, digits: number): string => {
  const scale = 10n ** BigInt(digits)
  const rest = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return `${value / scale}${rest === '' ? '' : `.${rest}`}`
}

/** Go's Duration.String: `1h15m30.918s`, `2.5ms`, `0s`. */
export const formatGoDuration = (ns: bigint): string => {
  if (ns < 0n) return `-${formatGoDuration(-ns)}`
  if (ns === 0n) return '0s'
  if (ns < 1000n) return `${ns}ns`
  if (ns < 1_000_000n) return `${fraction(ns, 3)}µs`
  if (ns < NS_PER_SECOND) return `${fraction(ns, 6)}ms`
  const minutes = ns / (60n * NS_PER_SECOND)
  const seconds = `${fraction(ns % (60n * NS_PER_SECOND), 9)}s`
  if (minutes === 0n) return seconds
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`
}

export type ParsedGoDuration =
  { readonly kind: 'ok'; readonly ns: bigint } | { readonly kind: 'error'; readonly why: string }

const TERM = /(\d*)(?:\.(\d*))?([^\d.]*)/gy

/** Go's time.ParseDuration to the nanosecond: `-1.5h`, `300ms`, `2h45m`. */
export const parseGoDuration = (text: string): ParsedGoDuration => {
  const shown = JSON.stringify(text)
  const invalid: ParsedGoDuration = { kind: 'error', why: `time: invalid duration ${shown}` }
  const negative = text.startsWith('-')
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return { kind: 'ok', ns: 0n }
  if (body === '') return invalid
  let ns = 0n
  TERM.lastIndex = 0
  while (TERM.lastIndex < body.length) {
    const [all = '', whole = '', decimals = '', unit = ''] = TERM.exec(body) ?? []
    if (all === '' || whole + decimals === '') return invalid
    if (unit === '') return { kind: 'error', why: `time: missing unit in duration ${shown}` }
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
    if (scale === undefined)
      return { kind: 'error', why: `time: unknown unit ${JSON.stringify(unit)} in duration ${shown}` }
    if (whole.length > 19) return invalid
    const cut = decimals.slice(0, 18)
    ns += BigInt(whole || '0') * scale + (BigInt(cut || '0') * scale) / 10n ** BigInt(cut.length)
    if (ns > MAX_NS + (negative ? 1n : 0n)) return invalid
  }
  return { kind: 'ok', ns: negative ? -ns : ns }
}
