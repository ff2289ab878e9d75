import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Registry } from 'prom-client'
import t from 'tap'
import { eventPaths } from '../../src/kube/event-path.ts'
import { eventTimeMs } from '../../src/kube/event-time.ts'
import { decodeEvent } from '../../src/kube/decode-event.ts'
import { deletedRevision, readFrame } from '../../src/kube/frame.ts'
import { MAX_INTERVALS } from '../../src/kube/limits.ts'
import { oweAlso, owedRules, watchedTo } from '../../src/kube/owed.ts'
import { Patience } from '../../src/kube/patience.ts'
import type { Interval, ScopePosition } from '../../src/kube/position.ts'
import { remedyFor } from '../../src/kube/source-failure.ts'
import { createSourceMetrics } from '../../src/kube/source-metrics.ts'
import { handClock } from '../fixtures/clock.ts'

const lines = (file: string): Buffer[] =>
  gunzipSync(readFileSync(new URL(file, import.meta.url)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line))

const recorded = [
  ...lines('../../src/demo/recording/watch-core-v1.ndjson.gz'),
  ...lines('../fixtures/recorded/ttl-deletes-core-v1.ndjson.gz'),
]

const read = (text: string): ReturnType<typeof readFrame> => readFrame({ kind: 'line', bytes: Buffer.from(text) })

t.test('a recorded watch reads the same with and without the short way for DELETED', (t) => {
  const counts = { short: 0, event: 0 }
  for (const line of recorded) {
    const { type, object } = JSON.parse(line.toString()) as {
      type: string
      object: { metadata: { resourceVersion: string } }
    }
    const frame = readFrame({ kind: 'line', bytes: new Uint8Array(line) })
    const short = deletedRevision(line)
    if (short !== '') counts.short += 1
    if (frame.kind === 'event') counts.event += 1
    const revision =
      frame.kind === 'moved' ? frame.resourceVersion : frame.kind === 'event' ? frame.event.resourceVersion : ''
    if (revision !== object.metadata.resourceVersion) t.fail(`revision of ${line.toString('utf8', 0, 200)}`)
    if (short !== (type === 'DELETED' ? revision : '')) t.fail(`short way of ${line.toString('utf8', 0, 200)}`)
  }
  t.ok(counts.short >= 688, `${counts.short} deletions were not parsed`)
  t.equal(counts.event, 1017, 'ADDED and MODIFIED')
  t.end()
})

t.test('the short way takes only the metadata’s own revision, and nothing that looks like it', (t) => {
  const head = '{"type":"DELETED","object":{"kind":"Event","apiVersion":"v1","metadata":{'
  const short = (text: string): string => deletedRevision(Buffer.from(text))
  t.equal(short(`${head}"name":"a","resourceVersion":"12"},"involvedObject":{}}}`), '12')
  t.equal(short(`${head}"name":"a"},"involvedObject":{"resourceVersion":"12"}}}`), '', 'of another object')
  t.equal(short(`${head}"annotations":{"resourceVersion":"12"}}}}`), '', 'of an annotation')
  t.equal(short(`${head}"name":"\\"resourceVersion\\":\\"66\\"","resourceVersion":"12"}}}`), '12', 'inside a string')
  t.equal(short(`${head}"resourceVersion":"012"}}}`), '', 'not a revision')
  t.equal(short(`${head}"resourceVersion":"${'9'.repeat(40)}"}}}`), '', 'too long')
  t.equal(short(`${head}"resourceVersion":"12`), '', 'cut off')
  t.equal(short(head), '')
  t.equal(short('{"object":{"metadata":{"resourceVersion":"12"}},"type":"DELETED"}'), '', 'another order of keys')
  t.strictSame(
    read('{"object":{"metadata":{"resourceVersion":"12"}},"type":"DELETED"}'),
    { kind: 'moved', resourceVersion: '12' },
    'which is read all the same, the long way',
  )
  t.end()
})

