/** A point in time as `google.protobuf.Timestamp` has it: `nanos` counts on from `seconds`, 0..999999999. */
export type Instant = { readonly seconds: number; readonly nanos: number }

const DASH = 0x2d
const COLON = 0x3a
const DOT = 0x2e
const PLUS = 0x2b
const UPPER_T = 0x54
const LOWER_T = 0x74
const UPPER_Z = 0x5a
const LOWER_Z = 0x7a

/** "2026-11-23T21:34:44Z", the shortest form. */
const SHORTEST = 20
const FRACTION_AT = 19
const DAY_SECONDS = 86_400
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Two digits at `at`, or -1. The caller has checked that the text is long enough. */
const twoDigits = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const monthLength = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)

/** Days since 1970-01-01 in the proleptic Gregorian calendar; years count from March so that leap days come last. */
const daysSince1970 = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const monthFromMarch = (month + 9) % 12
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}

const dateDays = (text: string): number | null => {
  const century = twoDigits(text, 0)
  const yearOfCentury = twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  if (century < 0 || yearOfCentury < 0 || text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return null
  const year = century * 100 + yearOfCentury
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return null
  return daysSince1970(year, month, day)
}

const daySeconds = (text: string): number | null => {
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return null
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return null
  return hour * 3600 + minute * 60 + second
}

/** Seconds east of Greenwich; `at` is where the zone begins, and it must be the end of the text. */
const zoneSeconds = (text: string, at: number): number | null => {
  const sign = text.charCodeAt(at)
  if (sign === UPPER_Z || sign === LOWER_Z) return text.length === at + 1 ? 0 : null
  if ((sign !== PLUS && sign !== DASH) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) return null
  const hours = twoDigits(text, at + 1)
  const minutes = twoDigits(text, at + 4)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null
  return (sign === PLUS ? 1 : -1) * (hours * 3600 + minutes * 60)
}

/** Where the digits of the fraction end; `FRACTION_AT` itself when there is no fraction. */
const fractionEnd = (text: string): number => {
  if (text.charCodeAt(FRACTION_AT) !== DOT) return FRACTION_AT
  let end = FRACTION_AT + 1
  while (end < text.length && (text.charCodeAt(end) - 48) >>> 0 <= 9) end += 1
  return end
}

const fractionNanos = (text: string, end: number): number => {
  let nanos = 0
  for (let i = FRACTION_AT + 1; i <= FRACTION_AT + 9; i += 1)
    nanos = nanos * 10 + (i < end ? text.charCodeAt(i) - 48 : 0)
  return nanos
}

/**
 * Reads an RFC 3339 date-time as the API server writes it, by hand: `Date` keeps milliseconds only. Any number of
 * fraction digits (beyond nanoseconds cut off), `Z` or an offset, years 0001 to 9999, the calendar checked. Like Go's
 * parser it refuses second 60.
 *
 * @returns null for anything else.
 */
export const parseRfc3339 = (text: string): Instant | null => {
  if (text.length < SHORTEST) return null
  const separator = text.charCodeAt(10)
  if (separator !== UPPER_T && separator !== LOWER_T) return null
  const days = dateDays(text)
  const seconds = daySeconds(text)
  const end = fractionEnd(text)
  if (days === null || seconds === null || end === FRACTION_AT + 1) return null
  const zone = zoneSeconds(text, end)
  if (zone === null) return null
  return { seconds: days * DAY_SECONDS + seconds - zone, nanos: end === FRACTION_AT ? 0 : fractionNanos(text, end) }
}

/** Nanoseconds since 1970; negative before. */
export const toNanoseconds = (instant: Instant): bigint =>
  BigInt(instant.seconds) * 1_000_000_000n + BigInt(instant.nanos)

/** Negative, 0 or positive as `a` is before, at or after `b`. */
export const compareInstants = (a: Instant, b: Instant): number => a.seconds - b.seconds || a.nanos - b.nanos
