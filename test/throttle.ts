import fc from 'fast-check'
import t from 'tap'
import { createConverter } from '../src/entry/convert.ts'
import { decodeEvent } from '../src/kube/decode-event.ts'
import type { KubeEvent } from '../src/kube/event.ts'
import { NamespaceLimit } from '../src/throttle/namespace-limit.ts'
import { judgeRepeat } from '../src/throttle/repeats.ts'
import { createThrottle } from '../src/throttle/throttle.ts'

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
const judged = (count: number, ageMs: number): number | null => judgeRepeat(revision(count, ageMs), limits)

t.test('of a steady repeat come the first lines, and then one or two in each window with what was suppressed', (t) => {
  // Every ten seconds for six hours: 60 in each window.
  const sent = Array.from({ length: 2160 }, (_, i) => ({ count: i + 1, ageMs: i * 10_000 })).filter(
    ({ count, ageMs }) => judged(count, ageMs) !== null,
  )
  const perWindow = new Map<number, number>()
  for (const { ageMs } of sent) {
    const window = Math.floor(ageMs / limits.windowMs)
    perWindow.set(window, (perWindow.get(window) ?? 0) + 1)
  }
  t.equal(perWindow.size, 36, 'no window without a line')
  t.ok((perWindow.get(0) ?? 0) <= 5 + 4, 'five, then one at each doubling')
  for (const [window, lines] of perWindow) if (window > 0) t.ok(lines >= 1 && lines <= 2, `window ${window}: ${lines}`)
  const told = sent.reduce((sum, { count, ageMs }) => sum + (judged(count, ageMs) ?? 0), 0)
  t.ok(told <= 2160 - sent.length, 'never more than there were')
  t.ok(told >= (2160 - sent.length) * 0.8, 'and most of them')
  t.end()
})

t.test('a burst: the first lines, then one each time the count doubles, with the exact number in between', (t) => {
  const sent = Array.from({ length: 1000 }, (_, i) => i + 1).filter((count) => judged(count, 1000) !== null)
  t.strictSame(sent, [1, 2, 3, 4, 5, 8, 16, 32, 64, 128, 256, 512])
  t.strictSame(
    sent.map((count) => judged(count, 1000)),
    [0, 0, 0, 0, 0, 2, 7, 15, 31, 63, 127, 255],
  )
  t.end()
})

t.test('a slow repeat is not touched, nor one that happened once', (t) => {
  for (let i = 1; i < 500; i += 1) t.equal(judged(i, (i - 1) * 120_000), 0)
  t.equal(judgeRepeat(revision(1, 0, { firstTimestamp: null, lastTimestamp: null }), { lines: 1, windowMs: 1000 }), 0)
  const series = revision(1, 0, {
    ...{ count: 0, firstTimestamp: null, lastTimestamp: null, eventTime: '2026-11-23T22:00:00.000000Z' },
    series: { count: 7, lastObservedTime: '2026-11-23T22:00:10.000000Z' },
  })
  t.equal(judgeRepeat(series, limits), null, 'a series counts as well')
  const timeless = { firstTimestamp: null, lastTimestamp: null, metadata: { uid: 'u', resourceVersion: '1' } }
  t.equal(judgeRepeat(revision(6, 0, timeless), limits), null, 'without a time, one window')
  t.end()
})

t.test('the verdict depends on the revision alone, and bounds what comes over any life', (t) => {
  const step = fc.record({ repeats: fc.integer({ min: 1, max: 400 }), passMs: fc.integer({ min: 0, max: 2 * HOUR }) })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (steps, lines) => {
      const options = { lines, windowMs: 600_000 }
      let [count, ageMs, within] = [0, 0, 0]
      let isBounded = true
      for (const { repeats, passMs } of steps) {
        ageMs += passMs
        for (let i = 0; i < repeats; i += 1) {
          count += 1
          const verdict = judgeRepeat(revision(count, ageMs), options)
          if (verdict !== judgeRepeat(revision(count, ageMs), options)) return false
          if (verdict === 0) within += 1
          if (verdict !== null && verdict >= count) return false
        }
        const windows = 1 + Math.floor(ageMs / options.windowMs)
        // One in a power of two that is about the pace: the sum over all counts is at most this.
        isBounded &&= within <= lines * windows + 2 * windows * (1 + Math.log(count))
      }
      return isBounded
    }),
    { numRuns: 60 },
  )
  t.end()
})

t.test('what is sent says how much was not, and a re-send is the same to the byte', (t) => {
  const entry = {
    ...{ job: '', labels: {}, structuredMetadata: true, maxStreams: 10, maxLineBytes: 4096, maxLabelValueBytes: 64 },
  }
  for (const format of ['logfmt', 'json'] as const) {
    const lines = [0, 1].map(() => {
      const throttle = createThrottle({ ...limits, namespaceLines: 0, namespaceWindowMs: 1000 })
      const converter = createConverter({ ...entry, format })
      return [4, 6, 16].map((count) => {
        const event = revision(count, 5000)
        const verdict = throttle(event)
        return verdict.kind === 'sent' ? converter.toEntry(event, { metadata: [], ...verdict }).line : verdict.by
      })
    })
    t.strictSame(lines[0], lines[1])
    const [first, second, third] = lines[0] ?? []
    t.notMatch(first, 'suppressed')
    t.equal(second, 'object')
    t.match(third, format === 'logfmt' ? / suppressed=7$/ : /"suppressed":"?7"?}$/)
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
  const limit = new NamespaceLimit(1, 1000)
  for (let i = 0; i < 50_000; i += 1) limit.admits(`n-${i}`, 0n)
  t.equal(limit.admits('n-49999', 0n), false)
  t.equal(limit.admits('n-0', 0n), true, 'of endlessly many, the oldest are forgotten')
  t.strictSame(createThrottle(null)(revision(900, 0)), { kind: 'sent', suppressed: 0 })
  t.end()
})