t.test('an ERROR frame is a failure with its status, reason and wait', (t) => {
  const frame = read(
    '{"type":"ERROR","object":{"kind":"Status","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":3}}}',
  )
  t.match(frame, { kind: 'refused', failure: { status: 429, reason: 'TooManyRequests', retryAfterMs: 3000 } })
  t.match(read('{"type":"ERROR"}'), { kind: 'refused', failure: { status: 500 } })
  t.end()
})

t.test('a line that is too long is judged by its beginning', (t) => {
  const oversize = (text: string): ReturnType<typeof readFrame> =>
    readFrame({ kind: 'oversize', head: Buffer.from(text), sizeBytes: 9_000_000 })
  const metadata = '"metadata":{"name":"a","namespace":"shop","uid":"u","resourceVersion":"7","labels":{"uid":"x"'
  t.match(oversize(`{"type":"MODIFIED","object":{${metadata}`), {
    kind: 'dead',
    letter: { why: 'line_too_long', uid: 'u', resourceVersion: '7', namespace: 'shop', sizeBytes: 9_000_000 },
  })
  t.strictSame(oversize(`{"type":"DELETED","object":{${metadata}`), { kind: 'moved', resourceVersion: '7' })
  t.match(oversize('{"type":"ADDED","object":{"message":"metadata'), { letter: { uid: '', resourceVersion: '' } })
  t.match(oversize('garbage'), { kind: 'ignored' })
  t.end()
})

const interval = (after: number, upTo: number, notBeforeMs: number | null = null): Interval => ({
  after: String(after),
  upTo: String(upTo),
  notBeforeMs,
})

const position = (watched: string, pending: readonly Interval[] = []): ScopePosition => ({
  epoch: 0,
  watched,
  active: null,
  pending,
})

t.test('owed intervals that touch become one; empty ones are none', (t) => {
  t.strictSame(oweAlso([interval(1, 5)], interval(5, 9)), [interval(1, 9)])
  t.strictSame(
    oweAlso([interval(1, 5, 77)], interval(5, 9)),
    [interval(1, 5, 77), interval(5, 9)],
    'another limit of time',
  )
  t.strictSame(oweAlso([interval(1, 5)], interval(7, 7)), [interval(1, 5)])
  t.strictSame(owedRules.expired(position('9'), '100').pending, [interval(9, 100)], 'by number, not by text')
  t.end()
})

t.test('more than 32 intervals are bounded by joining the oldest, and nothing owed is forgotten', (t) => {
  let pending: readonly Interval[] = [interval(0, 1, 500)]
  for (let i = 1; i < 100; i += 1) pending = oweAlso(pending, interval(i * 10, i * 10 + 5))
  t.equal(pending.length, MAX_INTERVALS)
  t.equal(pending[0]?.notBeforeMs, null, 'rather too much than too little')
  for (let i = 1; i < 100; i += 1) t.ok(owedRules.owing(pending, String(i * 10 + 5)))
  t.strictSame(pending.at(-1), interval(990, 995))
  t.equal(owedRules.owing(pending, '988'), null, 'the younger ones are kept apart')
  t.end()
})

t.test('a position moves as far as the longest of numbers, and never back', (t) => {
  const huge = '9'.repeat(39)
  t.equal(watchedTo(position('999'), '1000').watched, '1000')
  t.equal(watchedTo(position('1000'), '999').watched, '1000')
  t.equal(watchedTo(position('9007199254740993'), '9007199254740994').watched, '9007199254740994')
  t.equal(watchedTo(position('1'), huge).watched, huge)
  t.strictSame(owedRules.start({ kind: 'since', durationMs: 1e15 }, '5', 1000).pending, [interval(0, 5, 0)])
  t.end()
})

