import { civilOf, yearDayOf, type Civil } from './civil.ts'
import { chunksOf, MONTHS, WEEKDAYS, type Unit } from './layout.ts'
import { offsetAt, zoneAt } from './zone.ts'

const NS = 1_000_000_000n
const SECONDS_PER_DAY = 86_400

/** A moment on the clock of a zone. */
type Moment = {
  readonly civil: Civil
  readonly days: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly fractionNs: number
  readonly offsetSeconds: number
  readonly zone: string
  readonly unixSeconds: number
}

const momentOf = (ns: bigint, zone: string): Moment => {
  const fraction = ((ns % NS) + NS) % NS
  const unixSeconds = Number((ns - fraction) / NS)
  const offsetSeconds = offsetAt(zone, unixSeconds)
  const local = unixSeconds + offsetSeconds
  const days = Math.floor(local / SECONDS_PER_DAY)
  const seconds = local - days * SECONDS_PER_DAY
  return {
    civil: civilOf(days),
    days,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor((seconds % 3600) / 60),
    second: seconds % 60,
    fractionNs: Number(fraction),
    offsetSeconds,
    zone,
    unixSeconds,
  }
}

const digits = (value: number, width: number): string =>
  value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0')

const hour12 = ({ hour }: Moment): number => (hour % 12 === 0 ? 12 : hour % 12)

const weekday = ({ days }: Moment): string => WEEKDAYS[(((days + 4) % 7) + 7) % 7] ?? ''

const monthName = ({ civil }: Moment): string => MONTHS[civil.month - 1] ?? ''

/** `-0700`, `Z07:00` and their kin. */
const offsetText = (form: string, seconds: number): string => {
  if (form.startsWith('Z') && seconds === 0) return 'Z'
  const colon = form.includes(':') ? ':' : ''
  const magnitude = Math.abs(seconds)
  const parts = [Math.floor(magnitude / 3600), Math.floor((magnitude % 3600) / 60), magnitude % 60]
  const count = form.replace(/\D/g, '').length / 2
  const text = parts.slice(0, count).map((part) => digits(part, 2))
  return (seconds < 0 ? '-' : '+') + text.join(colon)
}

/** `.000` has as many digits as written, `.999` loses its trailing zeros. */
const fractionText = (form: string, fractionNs: number): string => {
  const text = digits(fractionNs, 9)
    .padEnd(form.length - 1, '0')
    .slice(0, form.length - 1)
  if (form.includes('0')) return form.slice(0, 1) + text
  const short = text.replace(/0+$/, '')
  return short === '' ? '' : form.slice(0, 1) + short
}

/** How each unit is written; `form` is the chunk of the layout. */
const WRITERS: Readonly<Record<Unit, (moment: Moment, form: string) => string>> = {
  year: ({ civil }) => digits(civil.year, 4),
  shortYear: ({ civil }) => digits(((civil.year % 100) + 100) % 100, 2),
  longMonth: monthName,
  month: (moment) => monthName(moment).slice(0, 3),
  monthNumber: ({ civil }) => String(civil.month),
  zeroMonth: ({ civil }) => digits(civil.month, 2),
  longWeekday: weekday,
  weekday: (moment) => weekday(moment).slice(0, 3),
  day: ({ civil }) => String(civil.day),
  spaceDay: ({ civil }) => String(civil.day).padStart(2, ' '),
  zeroDay: ({ civil }) => digits(civil.day, 2),
  spaceYearDay: ({ civil }) => String(yearDayOf(civil)).padStart(3, ' '),
  zeroYearDay: ({ civil }) => digits(yearDayOf(civil), 3),
  hour: ({ hour }) => digits(hour, 2),
  hour12: (moment) => String(hour12(moment)),
  zeroHour12: (moment) => digits(hour12(moment), 2),
  minute: ({ minute }) => String(minute),
  zeroMinute: ({ minute }) => digits(minute, 2),
  second: ({ second }) => String(second),
  zeroSecond: ({ second }) => digits(second, 2),
  PM: ({ hour }) => (hour >= 12 ? 'PM' : 'AM'),
  pm: ({ hour }) => (hour >= 12 ? 'pm' : 'am'),
  zoneName: ({ zone, unixSeconds }) => zoneAt(zone, unixSeconds).name,
  offset: ({ offsetSeconds }, form) => offsetText(form, offsetSeconds),
  fraction0: ({ fractionNs }, form) => fractionText(form, fractionNs),
  fraction9: ({ fractionNs }, form) => fractionText(form, fractionNs),
}

/**
 * Go's Time.Format: `2006-01-02T15:04:05.000Z07:00`. `ns` since 1970; `zone` an IANA name, `UTC`, `Local` or a fixed
 * offset (`+02:00`); an unknown one is UTC.
 */
export const formatGoTime = (layout: string, ns: bigint, zone: string): string => {
  const moment = momentOf(ns, zone)
  const written = new Map<string, string>()
  return chunksOf(layout)
    .map(({ prefix, unit, text }) => {
      if (unit === null) return prefix
      const known = written.get(text) ?? WRITERS[unit](moment, text)
      written.set(text, known)
      return prefix + known
    })
    .join('')
}
