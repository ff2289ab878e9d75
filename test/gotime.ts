import fc from 'fast-check'
import t from 'tap'
import { formatGoDuration, parseGoDuration } from '../src/gotime/duration.ts'
import { formatGoTime } from '../src/gotime/format.ts'
import { NAMED_LAYOUTS } from '../src/gotime/layout.ts'
import { parseGoTime } from '../src/gotime/parse.ts'
import { isZone } from '../src/gotime/zone.ts'

const RFC3339 = '2006-01-02T15:04:05.999999999Z07:00'
/** 2024-05-01T10:20:30.123456789Z */
const NS = 1_714_558_830_123_456_789n

const instant = (layout: string, text: string, zone?: string): string => {
  const parsed = parseGoTime(layout, text, zone === undefined ? {} : { zone })
  return parsed.kind === 'ok' ? formatGoTime(RFC3339, parsed.ns, 'UTC') : parsed.why
}

t.test('every chunk of the reference time is written', (t) => {
  const cases: readonly (readonly [layout: string, zone: string, text: string])[] = [
    ['2006-01-02T15:04:05.000Z07:00', 'UTC', '2024-05-01T10:20:30.123Z'],
    ['2006-01-02T15:04:05.999Z07:00', 'Europe/Berlin', '2024-05-01T12:20:30.123+02:00'],
    ['Mon Jan _2 03:04:05 PM 2006 MST', 'America/New_York', 'Wed May  1 06:20:30 AM 2024 EDT'],
    ['Monday, 02-Jan-06 15:04:05,000 -0700', 'Asia/Tokyo', 'Wednesday, 01-May-24 19:20:30,123 +0900'],
    ['002 __2 _2006 3:4:5pm 1/2/06', 'UTC', '122 122 _2024 10:20:30am 5/1/24'],
    ['-07 -0700 -07:00 -070000 -07:00:00 Z0700 Z07', '+05:30', '+05 +0530 +05:30 +053000 +05:30:00 +0530 +05'],
    ['MST', 'Europe/Berlin', 'CEST'],
    ['MST', 'America/Sao_Paulo', '-03'],
    ['MST', 'Nowhere/AtAll', 'UTC'],
    ['Janu Month 20060 .0a ,0001', 'UTC', 'Janu Month 20240 .1a ,0005'],
  ]
  for (const [layout, zone, text] of cases) t.equal(formatGoTime(layout, NS, zone), text, layout)
  t.equal(formatGoTime(RFC3339, -1n, 'UTC'), '1969-12-31T23:59:59.999999999Z')
  t.equal(formatGoTime('2006-01-02', -62_135_596_800_000_000_000n, 'UTC'), '0001-01-01')
  t.end()
})

t.test('texts are read as Go reads them', (t) => {
  const cases: readonly (readonly [layout: string, text: string, zone: string, instant: string])[] = [
    [RFC3339, '2024-05-01T10:00:00+02:00', 'UTC', '2024-05-01T08:00:00Z'],
    ['2006-01-02T15:04:05Z07:00', '2024-05-01T10:00:00,5Z', 'UTC', '2024-05-01T10:00:00.5Z'],
    ['2006-01-02 15:04:05', '2024-05-01 10:00:00.1234567891', 'UTC', '2024-05-01T10:00:00.123456789Z'],
    [
      '2 jan 2006',
      '1 feb 2024',
      'UTC',
      'parsing time "1 feb 2024" as "2 jan 2006": cannot parse "feb 2024" as " jan "',
    ],
    ['2 Jan 2006', '1 MAY 2024', 'UTC', '2024-05-01T00:00:00Z'],
    ['January _2 2006 3PM', 'may  1 2024 12AM', 'UTC', '2024-05-01T00:00:00Z'],
    ['3:04pm 2006', '12:30pm 2024', 'UTC', '2024-01-01T12:30:00Z'],
    ['2006 002', '2024 060', 'UTC', '2024-02-29T00:00:00Z'],
    ['06-1-2', '69-1-2', 'UTC', '1969-01-02T00:00:00Z'],
    ['2006-01-02 15:04 MST', '2024-05-01 10:00 EDT', 'America/New_York', '2024-05-01T14:00:00Z'],
    ['2006-01-02 15:04 MST', '2024-05-01 10:00 EST', 'America/New_York', '2024-05-01T15:00:00Z'],
    ['2006-01-02 15:04 MST', '2024-05-01 10:00 GMT+3', 'UTC', '2024-05-01T10:00:00Z'],
    ['2006-01-02 15:04 MST', '2024-05-01 10:00 UTC', 'Asia/Tokyo', '2024-05-01T10:00:00Z'],
    ['2006-01-02 15:04', '2024-05-01 10:00', 'Asia/Tokyo', '2024-05-01T01:00:00Z'],
  ]
  for (const [layout, text, zone, expected] of cases) t.equal(instant(layout, text, zone), expected, text)
  t.end()
})

t.test('a wall clock in a gap or an overlap takes the offset that Go takes', (t) => {
  const layout = '2006-01-02 15:04'
  t.equal(instant(layout, '2024-03-10 02:30', 'America/New_York'), '2024-03-10T06:30:00Z')
  t.equal(instant(layout, '2024-03-31 02:30', 'Europe/Berlin'), '2024-03-31T01:30:00Z')
  t.equal(instant(layout, '2024-11-03 01:30', 'America/New_York'), '2024-11-03T05:30:00Z')
  t.equal(instant(layout, '2024-10-27 02:30', 'Europe/Berlin'), '2024-10-27T01:30:00Z')
  t.end()
})