t.test('the backoff doubles to 30 s, begins anew after two minutes, and gives way to Retry-After', async (t) => {
  const clock = handClock()
  const patience = new Patience(clock, () => 0)
  const waits = Array.from({ length: 8 }, () => patience.nextWaitMs(null))
  t.strictSame(waits, [800, 1600, 3200, 6400, 12800, 25600, 30000, 30000])
  t.equal(patience.nextWaitMs(45_000), 45_000)
  t.equal(patience.nextWaitMs(86_400_000), 300_000, 'but not for ever')
  await clock.advance(119_000)
  t.equal(patience.nextWaitMs(null), 30_000)
  await clock.advance(120_000)
  t.equal(patience.nextWaitMs(null), 800)
  t.equal(patience.nextWaitMs(100), 1600, 'a smaller Retry-After does not hurry it')
})

t.test('each failure has one remedy', (t) => {
  const http = (status: number, reason = ''): ReturnType<typeof remedyFor> =>
    remedyFor({ kind: 'http', status, reason, message: 'm', continueToken: null, retryAfterMs: null })
  t.equal(http(410).kind, 'expired')
  t.equal(http(500, 'Expired').kind, 'expired')
  t.equal(http(410, 'Gone').kind, 'expired')
  t.equal(http(401).kind, 'auth')
  t.equal(http(403).kind, 'denied')
  t.equal(http(400).kind, 'bad_request')
  t.strictSame([http(500).reason, http(503).reason, http(429).reason], ['internal_error', 'server_error', 'throttled'])
  t.equal(http(302).reason, 'bad_answer')
  t.equal(http(404, 'NotFound').why, 'HTTP 404: NotFound: m')
  t.equal(remedyFor({ kind: 'transport', why: 'refused' }).reason, 'unreachable')
  t.equal(remedyFor({ kind: 'too_large', limitBytes: 5 }).reason, 'bad_answer')
  t.end()
})

t.test('the time of an event is its newest occurrence', (t) => {
  const at = (fields: Readonly<Record<string, unknown>>): number => {
    const metadata = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }
    const decoded = decodeEvent({ metadata, ...fields })
    return decoded.kind === 'event' ? eventTimeMs(decoded.event) : Number.NaN
  }
  const second = (n: number): number => Date.UTC(2026, 5, 1, 0, 0, n)
  t.equal(at({ firstTimestamp: '2026-06-01T00:00:01Z', lastTimestamp: '2026-06-01T00:00:09Z' }), second(9))
  t.equal(
    at({ eventTime: '2026-06-01T00:00:02.000001Z', series: { lastObservedTime: '2026-06-01T00:00:07.000000Z' } }),
    second(7),
  )
  t.equal(at({ lastTimestamp: null, eventTime: null }), Date.UTC(2026, 0, 1))
  t.equal(at({ lastTimestamp: 'yesterday' }), Date.UTC(2026, 0, 1))
  t.end()
})

t.test('names are escaped where they become a path', (t) => {
  const source = {
    namespaces: { kind: 'only' as const, names: [] },
    fieldSelector: '',
    labelSelector: '',
    start: { kind: 'new' as const },
  }
  const paths = eventPaths('a/../b', source)
  t.equal(paths.probe, '/api/v1/namespaces/a%2F..%2Fb/events?limit=1')
  t.equal(paths.page(7, 'a&b=c'), '/api/v1/namespaces/a%2F..%2Fb/events?limit=7&continue=a%26b%3Dc')
  t.end()
})

t.test('metrics follow the conventions of Prometheus and begin at zero', async (t) => {
  const registry = new Registry()
  const metrics = createSourceMetrics(registry)
  metrics.of('a', '*')
  metrics.of('b', 'shop')
  for (const metric of await registry.getMetricsAsJSON()) {
    t.match(metric.name, /^eventail_[a-z]+(?:_[a-z]+)*$/)
    t.equal(metric.name.endsWith('_total'), String(metric.type) === 'counter', `${metric.name}: _total is for counters`)
    t.notMatch(metric.name, /_(?:ms|milliseconds|kb|mb|count|sum|bucket)(?:_|$)|gauge|counter/, 'base units, no types')
    t.match(metric.help, /\.$/)
    t.ok(metric.values.length >= 2, `${metric.name} has series of both jobs`)
    for (const { value, labels } of metric.values) t.equal(value, labels['state'] === 'init' ? 1 : 0)
  }
})
