import { MONTHS, WEEKDAYS, type Chunk, type Unit } from './layout.ts'
import { zoneNameLength } from './zone-name.ts'

/** What the chunks read so far have told. `offset` in seconds east of UTC. */
export type Found = {
  readonly year?: number
  readonly month?: number
  readonly day?: number
  readonly yearDay?: number
  readonly hour?: number
  readonly minute?: number
  readonly second?: number
  readonly fractionNs?: number
  readonly half?: 'am' | 'pm'
  readonly utc?: boolean
  readonly offset?: number
  readonly zoneName?: string
}

export type Reading = { readonly rest: string; readonly found: Found }

export type ReadOutcome =
  | { readonly kind: 'ok'; readonly reading: Reading }
  | { readonly kind: 'mismatch' }
  /** A number that is none of its unit: Go tells its name. */
  | { readonly kind: 'range'; readonly what: string }

const MISMATCH: ReadOutcome = { kind: 'mismatch' }

/** Skips the text between two chunks; a blank of the layout stands for any number of blanks. */
export const skipPrefix = (text: string, prefix: string): { readonly rest: string; readonly matched: boolean } => {
  let rest = text
  for (let at = 0; at < prefix.length;) {
    if (prefix[at] === ' ') {
      if (rest !== '' && !rest.startsWith(' ')) return { rest, matched: false }
      while (prefix[at] === ' ') at += 1
      rest = rest.replace(/^ +/, '')
    } else {
      if (rest === '' || !rest.startsWith(prefix[at] ?? '')) return { rest, matched: false }
      rest = rest.slice(1)
      at += 1
    }
  }
  return { rest, matched: true }
}

const taken = ({ rest, found }: Reading, length: number, more: Found): ReadOutcome => ({
  kind: 'ok',
  reading: { rest: rest.slice(length), found: { ...found, ...more } },
})

type Bounds = { readonly pattern: RegExp; readonly min: number; readonly max: number; readonly what: string }

const number = (reading: Reading, bounds: Bounds, more: (value: number) => Found): ReadOutcome => {
  const match = bounds.pattern.exec(reading.rest)
  if (match === null) return MISMATCH
  const value = Number(match[0])
  if (value < bounds.min || value > bounds.max) return { kind: 'range', what: bounds.what }
  return taken(reading, match[0].length, more(value))
}

const SHORT = /^ ?\d\d?/
const LOOSE = /^\d\d?/
const TWO = /^\d\d/

/** The index of the name that the text begins with, whatever its case. */
const named = (reading: Reading, names: readonly string[], more: (index: number) => Found): ReadOutcome => {
  const index = names.findIndex((name) => reading.rest.slice(0, name.length).toLowerCase() === name.toLowerCase())
  return index < 0 ? MISMATCH : taken(reading, names[index]?.length ?? 0, more(index))
}

const shortened = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, 3))

/** More digits than nanoseconds have are cut. */
const fractionOf = (digits: string): number => Number(digits.slice(0, 9).padEnd(9, '0'))

const second = (reading: Reading, pattern: RegExp, next: Chunk | undefined): ReadOutcome => {
  const outcome = number(reading, { pattern, min: 0, max: 59, what: 'second' }, (value) => ({ second: value }))
  if (outcome.kind !== 'ok') return outcome
  const fraction = /^[.,](\d+)/.exec(outcome.reading.rest)
  const expected = next?.prefix === '' && (next.unit === 'fraction0' || next.unit === 'fraction9')
  if (fraction === null || expected) return outcome
  return taken(outcome.reading, fraction[0].length, { fractionNs: fractionOf(fraction[1] ?? '') })
}

const fraction = (reading: Reading, chunk: Chunk): ReadOutcome => {
  const exact = chunk.unit === 'fraction0'
  const pattern = exact ? new RegExp(`^[.,](\\d{${Math.min(chunk.text.length - 1, 255)}})`) : /^[.,](\d+)/
  const match = pattern.exec(reading.rest)
  if (match !== null) return taken(reading, match[0].length, { fractionNs: fractionOf(match[1] ?? '') })
  return exact ? MISMATCH : taken(reading, 0, {})
}

const OFFSETS: Readonly<Record<string, RegExp>> = {
  '07': /^(.)(\d\d)/,
  '0700': /^(.)(\d\d)(\d\d)/,
  '07:00': /^(.)(\d\d):(\d\d)/,
  '070000': /^(.)(\d\d)(\d\d)(\d\d)/,
  '07:00:00': /^(.)(\d\d):(\d\d):(\d\d)/,
}