t.test('what cannot be read is told in the words of Go', (t) => {
  const cases: readonly (readonly [layout: string, text: string, why: string])[] = [
    ['2006-01-02', 'xx', 'parsing time "xx" as "2006-01-02": cannot parse "xx" as "2006"'],
    ['2006-01-02', '2024/01', 'parsing time "2024/01" as "2006-01-02": cannot parse "/01" as "-"'],
    ['2006-01-02', '2024-13-01', 'parsing time "2024-13-01": month out of range'],
    ['2006-01-02', '2024-02-30', 'parsing time "2024-02-30": day out of range'],
    ['2006-01-02', '2024-02-03x', 'parsing time "2024-02-03x": extra text: "x"'],
    ['15:04', '24:00', 'parsing time "24:00": hour out of range'],
    ['15:04', '23:60', 'parsing time "23:60": minute out of range'],
    ['5', '61', 'parsing time "61": second out of range'],
    ['2006 002', '2023 366', 'parsing time "2023 366": day-of-year out of range'],
    ['2006 01 002', '2024 01 060', 'parsing time "2024 01 060": day-of-year does not match month'],
    ['2006 MST', '2024 xy', 'parsing time "2024 xy" as "2006 MST": cannot parse "xy" as "MST"'],
    ['2006', '"é', 'parsing time "\\"\\xc3\\xa9" as "2006": cannot parse "\\"\\xc3\\xa9" as "2006"'],
    ['.000', '.12', 'parsing time ".12" as ".000": cannot parse ".12" as ".000"'],
    ['-0700', '+2500', 'parsing time "+2500": time zone offset hour out of range'],
    ['PM', 'xx', 'parsing time "xx" as "PM": cannot parse "xx" as "PM"'],
  ]
  for (const [layout, text, why] of cases) t.strictSame(parseGoTime(layout, text), { kind: 'error', why }, text)
  t.end()
})

t.test('a layout without a year says so', (t) => {
  t.match(parseGoTime('Jan _2 15:04', 'Mar  3 04:05'), { kind: 'ok', hasYear: false })
  t.match(parseGoTime('Jan _2 06', 'Mar  3 24'), { kind: 'ok', hasYear: true })
  t.end()
})

t.test('named layouts read back what they write', (t) => {
  for (const [name, layout] of Object.entries(NAMED_LAYOUTS)) {
    const text = formatGoTime(layout, NS, 'UTC')
    const parsed = parseGoTime(layout, text)
    t.equal(parsed.kind === 'ok' ? formatGoTime(layout, parsed.ns, 'UTC') : parsed.why, text, name)
  }
  t.end()
})

t.test('any time in any zone comes back from RFC 3339 to the nanosecond', (t) => {
  const zones = fc.constantFrom(
    'UTC',
    'America/New_York',
    'Europe/Berlin',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    '-03:30',
  )
  const times = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 62n })
  fc.assert(
    fc.property(times, zones, (ns, zone) => {
      const parsed = parseGoTime(RFC3339, formatGoTime(RFC3339, ns, zone))
      // Offsets of old times have seconds, which RFC 3339 cannot write.
      return parsed.kind === 'ok' && (parsed.ns === ns || ns < 0n)
    }),
    { numRuns: 200 },
  )
  t.end()
})

t.test('no layout and no text makes it throw', (t) => {
  const pieces = [
    '2006',
    '01',
    'Jan',
    ' ',
    '-07:00',
    'MST',
    '.000',
    ',999',
    '_2',
    '__2',
    '002',
    'PM',
    '9',
    'x',
    'é',
    '1',
    '+25',
  ]
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, texts, (layout, text) => {
      const parsed = parseGoTime(layout, text)
      // A fraction of nines alone writes nothing for a whole second, and reads that again.
      const mayBeEmpty = /^(?:,9+)*$/.test(layout)
      return parsed.kind === 'ok' ? formatGoTime(layout, parsed.ns, 'UTC') !== '' || mayBeEmpty : parsed.why !== ''
    }),
  )
  t.ok(isZone('Europe/Berlin') && isZone('Local') && isZone('-0330'))
  t.notOk(isZone('Europe/Nowhere') || isZone('x'.repeat(1000)))
  t.end()
})

t.test('durations are counted and written to the nanosecond', (t) => {
  const cases: readonly (readonly [text: string, ns: bigint, shown: string])[] = [
    ['1h15m30.918s', 4_530_918_000_000n, '1h15m30.918s'],
    ['-1.5h', -5_400_000_000_000n, '-1h30m0s'],
    ['1.000000001s', 1_000_000_001n, '1.000000001s'],
    ['300ms', 300_000_000n, '300ms'],
    ['2.5us', 2500n, '2.5µs'],
    ['+7ns', 7n, '7ns'],
    ['0', 0n, '0s'],
    ['.5m', 30_000_000_000n, '30s'],
  ]
  for (const [text, ns, shown] of cases) {
    t.strictSame(parseGoDuration(text), { kind: 'ok', ns }, text)
    t.equal(formatGoDuration(ns), shown)
  }
  t.match(parseGoDuration(''), { why: 'time: invalid duration ""' })
  t.match(parseGoDuration('5'), { why: 'time: missing unit in duration "5"' })
  t.match(parseGoDuration('5d'), { why: 'time: unknown unit "d" in duration "5d"' })
  t.match(parseGoDuration('9999999999999999h'), { kind: 'error' })
  t.match(parseGoDuration('1h.'), { kind: 'error' })
  t.end()
})
