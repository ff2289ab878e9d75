import { daysIn, daysOf, isLeap } from './civil.ts'
import { chunksOf, type Chunk } from './layout.ts'
import { readUnit, skipPrefix, type Found, type Reading } from './read-chunk.ts'
import { offsetAt, zoneAt } from './zone.ts'

export type GoTimeOptions = {
  /** Of texts that name none: an IANA name, `UTC`, `Local` or a fixed offset. `UTC` if not given. */
  readonly zone?: string
}

/** `ns` since 1970. `hasYear`: the layout has one; without it the year is 0. */
export type ParsedGoTime =
  | { readonly kind: 'ok'; readonly ns: bigint; readonly hasYear: boolean }
  | { readonly kind: 'error'; readonly why: string }

const SECONDS_PER_DAY = 86_400
const NS = 1_000_000_000n

/** Go's own quoting in time errors: bytes outside printable ASCII as \x. */
const quoted = (text: string): string =>
  `"${Array.from(Buffer.from(text, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte)
    if (character === '"' || character === '\\') return `\\${character}`
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, '0')}` : character
  }).join('')}"`

/** Seconds since 1970 of a wall clock read as UTC. */
const wallSeconds = (found: Found, day: { readonly month: number; readonly day: number }): number =>
  daysOf({ year: found.year ?? 0, ...day }) * SECONDS_PER_DAY +
  (found.hour ?? 0) * 3600 +
  (found.minute ?? 0) * 60 +
  (found.second ?? 0)

/**
 * Go's rule for gaps and overlaps: the offset valid at the wall clock read as UTC, or, when it is not valid at the
 * result, the one valid there (time.Date).
 */
const inZone = (wall: number, zone: string): number => {
  const first = offsetAt(zone, wall)
  return first === 0 ? wall : wall - offsetAt(zone, wall - first)
}

/** Winter and summer of years in which zones have the names that they still have. */
const NAMED_AT: readonly number[] = [2000, 2024].flatMap((year) =>
  [1, 7].map((month) => daysOf({ year, month, day: 1 }) * SECONDS_PER_DAY),
)

/** The offset that an abbreviation has in a zone, at that time rather than at others; null: it has no such name. */
const offsetByName = (zone: string, name: string, wall: number): number | null => {
  const candidates = [wall, ...NAMED_AT]
    .map((moment) => zoneAt(zone, moment))
    .filter((candidate) => candidate.name === name)
  const valid = candidates.find(({ seconds }) => zoneAt(zone, wall - seconds).name === name)
  return (valid ?? candidates[0])?.seconds ?? null
}

const unixSeconds = (wall: number, found: Found, zone: string): number => {
  if (found.utc === true) return wall
  if (found.offset !== undefined) return wall - found.offset
  if (found.zoneName === undefined) return inZone(wall, zone)
  return wall - (offsetByName(zone, found.zoneName, wall) ?? 0)
}

type Day = { readonly month: number; readonly day: number }

const dayOfYear = (found: Found, yearDay: number): Day | string => {
  const year = found.year ?? 0
  if (yearDay < 1 || yearDay > (isLeap(year) ? 366 : 365)) return 'day-of-year out of range'
  let month = 1
  let day = yearDay
  while (day > daysIn(year, month)) {
    day -= daysIn(year, month)
    month += 1
  }
  if (found.month !== undefined && found.month !== month) return 'day-of-year does not match month'
  if (found.day !== undefined && found.day !== day) return 'day-of-year does not match day'
  return { month, day }
}

const dayOf = (found: Found): Day | string => {
  if (found.yearDay !== undefined) return dayOfYear(found, found.yearDay)
  const { month = 1, day = 1 } = found
  return day < 1 || day > daysIn(found.year ?? 0, month) ? 'day out of range' : { month, day }
}

const hourOf = ({ hour = 0, half }: Found): number => {
  if (half === 'pm' && hour < 12) return hour + 12
  return half === 'am' && hour === 12 ? 0 : hour
}

type Failure = { readonly kind: 'error'; readonly why: string }

const readAll = (chunks: readonly Chunk[], layout: string, text: string): Reading | Failure => {
  const fail = (message: string): Failure => ({ kind: 'error', why: `parsing time ${quoted(text)}${message}` })
  const mismatch = (chunk: string, rest: string): Failure =>
    fail(` as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(chunk)}`)
  let reading: Reading = { rest: text, found: {} }
  for (const [index, chunk] of chunks.entries()) {
    const { rest, matched } = skipPrefix(reading.rest, chunk.prefix)
    if (!matched) return mismatch(chunk.prefix, rest)
    reading = { ...reading, rest }
    if (chunk.unit === null) break
    const outcome = readUnit(chunk.unit, chunk, chunks[index + 1], reading)
    if (outcome.kind === 'range') return fail(`: ${outcome.what} out of range`)
    if (outcome.kind === 'mismatch') return mismatch(chunk.text, rest)
    reading = outcome.reading
  }
  return reading.rest === '' ? reading : fail(`: extra text: ${quoted(reading.rest)}`)
}

/** Go's time.ParseInLocation, with its error texts. */
export const parseGoTime = (layout: string, text: string, options: GoTimeOptions = {}): ParsedGoTime => {
  const chunks = chunksOf(layout)
  const read = readAll(chunks, layout, text)
  if ('kind' in read) return read
  const { found } = read
  const day = dayOf(found)
  if (typeof day === 'string') return { kind: 'error', why: `parsing time ${quoted(text)}: ${day}` }
  const wall = wallSeconds({ ...found, hour: hourOf(found) }, day)
  const seconds = unixSeconds(wall, found, options.zone ?? 'UTC')
  const hasYear = chunks.some(({ unit }) => unit === 'year' || unit === 'shortYear')
  return { kind: 'ok', ns: BigInt(seconds) * NS + BigInt(found.fractionNs ?? 0), hasYear }
}
