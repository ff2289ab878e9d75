import fc from 'fast-check'
import t from 'tap'
import { capped, cutToBytes } from '../../src/entry/bounded-text.ts'
import { createConverter } from '../../src/entry/convert.ts'
import type { EntryOptions, LineFormat } from '../../src/entry/entry.ts'
import { logfmtValue } from '../../src/entry/quoting.ts'
import { parseRfc3339, toNanoseconds } from '../../src/entry/rfc3339.ts'
import { type GuardedValues, StreamGuard } from '../../src/entry/stream-guard.ts'
import { decodeEvent } from '../../src/kube/decode-event.ts'
import type { KubeEvent } from '../../src/kube/event.ts'

const FORMATS: readonly LineFormat[] = ['logfmt', 'json', 'alloy', 'agent', 'exporter']

const OPTIONS: EntryOptions = {
  format: 'logfmt',
  job: '',
  labels: {},
  structuredMetadata: true,
  maxStreams: 100,
  maxLineBytes: 256 * 1024,
  maxLabelValueBytes: 2048,
}

/** Text as an attacker writes it. */
const hostileText = fc.string({
  unit: fc.oneof(
    { arbitrary: fc.string({ minLength: 1, maxLength: 3 }), weight: 4 },
    fc.constantFrom(' ', '=', '"', '\\', '\n', '\r', '\t', '\0', '\x1b', '\x7f', '\x85', '\u2028', '\u2029', '\ufeff'),
    fc.constantFrom(
      '\ud800',
      '\udfff',
      '🚀',
      'ü',
      '\u200b',
      'level=error ',
      '","level":"error',
      '<a&b>',
      "'",
      '{',
      '}',
    ),
  ),
  maxLength: 30,
})

const time = fc.oneof(
  fc.constantFrom(
    '',
    null,
    '2026-11-23T21:34:44Z',
    '2026-11-23T21:34:44.070423Z',
    '9999-12-31T23:59:59.999999999+00:01',
  ),
  hostileText,
)
const reference = fc.record(
  { kind: hostileText, namespace: hostileText, name: hostileText, uid: hostileText, fieldPath: hostileText },
  { requiredKeys: [] },
)

/** An event with a uid and resourceVersion and anything in its other fields. */
const hostileEvent = fc.record({
  metadata: fc.record({
    uid: fc.uuid(),
    resourceVersion: fc.nat().map(String),
    name: hostileText,
    namespace: hostileText,
    creationTimestamp: time,
    annotations: fc.dictionary(hostileText, hostileText, { maxKeys: 20 }),
    labels: fc.dictionary(hostileText, fc.oneof(hostileText, fc.integer())),
  }),
  involvedObject: fc.oneof(reference, fc.constant(null)),
  related: fc.oneof(reference, fc.constant(null)),
  type: fc.oneof(fc.constantFrom('Normal', 'Warning'), hostileText),
  reason: hostileText,
  message: hostileText,
  action: hostileText,
  source: fc.record({ component: hostileText, host: hostileText }),
  reportingComponent: hostileText,
  reportingInstance: hostileText,
  firstTimestamp: time,
  lastTimestamp: time,
  eventTime: time,
  count: fc.oneof(fc.integer(), fc.double(), hostileText),
  series: fc.oneof(fc.constant(null), fc.record({ count: fc.integer(), lastObservedTime: time })),
})

const decoded = (json: unknown): KubeEvent => {
  const outcome = decodeEvent(json)
  if (outcome.kind !== 'event') throw new Error(outcome.why)
  return outcome.event
}

/**
 * Reads logfmt by the rules of Loki's reader: a key ends at `=`, a bare value at a blank, a quoted one at an unescaped
 * quote and is then a JSON string. Throws where Loki reports an error.
 */
const parseLogfmt = (line: string): [string, string][] => {
  const pairs: [string, string][] = []
  let rest = line
  while (rest.trimStart() !== '') {
    const match = /^[\0-\x20]*([^\0-\x20="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\0-\x20="]*))(?=[\0-\x20]|$)/su.exec(rest)
    if (match === null) throw new Error(`no logfmt: ${rest}`)
    const [all, key = '', quoted, bare] = match
    pairs.push([key, quoted === undefined ? (bare ?? '') : (JSON.parse(`"${quoted}"`) as string)])
    rest = rest.slice(all.length)
  }
  return pairs
}

t.test('a logfmt value is read back as it was', (t) => {
  fc.assert(
    fc.property(hostileText, (text) => {
      t.same(parseLogfmt(`a=${logfmtValue(text)} b=1`), [
        ['a', text.toWellFormed()],
        ['b', '1'],
      ])
    }),
  )
  t.end()
})