const offset = (reading: Reading, form: string): ReadOutcome => {
  if (form.startsWith('Z') && reading.rest.startsWith('Z')) return taken(reading, 1, { utc: true })
  const match = OFFSETS[form.slice(1)]?.exec(reading.rest)
  if (match === null || match === undefined) return MISMATCH
  const [all, sign, hours, minutes = '0', seconds = '0'] = match
  if (Number(hours) > 24) return { kind: 'range', what: 'time zone offset hour' }
  if (Number(minutes) > 60) return { kind: 'range', what: 'time zone offset minute' }
  if (Number(seconds) > 60) return { kind: 'range', what: 'time zone offset second' }
  if (sign !== '+' && sign !== '-') return MISMATCH
  const east = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return taken(reading, all.length, { offset: sign === '-' ? -east : east })
}

const half = (reading: Reading, upper: boolean): ReadOutcome => {
  const text = reading.rest.slice(0, 2)
  if (text === (upper ? 'PM' : 'pm')) return taken(reading, 2, { half: 'pm' })
  return text === (upper ? 'AM' : 'am') ? taken(reading, 2, { half: 'am' }) : MISMATCH
}

const zoneName = (reading: Reading): ReadOutcome => {
  if (reading.rest.startsWith('UTC')) return taken(reading, 3, { utc: true })
  const length = zoneNameLength(reading.rest)
  return length === 0 ? MISMATCH : taken(reading, length, { zoneName: reading.rest.slice(0, length) })
}

const month = (reading: Reading, pattern: RegExp): ReadOutcome =>
  number(reading, { pattern, min: 1, max: 12, what: 'month' }, (value) => ({ month: value }))

/** The day is checked with month and year, when all is read. */
const day = (reading: Reading, pattern: RegExp): ReadOutcome =>
  number(reading, { pattern, min: 0, max: 99, what: 'day' }, (value) => ({ day: value }))

const yearDay = (reading: Reading, pattern: RegExp): ReadOutcome =>
  number(reading, { pattern, min: 0, max: 999, what: 'day-of-year' }, (value) => ({ yearDay: value }))

const year = (reading: Reading, short: boolean): ReadOutcome => {
  const bounds = { pattern: short ? TWO : /^\d{4}/, min: 0, max: 9999, what: 'year' }
  return number(reading, bounds, (value) => ({ year: short ? value + (value >= 69 ? 1900 : 2000) : value }))
}

const hour = (reading: Reading, pattern: RegExp, max: number): ReadOutcome =>
  number(reading, { pattern, min: 0, max, what: 'hour' }, (value) => ({ hour: value }))

const minute = (reading: Reading, pattern: RegExp): ReadOutcome =>
  number(reading, { pattern, min: 0, max: 59, what: 'minute' }, (value) => ({ minute: value }))

type Reader = (reading: Reading, chunk: Chunk, next: Chunk | undefined) => ReadOutcome

const READERS: Readonly<Record<Unit, Reader>> = {
  year: (reading) => year(reading, false),
  shortYear: (reading) => year(reading, true),
  longMonth: (reading) => named(reading, MONTHS, (index) => ({ month: index + 1 })),
  month: (reading) => named(reading, shortened(MONTHS), (index) => ({ month: index + 1 })),
  monthNumber: (reading) => month(reading, LOOSE),
  zeroMonth: (reading) => month(reading, TWO),
  longWeekday: (reading) => named(reading, WEEKDAYS, () => ({})),
  weekday: (reading) => named(reading, shortened(WEEKDAYS), () => ({})),
  day: (reading) => day(reading, LOOSE),
  spaceDay: (reading) => day(reading, SHORT),
  zeroDay: (reading) => day(reading, TWO),
  spaceYearDay: (reading) => yearDay(reading, /^ {0,2}\d{1,3}/),
  zeroYearDay: (reading) => yearDay(reading, /^\d{3}/),
  hour: (reading) => hour(reading, LOOSE, 23),
  hour12: (reading) => hour(reading, LOOSE, 12),
  zeroHour12: (reading) => hour(reading, TWO, 12),
  minute: (reading) => minute(reading, LOOSE),
  zeroMinute: (reading) => minute(reading, TWO),
  second: (reading, _, next) => second(reading, LOOSE, next),
  zeroSecond: (reading, _, next) => second(reading, TWO, next),
  PM: (reading) => half(reading, true),
  pm: (reading) => half(reading, false),
  zoneName,
  offset: (reading, { text }) => offset(reading, text),
  fraction0: fraction,
  fraction9: fraction,
}

/** Reads one unit; the chunk behind it decides who takes a fraction of the seconds. After Go's time.parse. */
export const readUnit = (unit: Unit, chunk: Chunk, next: Chunk | undefined, reading: Reading): ReadOutcome =>
  READERS[unit](reading, chunk, next)
