import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { createConverter } from '../src/entry/convert.ts'
import { decodeEvent } from '../src/kube/decode-event.ts'
import type { KubeEvent } from '../src/kube/event.ts'
import { suppressedOf } from '../src/throttle/repeats.ts'
import { createThrottle, type Throttle } from '../src/throttle/throttle.ts'
import { WindowLimit } from '../src/throttle/window-limit.ts'

const FIRST = Date.UTC(2026, 10, 23, 22)
const text = (ms: number): string => new Date(ms).toISOString()

/** The revision of an event that was seen `count` times, the last of them `ageMs` after the first. */
const revision = (count: number, ageMs: number, more: object = {}): KubeEvent => {
  const decoded = decodeEvent({
    metadata: {
      name: 'e',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: String(count),
      creationTimestamp: text(FIRST),
    },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web' },
    ...{ reason: 'BackOff', type: 'Warning', count, firstTimestamp: text(FIRST), lastTimestamp: text(FIRST + ageMs) },
    ...more,
  })
  if (decoded.kind === 'invalid') throw new Error('no event')
  return decoded.event
}

const HOUR = 3_600_000
const limits = { lines: 5, windowMs: 600_000 }

/** What comes of these occurrences, in their order: count and what is said to be suppressed. */
const passing = (throttle: Throttle, events: readonly KubeEvent[]): readonly (readonly [number, number])[] =>
  events.flatMap((event) => {
    const verdict = throttle(event)
    return verdict.kind === 'sent' ? [[event.count, verdict.suppressed] as const] : []
  })

const byObject = (lines: number): Throttle =>
  createThrottle({ ...limits, lines, namespaceLines: 0, namespaceWindowMs: 1000 })

t.test('at most so many lines in a window, then one with what was suppressed', (t) => {
  const burst = Array.from({ length: 1000 }, (_, i) => revision(i + 1, 1000 + i))
  const throttle = byObject(5)
  t.strictSame(
    passing(throttle, burst),
    [
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
      [11, 5],
    ],
    'six to ten were not sent, and no more of them is',
  )
  const [next] = passing(throttle, [revision(1001, HOUR)])
  t.strictSame(
    next,
    [1001, 1001 - 6 * 7],
    'the first of another window is sent, six windows later with all they might have held',
  )
  const steady = Array.from({ length: 61 }, (_, i) => revision(i + 1, 1000 + i * 10_000))
  t.strictSame(
    passing(byObject(5), steady).slice(4),
    [
      [5, 0],
      [11, 5],
      [61, 49],
    ],
    'every ten seconds, as docs/enrichment.md shows',
  )
  t.strictSame(passing(byObject(1), burst.slice(0, 4)), [[1, 0], [3, 1]]) // prettier-ignore
  t.strictSame(passing(byObject(7), burst.slice(0, 20)).at(-1), [15, 7])
  const jumps = [1, 2, 3, 5, 6, 7, 9, 21, 33, 63].map((count) => revision(count, 1000))
  t.strictSame(passing(byObject(5), jumps).slice(5), [[21, 15]], 'counts need not come one by one') // prettier-ignore
  t.end()
})

t.test('a slow repeat is not touched, nor is one that goes on ever silent', (t) => {
  const slow = Array.from({ length: 500 }, (_, i) => revision(i + 1, i * 120_000))
  t.equal(passing(byObject(5), slow).length, 500, 'five in each window')
  // A burst, then one in each window: a rule by the count alone would be silent for hours.
  const after = [...Array.from({ length: 100 }, (_, i) => i + 1), ...Array.from({ length: 20 }, (_, i) => 101 + i)]
  const throttle = byObject(5)
  const sent = passing(
    throttle,
    after.map((count) => revision(count, Math.max(0, count - 100) * limits.windowMs)),
  )
  t.strictSame(
    sent.map(([count]) => count),
    [1, 2, 3, 4, 5, 11, ...after.slice(100)],
  )
  t.strictSame(sent.at(-1), [120, 0], 'by then the windows might have held them all')
  t.strictSame(sent.at(6), [101, 101 - 12])
  t.end()
})

