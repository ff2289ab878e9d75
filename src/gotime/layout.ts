/** What a chunk of Go's reference time stands for. */
export type Unit =
  | 'year'
  | 'shortYear'
  | 'longMonth'
  | 'month'
  | 'monthNumber'
  | 'zeroMonth'
  | 'longWeekday'
  | 'weekday'
  | 'day'
  | 'spaceDay'
  | 'zeroDay'
  | 'spaceYearDay'
  | 'zeroYearDay'
  | 'hour'
  | 'hour12'
  | 'zeroHour12'
  | 'minute'
  | 'zeroMinute'
  | 'second'
  | 'zeroSecond'
  | 'PM'
  | 'pm'
  | 'zoneName'
  | 'offset'
  | 'fraction0'
  | 'fraction9'

/** `text` is the chunk as written: for offsets and fractions it tells the form. */
export type Chunk = { readonly prefix: string; readonly unit: Unit | null; readonly text: string }

const UNITS: Readonly<Record<string, Unit>> = {
  January: 'longMonth',
  Jan: 'month',
  Monday: 'longWeekday',
  Mon: 'weekday',
  MST: 'zoneName',
  '01': 'zeroMonth',
  '02': 'zeroDay',
  '03': 'zeroHour12',
  '04': 'zeroMinute',
  '05': 'zeroSecond',
  '06': 'shortYear',
  '002': 'zeroYearDay',
  '15': 'hour',
  '1': 'monthNumber',
  '2006': 'year',
  '2': 'day',
  _2: 'spaceDay',
  __2: 'spaceYearDay',
  '3': 'hour12',
  '4': 'minute',
  '5': 'second',
  PM: 'PM',
  pm: 'pm',
}

const CHUNK =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|__2|_(?=2006)|_2|3|4|5|PM|pm|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,](?:0+|9+)(?!\d)/g

const unitOf = (text: string): Unit | null => {
  if (Object.hasOwn(UNITS, text)) return UNITS[text] ?? null
  if (/^[-Z]/.test(text)) return 'offset'
  if (!/^[.,]/.test(text)) return null
  return text.includes('0') ? 'fraction0' : 'fraction9'
}

/** Layouts come from configuration and hostile templates alike: so many are kept. */
const MAX_KEPT = 64
const kept = new Map<string, readonly Chunk[]>()

const split = (layout: string): readonly Chunk[] => {
  const chunks: Chunk[] = []
  let from = 0
  for (const match of layout.matchAll(CHUNK)) {
    const [text] = match
    // "_2006" is an underscore and the year.
    if (text === '_') continue
    chunks.push({ prefix: layout.slice(from, match.index), unit: unitOf(text), text })
    from = match.index + text.length
  }
  return [...chunks, { prefix: layout.slice(from), unit: null, text: '' }]
}

/** A layout in chunks, as Go's time.nextStdChunk finds them. The last one is the text behind them, without a unit. */
export const chunksOf = (layout: string): readonly Chunk[] => {
  const known = kept.get(layout)
  if (known !== undefined) return known
  const chunks = split(layout)
  if (kept.size >= MAX_KEPT) kept.clear()
  if (layout.length <= 256) kept.set(layout, chunks)
  return chunks
}

export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

export const WEEKDAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
]

/** The layouts that Go's time package names, as Promtail's timestamp stage takes them. */
export const NAMED_LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
}