t.test('no text of an event adds a key to a line, changes another value, or breaks the line', (t) => {
  const converters = new Map(FORMATS.map((format) => [format, createConverter({ ...OPTIONS, format })]))
  const expectations: Readonly<Record<string, (event: KubeEvent) => string>> = {
    msg: (event) => event.message,
    reason: (event) => event.reason,
    name: (event) => event.involved.name,
    kind: (event) => event.involved.kind,
    type: (event) => event.type,
  }
  const check = (fields: Readonly<Record<string, unknown>>, event: KubeEvent): void => {
    for (const [key, expected] of Object.entries(expectations)) {
      if (fields[key] !== undefined || expected(event) !== '')
        t.equal(fields[key] ?? '', expected(event).toWellFormed(), key)
    }
  }
  fc.assert(
    fc.property(hostileEvent, (json) => {
      const event = decoded(json)
      for (const [format, converter] of converters) {
        const { line } = converter.toEntry(event)
        t.ok(line.isWellFormed())
        t.notMatch(line, /[\p{Cc}\u2028\u2029]/u)
        if (format === 'exporter') {
          const parsed = JSON.parse(line) as { reason?: string; message?: string; involvedObject: object }
          t.equal(parsed.message ?? '', event.message.toWellFormed())
          t.equal(parsed.reason ?? '', event.reason.toWellFormed())
        } else if (format === 'json') {
          const fields = JSON.parse(line) as Record<string, unknown>
          t.equal(fields['uid'], event.uid)
          check(fields, event)
        } else {
          const pairs = parseLogfmt(line)
          t.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, 'no key twice')
          check(Object.fromEntries(pairs), event)
        }
      }
    }),
    { numRuns: 200 },
  )
  t.end()
})

t.test('logfmt and json say the same in the same order', (t) => {
  const [logfmt, json] = [createConverter(OPTIONS), createConverter({ ...OPTIONS, format: 'json' })]
  fc.assert(
    fc.property(hostileEvent, (fields) => {
      const event = { ...decoded(fields), annotations: {} }
      const pairs = Object.entries(JSON.parse(json.toEntry(event).line) as Record<string, string | number>)
      t.same(
        parseLogfmt(logfmt.toEntry(event).line),
        pairs.map(([key, value]) => [key, String(value)]),
      )
    }),
  )
  t.end()
})