t.test('it counts for an object and a reason, whatever the message, and whoever wrote it', (t) => {
  const throttle = byObject(2)
  const about = (more: object, from: object = {}): string => {
    const involvedObject = { kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u-1', ...more }
    return throttle(revision(1, 0, { involvedObject, ...from })).kind
  }
  t.strictSame([about({}), about({}), about({})], ['sent', 'sent', 'throttled'], 'new events instead of a count')
  t.equal(about({ name: 'other' }), 'sent')
  t.equal(about({ uid: 'u-2' }), 'sent', 'made anew under its name')
  t.equal(about({}, { reason: 'Killing' }), 'sent')
  t.equal(
    about({}, { metadata: { namespace: 'evil', uid: 'u', resourceVersion: '9' } }),
    'sent',
    'of another namespace',
  )
  const long = 'x'.repeat(1000)
  t.strictSame(
    [about({ name: `${long}a` }), about({ name: `${long}a` }), about({ name: `${long}a` })].at(-1),
    'throttled',
  )
  t.equal(about({ name: `${long}b` }), 'sent', 'long names stay distinct')
  t.end()
})

t.test('what is said to be suppressed comes from the event alone', (t) => {
  const suppressed = (count: number, more: object = {}): number => suppressedOf(revision(count, 0, more), limits)
  t.equal(suppressed(5), 0)
  t.equal(suppressed(7), 1)
  const series = { count: 7, lastObservedTime: '2026-11-23T22:00:10.000000Z' }
  const seen = { firstTimestamp: null, lastTimestamp: null, eventTime: '2026-11-23T22:00:00.000000Z' }
  t.equal(suppressed(0, { ...seen, series }), 1, 'a series counts as well')
  const timeless = { firstTimestamp: null, lastTimestamp: null, metadata: { uid: 'u', resourceVersion: '1' } }
  t.equal(suppressed(60, timeless), 0, 'without a time nobody can tell')
  t.equal(suppressed(60, { firstTimestamp: text(FIRST + HOUR) }), 54, 'a first time behind the last is one window')
  const ancient = {
    ...{ firstTimestamp: '1902-01-01T00:00:00Z', lastTimestamp: '1902-01-01T00:09:59Z' },
    metadata: { uid: 'u', resourceVersion: '1', creationTimestamp: '1902-01-01T00:00:00Z' },
  }
  t.equal(suppressed(60, ancient), 54, 'windows reach back before 1970')
  t.end()
})

t.test('no writer gets round it by dating back, nor fills the memory with what it writes', (t) => {
  const throttle = createThrottle({ ...limits, namespaceLines: 8, namespaceWindowMs: 60_000 })
  const backwards = Array.from({ length: 1000 }, (_, i) => {
    const at = text(FIRST - i * limits.windowMs)
    return revision(1, 0, { firstTimestamp: at, lastTimestamp: at })
  })
  t.equal(passing(throttle, backwards).length, 5, 'a window does not begin before the API server created the event')
  const others = backwards.map((event, i) => ({ ...event, involved: { ...event.involved, name: `web-${i}` } }))
  t.equal(passing(throttle, others).length, 3, 'nor does a namespace have more than it may')

  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const keeping = byObject(5)
  const heapBytes = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heapBytes()
  for (let i = 0; i < 200; i += 1) {
    keeping(revision(1, 0, { reason: `${i} ${'r'.repeat(250_000)}` }))
  }
  const keptBytes = heapBytes() - before
  t.ok(keptBytes < 10_000_000, `${keptBytes} bytes of 50 MB`)
  t.equal(keeping(revision(1, 0)).kind, 'sent')
  t.end()
})

/** A life: bursts, one revision for each occurrence, and times without any. */
const lives = fc.array(
  fc.record({
    repeats: fc.integer({ min: 1, max: 60 }),
    passMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: HOUR })),
  }),
  { minLength: 1, maxLength: 20 },
)

const lived = (steps: readonly { readonly repeats: number; readonly passMs: number }[]): readonly KubeEvent[] => {
  let ageMs = 0
  const ages = steps.flatMap(({ repeats, passMs }) => {
    const burst = Array.from({ length: repeats }, (_, i) => ageMs + i * 1000)
    ageMs += repeats * 1000 + passMs
    return burst
  })
  return ages.map((at, i) => revision(i + 1, at))
}

