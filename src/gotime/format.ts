import { civilOf, yearDayOf, type Civil } from './civil.ts'
import { chunksOf, MONTHS, WEEKDAYS, type Chunk } from './layout.ts'
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

const ofDate = ({ unit }: Chunk, moment: Moment): string | null => {
  const { year, month, day } = moment.civil
  switch (unit) {
    case 'year':
      return digits(year, 4)
    case 'shortYear':
      return digits(((year % 100) + 100) % 100, 2)
    case 'longMonth':
      return monthName(moment)
    case 'month':
      return monthName(moment).slice(0, 3)
    case 'monthNumber':
      return String(month)
    case 'zeroMonth':
      return digits(month, 2)
    case 'longWeekday':
      return weekday(moment)
    case 'weekday':
      return weekday(moment).slice(0, 3)
    case 'day':
      return String(day)
    case 'spaceDay':
      return String(day).padStart(2, ' ')
    case 'zeroDay':
      return digits(day, 2)
    case 'spaceYearDay':
      return String(yearDayOf(moment.civil)).padStart(3, ' ')
    case 'zeroYearDay':
      return digits(yearDayOf(moment.civil), 3)
    default:
      return null
  }
}

const ofClock = ({ unit, text }: Chunk, moment: Moment): string => {
  switch (unit) {
    case 'hour':
      return digits(moment.hour, 2)
    case 'hour12':
      return String(hour12(moment))
    case 'zeroHour12':
      return digits(hour12(moment), 2)
    case 'minute':
      return String(moment.minute)
    case 'zeroMinute':
      return digits(moment.minute, 2)
    case 'second':
      return String(moment.second)
    case 'zeroSecond':
      return digits(moment.second, 2)
    case 'PM':
      return moment.hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return moment.hour >= 12 ? 'pm' : 'am'
    case 'zoneName':
      return zoneAt(moment.zone, moment.unixSeconds).name
    case 'offset':
      return offsetText(text, moment.offsetSeconds)
    case 'fraction0':
    case 'fraction9':
      return fractionText(text, moment.fractionNs)
    default:
      return ''
  }
}

/**
 * Go's Time.Format: `2006-01-02T15:04:05.000Z07:00`. `ns` since 1970; `zone` an IANA name, `UTC`, `Local` or a fixed
 * offset (`+02:00`); an unknown one is UTC.
 */
export const formatGoTime = (layout: string, ns: bigint, zone: string): string => {
  const moment = momentOf(ns, zone)
  return chunksOf(layout)
    .map((chunk) => chunk.prefix + (ofDate(chunk, moment) ?? ofClock(chunk, moment)))
    .join('')
}
