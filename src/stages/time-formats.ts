import { formatGoTime } from '../gotime/format.ts'
import { NAMED_LAYOUTS } from '../gotime/layout.ts'
import { parseGoTime } from '../gotime/parse.ts'

/** Nanoseconds since 1970 of a text; null when it doesn't fit. */
export type ReadTime = (text: string, nowMs: number) => bigint | null

const NS_PER_SECOND = 1_000_000_000n
const NS_PER_DAY = 86_400n * NS_PER_SECOND

const INT64_MAX = 2n ** 63n - 1n

/** Go's `strconv.ParseInt(text, 10, 64)`. */
const parseInt64 = (text: string): bigint | null => {
  if (!/^[+-]?\d+$/.test(text)) return null
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''))
  return value > INT64_MAX || value < -INT64_MAX - 1n ? null : value
}

/** Seconds with a fraction, whose sign is its own: -1.5 is half a second before 1970. */
const unixSeconds: ReadTime = (text) => {
  const [whole = '', fraction, ...more] = text.split('.')
  const seconds = parseInt64(whole)
  if (fraction === undefined) return seconds === null ? null : seconds * NS_PER_SECOND
  const units = parseInt64(fraction)
  if (seconds === null || units === null || more.length > 0) return null
  return seconds * NS_PER_SECOND + BigInt(Math.trunc(Number(units) * 10 ** (9 - fraction.length)))
}

const unixUnits =
  (nsPerUnit: bigint): ReadTime =>
  (text) => {
    const units = parseInt64(text)
    return units === null ? null : BigInt.asIntN(64, units * nsPerUnit)
  }

const UNIX: ReadonlyMap<string, ReadTime> = new Map([
  ['Unix', unixSeconds],
  ['UnixMs', unixUnits(1_000_000n)],
  ['UnixUs', unixUnits(1000n)],
  ['UnixNs', unixUnits(1n)],
])

const read = (layout: string, text: string, zone: string): bigint | null => {
  const parsed = parseGoTime(layout, text, { zone })
  return parsed.kind === 'ok' ? parsed.ns : null
}

/** As `read`, in a year that the text leaves out; the 29th of February of another year is the 1st of March. */
const readInYear = (year: number, layout: string, text: string, zone: string): bigint | null => {
  const inYear = read(`2006 ${layout}`, `${String(year).padStart(4, '0')} ${text}`, zone)
  if (inYear !== null) return inYear
  const leapDay = read(`2006 ${layout}`, `2000 ${text}`, zone)
  const days = (Date.UTC(year, 2, 1) - Date.UTC(2000, 1, 29)) / 86_400_000
  return leapDay === null ? null : leapDay + BigInt(days) * NS_PER_DAY
}

/** The present year; in December and January, the one that makes the time a near one. */
const readYearless =
  (layout: string, zone: string): ReadTime =>
  (text, nowMs) => {
    const now = new Date(nowMs)
    const year = now.getUTCFullYear()
    const thisYear = readInYear(year, layout, text, zone)
    if (thisYear === null) return null
    const [month, present] = [formatGoTime('1', thisYear, zone), now.getUTCMonth() + 1]
    if (month === '12' && present === 1) return readInYear(year - 1, layout, text, zone)
    if (month === '1' && present === 12) return readInYear(year + 1, layout, text, zone)
    return thisYear
  }

/** What reads times of a format of the `timestamp` stage: a known name, or a layout of Go's. */
export const timeReader = (format: string, zone: string): ReadTime => {
  const unix = UNIX.get(format)
  if (unix !== undefined) return unix
  const layout = Object.hasOwn(NAMED_LAYOUTS, format) ? NAMED_LAYOUTS[format] : undefined
  // A location has no bearing on these.
  if (layout !== undefined) return (text) => read(layout, text, 'UTC')
  return format.includes('06') ? (text) => read(format, text, zone) : readYearless(format, zone)
}