t.test('over any life: bounded in each window, never silent, never too much said, and a re-send is the same', (t) => {
  const windowOf = ({ lastTimestamp }: KubeEvent): number => Math.floor(Date.parse(lastTimestamp) / limits.windowMs)
  fc.assert(
    fc.property(lives, fc.integer({ min: 1, max: 12 }), fc.nat(1000), (steps, lines, crash) => {
      const events = lived(steps)
      const sent = new Map(passing(byObject(lines), events))
      const perWindow = new Map<number, number>(events.map((event) => [windowOf(event), 0]))
      let unsent = 0
      for (const event of events) {
        const suppressed = sent.get(event.count)
        if (suppressed === undefined) unsent += 1
        else {
          if (suppressed > unsent) return false
          const before = perWindow.get(windowOf(event)) ?? 0
          if (before > lines || (before === lines && suppressed === 0)) return false
          perWindow.set(windowOf(event), before + 1)
        }
      }
      if ([...perWindow.values()].includes(0)) return false
      // Whoever reads on from anywhere, knowing nothing, sends again what was sent, and the same of it.
      const from = crash % events.length
      const again = new Map(passing(byObject(lines), events.slice(from)))
      return events.slice(from).every(({ count }) => !sent.has(count) || again.get(count) === sent.get(count))
    }),
    { numRuns: 100 },
  )
  t.end()
})

t.test('what is sent says how much was not, and a re-send is the same to the byte', (t) => {
  const entry = {
    ...{ job: '', labels: {}, structuredMetadata: true, maxStreams: 10, maxLineBytes: 4096, maxLabelValueBytes: 64 },
  }
  for (const format of ['logfmt', 'json'] as const) {
    const made = (counts: readonly number[]): readonly string[] => {
      const throttle = byObject(5)
      const converter = createConverter({ ...entry, format })
      return counts.map((count) => {
        const event = revision(count, 5000)
        const verdict = throttle(event)
        return verdict.kind === 'sent' ? converter.toEntry(event, { metadata: [], ...verdict }).line : verdict.by
      })
    }
    const lines = made([1, 2, 3, 4, 5, 6, 16])
    t.notMatch(lines.slice(0, 5).join(), 'suppressed')
    t.equal(lines[5], 'object')
    t.match(lines[6], format === 'logfmt' ? / suppressed=10$/ : /"suppressed":10}$/)
    t.strictSame(made([5, 6, 16]).at(-1), lines[6], 'of who knows nothing of what came before')
  }
  t.end()
})

t.test('a namespace has so many lines in a window of the events\u2019 own time, and others are not touched', (t) => {
  const throttle = createThrottle({ lines: 0, windowMs: 1000, namespaceLines: 3, namespaceWindowMs: 60_000 })
  const about = (namespace: string, ageMs: number): string => {
    const verdict = throttle(revision(1, ageMs, { involvedObject: { kind: 'Pod', namespace, name: 'x' } }))
    return verdict.kind === 'sent' ? 'sent' : verdict.by
  }
  t.strictSame(
    [0, 1, 2, 3, 4].map((second) => about('noisy', second * 1000)),
    ['sent', 'sent', 'sent', 'namespace', 'namespace'],
  )
  t.equal(about('quiet', 0), 'sent')
  t.equal(about('noisy', 60_000), 'sent', 'the next window')
  t.equal(about('noisy', 500), 'namespace', 'one that comes late is counted where it belongs')
  const limit = new WindowLimit(1000)
  for (let i = 0; i < 100_000; i += 1) limit.count(limit.slot(`n-${i}`, 0n))
  t.equal(limit.slot('n-99999', 0n).lines, 1)
  t.equal(limit.slot('n-0', 0n).lines, 0, 'of endlessly many, the oldest are forgotten')
  t.strictSame(createThrottle(null)(revision(900, 0)), { kind: 'sent', suppressed: 0 })
  t.end()
})