t.test('whatever JSON arrives, decoding gives an outcome, and an event an entry', (t) => {
  const converters = FORMATS.map((format) => createConverter({ ...OPTIONS, format, maxLineBytes: 1024 }))
  const anyEvent = fc.dictionary(
    fc.constantFrom(
      'metadata',
      'involvedObject',
      'regarding',
      'note',
      'message',
      'series',
      'source',
      'related',
      'type',
      '__proto__',
    ),
    fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom(
          'uid',
          'resourceVersion',
          'annotations',
          'labels',
          'managedFields',
          'name',
          'kind',
          '__proto__',
        ),
        fc.oneof(fc.jsonValue(), fc.constantFrom('17', 'abc')),
      ),
    ),
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), anyEvent), fc.boolean(), (value, identified) => {
      const identity = { uid: 'u', resourceVersion: '7' }
      const shape =
        identified && typeof value === 'object' && !Array.isArray(value)
          ? { ...value, kind: 'Event', metadata: identity }
          : value
      const json = JSON.parse(JSON.stringify(shape)) as unknown
      const outcome = decodeEvent(json)
      if (outcome.kind === 'invalid') return
      for (const converter of converters) {
        const entry = converter.toEntry(outcome.event)
        t.ok(Buffer.byteLength(entry.line) <= 1024)
        t.same(converter.toEntry(outcome.event), entry, 'the same again')
      }
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('a date-time is read to the nanosecond', (t) => {
  const two = (n: number): string => String(n).padStart(2, '0')
  const date = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T23:59:59Z'),
    noInvalidDate: true,
  })
  const fraction = fc.array(fc.nat(9), { maxLength: 14 }).map((digits) => digits.join(''))
  const zone = fc.oneof(fc.constantFrom('Z', 'z'), fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59)))
  fc.assert(
    fc.property(date, fraction, zone, fc.constantFrom('T', 't'), (day, digits, offset, separator) => {
      const whole = new Date(Math.floor(day.getTime() / 1000) * 1000)
      const [sign, hours, minutes] = typeof offset === 'string' ? (['+', 0, 0] as const) : offset
      const zoneText = typeof offset === 'string' ? offset : `${sign}${two(hours)}:${two(minutes)}`
      const text = `${whole.toISOString().slice(0, 19).replace('T', separator)}${digits === '' ? '' : `.${digits}`}${zoneText}`
      const east = BigInt((sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)) * 1_000_000_000n
      const expected = BigInt(whole.getTime()) * 1_000_000n + BigInt(digits.padEnd(9, '0').slice(0, 9)) - east
      const instant = parseRfc3339(text)
      t.equal(instant === null ? null : toNanoseconds(instant), expected, text)
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('what is no date-time is refused', (t) => {
  const refused = [
    '',
    '2026-11-23',
    '2026-11-23T21:34:44',
    '2026-11-23 21:34:44Z',
    '2026-11-23T21:34:44.Z',
    '2026-11-23T21:34:44,5Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T23:60:00Z',
    '2026-11-23T23:59:60Z',
    '2026-11-23T21:34:44+1:00',
    '2026-11-23T21:34:44+24:00',
    '2026-11-23T21:34:44+00:60',
    '2026-11-23T21:34:44ZZ',
    '2026-11-23T21:34:44Z ',
    ' 2026-11-23T21:34:44Z',
    '+2026-11-23T21:34:44Z',
    '2026-11-23T2１:34:44Z',
    '2026-1a-23T21:34:44Z',
    '２０２６-11-23T21:34:44Z',
    '2026-11-23T21:34:44+0000Z',
  ]
  for (const text of refused) t.equal(parseRfc3339(text), null, text)
  for (const text of ['2024-02-29T00:00:00Z', '2000-02-29T23:59:59Z']) t.not(parseRfc3339(text), null, text)
  fc.assert(
    fc.property(hostileText, (text) => {
      const instant = parseRfc3339(text)
      t.ok(instant === null || Number.isSafeInteger(instant.seconds))
    }),
  )
  t.end()
})

t.test('a bounded text fits, is well-formed, and is the text itself when that fits', (t) => {
  fc.assert(
    fc.property(hostileText, fc.nat(80), (text, maxBytes) => {
      const value = capped(text, maxBytes)
      t.ok(Buffer.byteLength(value) <= maxBytes && value.isWellFormed())
      if (Buffer.byteLength(text) <= maxBytes) t.equal(value, text.toWellFormed())
      const cut = cutToBytes(text, maxBytes)
      t.ok(text.startsWith(cut) && Buffer.byteLength(cut) <= maxBytes)
      const next = text.slice(cut.length)
      if (next !== '')
        t.ok(
          Buffer.byteLength(cut + String.fromCodePoint(next.codePointAt(0) ?? 0)) > maxBytes,
          'no shorter than needed',
        )
    }),
  )
  fc.assert(
    fc.property(hostileText, hostileText, (a, b) => {
      const long = 'x'.repeat(100)
      if (a.toWellFormed() !== b.toWellFormed()) t.not(capped(long + a, 64), capped(long + b, 64))
    }),
  )
  t.end()
})

t.test('the stream guard keeps its bound, and the same order gives the same streams', (t) => {
  const value = fc.oneof(fc.constantFrom('', 'a', 'b', 'overflow'), fc.string({ maxLength: 3 }), fc.nat(40).map(String))
  const stream = fc.tuple(value, value, value) as fc.Arbitrary<GuardedValues>
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (streams, maxStreams) => {
      const [one, other] = [new StreamGuard(maxStreams), new StreamGuard(maxStreams)]
      const given = streams.map((values) => one.admit(values))
      const bound = maxStreams + Math.max(1, Math.ceil(maxStreams / 16))
      t.ok(new Set(given.map((values) => JSON.stringify(values))).size <= bound && one.size <= bound)
      const unchanged = new Set(
        streams.filter((values, at) => given[at] === values).map((values) => JSON.stringify(values)),
      )
      const distinct = new Set(streams.map((values) => JSON.stringify(values)))
      t.equal(unchanged.size, Math.min(distinct.size, maxStreams), 'every place is used')
      t.same(
        streams.map((values) => other.admit(values)),
        given,
      )
      const restored = new StreamGuard(maxStreams)
      restored.restore(JSON.parse(JSON.stringify(one.admitted())) as ReturnType<StreamGuard['admitted']>)
      const [again, restart] = [
        streams.map((values) => one.admit(values)),
        streams.map((values) => restored.admit(values)),
      ]
      t.same(restart, again)
    }),
  )
  t.end()
})
