/** What a zone is at one moment: seconds east of UTC, and its name as Go writes it for `MST`. */
export type ZoneOffset = { readonly seconds: number; readonly name: string }

const FIXED = /^([+-])(\d\d):?(\d\d)$/

/** English texts know different abbreviations: CET and AEST only where they are lived in. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-NZ', 'en-ZA', 'en-IN']

/** Abbreviations of the time zone database that no locale tells, by zone and seconds east of UTC. */
const KNOWN: Readonly<Record<string, string>> = {
  'Asia/Tokyo 32400': 'JST',
  'Asia/Seoul 32400': 'KST',
  'Asia/Shanghai 28800': 'CST',
  'Asia/Taipei 28800': 'CST',
  'Asia/Hong_Kong 28800': 'HKT',
  'Asia/Manila 28800': 'PST',
  'Asia/Jakarta 25200': 'WIB',
  'Asia/Karachi 18000': 'PKT',
  'Asia/Kolkata 19800': 'IST',
  'Asia/Calcutta 19800': 'IST',
  'Asia/Jerusalem 7200': 'IST',
  'Asia/Jerusalem 10800': 'IDT',
  'Europe/Moscow 10800': 'MSK',
  'Africa/Johannesburg 7200': 'SAST',
  'Africa/Nairobi 10800': 'EAT',
  'Africa/Lagos 3600': 'WAT',
  'Africa/Maputo 7200': 'CAT',
  'Africa/Cairo 7200': 'EET',
  'Africa/Cairo 10800': 'EEST',
}

type Formats = { readonly offset: Intl.DateTimeFormat; readonly names: readonly Intl.DateTimeFormat[] }

const MAX_KEPT = 64
const kept = new Map<string, Formats | null>()

const make = (zone: string): Formats | null => {
  try {
    const offset = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    const names = LOCALES.map((locale) => new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }))
    return { offset, names }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

const formatsOf = (zone: string): Formats | null => {
  const known = kept.get(zone)
  if (known !== undefined) return known
  const made = make(zone)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(zone, made)
  return made
}

const zonePart = (format: Intl.DateTimeFormat, ms: number): string =>
  format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** Moments that Intl can tell of: years -271821 to 275760. */
const MAX_MS = 8.64e15

const secondsOf = (text: string): number => {
  const match = /([+-])(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(text.replace('−', '-'))
  if (match === null) return 0
  const [, sign, hours, minutes, seconds = '0'] = match
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
}

/** Go's name of a zone that has none: `+08`, `-0330`. */
const numericName = (seconds: number): string => {
  const minutes = Math.floor(Math.abs(seconds) / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  const rest = minutes % 60 === 0 ? '' : two(minutes % 60)
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${rest}`
}

const nameOf = (zone: string, formats: Formats, ms: number, seconds: number): string => {
  const key = `${zone} ${seconds}`
  if (Object.hasOwn(KNOWN, key)) return KNOWN[key] ?? ''
  for (const format of formats.names) {
    const name = zonePart(format, ms)
    if (/^[A-Z]{3,5}$/.test(name)) return name
  }
  return numericName(seconds)
}

/** The IANA name behind `Local`, `UTC` for what has no name. */
const resolved = (zone: string): string => {
  if (zone === 'Local') return new Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone === '' ? 'UTC' : zone
}

const isUtc = (zone: string): boolean => zone === 'UTC' || zone === ''

/** Whether the zone is known: an IANA name, `UTC`, `Local`, empty (UTC), or a fixed offset (`+02:00`, `-0700`). */
export const isZone = (zone: string): boolean =>
  isUtc(zone) || FIXED.test(zone) || (zone.length <= 64 && formatsOf(resolved(zone)) !== null)

/** What only costs time to find is the name; `offsetAt` leaves it out. An unknown zone is UTC. */
export const offsetAt = (zone: string, unixSeconds: number): number => {
  if (isUtc(zone)) return 0
  if (FIXED.test(zone)) return secondsOf(zone)
  const formats = formatsOf(resolved(zone))
  const ms = Math.min(Math.max(unixSeconds * 1000, -MAX_MS), MAX_MS)
  return formats === null ? 0 : secondsOf(zonePart(formats.offset, ms))
}

/** The offset and the name of a zone at a moment. */
export const zoneAt = (zone: string, unixSeconds: number): ZoneOffset => {
  const seconds = offsetAt(zone, unixSeconds)
  const name = resolved(zone)
  if (FIXED.test(zone)) return { seconds, name: numericName(seconds) }
  const formats = isUtc(name) ? null : formatsOf(name)
  if (formats === null) return { seconds, name: 'UTC' }
  const ms = Math.min(Math.max(unixSeconds * 1000, -MAX_MS), MAX_MS)
  return { seconds, name: nameOf(name, formats, ms, seconds) }
}
