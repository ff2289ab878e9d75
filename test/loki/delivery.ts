import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Entry, Labels } from '../../src/entry/entry.ts'
import { batchOf } from '../../src/loki/batch.ts'
import type { ClientOptions } from '../../src/loki/client-options.ts'
import { NewestSent } from '../../src/loki/newest-sent.ts'
import { toQueuedEntry } from '../../src/loki/queued-entry.ts'
import { handClock } from '../fixtures/clock.ts'
import { createIngester } from '../fixtures/ingester.ts'
import { entryAt, lokiOptions, testClient, type TestClient } from '../fixtures/loki-client.ts'
import {
  script,
  startLoki,
  type Answer,
  type LokiAnswer,
  type LokiServer,
  type PushRecord,
} from '../fixtures/loki-server.ts'

type Setting = { readonly loki: LokiServer; readonly tc: TestClient }

const begin = async (t: Test, over: Partial<ClientOptions> = {}, answer?: Answer): Promise<Setting> => {
  const loki = await startLoki(answer === undefined ? {} : { answer })
  const tc = testClient(lokiOptions(loki.url, over))
  t.teardown(async () => {
    await tc.stop()
    await loki.close()
  })
  tc.client.start()
  return { loki, tc }
}

/** An entry of now. */
const entry = (tc: TestClient, line: string, labels?: Labels): Entry => entryAt(tc.clock.now(), line, labels)

const offerAll = (tc: TestClient, entries: readonly Entry[]): void => {
  for (const [sequence, each] of entries.entries()) tc.client.offer(each, sequence)
}

const linesOf = (request: PushRecord | undefined): string[] =>
  request?.streams.flatMap((stream) => stream.entries.map((e) => e.line)) ?? []

const countOf = (tc: TestClient, fate: string): number => [...tc.fates.values()].filter((f) => f === fate).length

/** An answer that a test gives when it wants to. */
const held = (): { answer: Promise<LokiAnswer>; give: (answer: LokiAnswer) => void } => {
  let give: (answer: LokiAnswer) => void = () => undefined
  const answer = new Promise<LokiAnswer>((resolve) => {
    give = resolve
  })
  return { answer, give }
}

const refuses =
  (
    isBad: (line: string) => boolean,
    body = `max entry size '1' bytes exceeded for stream '{job="x"}' while adding an entry with length '2' bytes`,
  ): Answer =>
  (request) =>
    linesOf(request).some(isBad) ? { status: 400, body } : { status: 204 }

t.test('after idle, an entry waits only for the linger', async (t) => {
  const { loki, tc } = await begin(t)
  tc.client.offer(entry(tc, 'first'), 0)
  await tc.clock.advance(24)
  t.equal(loki.requests.length, 0)
  await tc.clock.advance(1)
  await loki.received(1)
  t.same(linesOf(loki.requests[0]), ['first'])
  await tc.settled(1)
  t.equal(tc.fates.get(0), 'sent')
})

t.test('a trickle makes at most 20 pushes a second, keeps its order, and no entry waits for batchwait', async (t) => {
  const { loki, tc } = await begin(t)
  const offeredMs: number[] = []
  for (let i = 0; i < 200; i += 1) {
    offeredMs.push(tc.clock.monotonicMs())
    tc.client.offer(entry(tc, String(i)), i)
    await tc.until(() => tc.clock.monotonicMs() >= (i + 1) * 10)
  }
  await tc.settled(200)
  t.ok(tc.clock.monotonicMs() < 2200, 'nothing lags behind')
  t.ok(loki.requests.length <= 42, `${loki.requests.length} pushes in 2 s`)
  t.ok(loki.requests.length >= 30, 'and not far fewer')
  t.same(
    loki.requests.flatMap(linesOf),
    Array.from({ length: 200 }, (_, i) => String(i)),
  )
})

t.test('tenants share the pushes of a second', async (t) => {
  const { loki, tc } = await begin(t)
  for (let i = 0; i < 200; i += 1) {
    tc.client.offer(entry(tc, String(i), { job: 'x', __tenant_id__: `t${i % 4}` }), i)
    await tc.until(() => tc.clock.monotonicMs() >= (i + 1) * 10)
  }
  await tc.settled(200)
  t.ok(loki.requests.length <= 45, `${loki.requests.length} pushes in 2 s`)
  t.ok(tc.clock.monotonicMs() < 3000)
})

t.test('a linger longer than batchwait is cut to it', async (t) => {
  const { loki, tc } = await begin(t, { lingerMs: 5000, batchWaitMs: 300 })
  tc.client.offer(entry(tc, 'x'), 0)
  await tc.clock.advance(299)
  t.equal(loki.requests.length, 0)
  await tc.clock.advance(1)
  await loki.received(1)
})

t.test('a batch fills while the one before it is in flight', async (t) => {
  const first = held()
  const { loki, tc } = await begin(t, {}, ({ n }) => (n === 0 ? first.answer : { status: 204 }))
  tc.client.offer(entry(tc, 'a'), 0)
  await tc.clock.advance(25)
  await loki.received(1)
  for (let i = 1; i <= 50; i += 1) tc.client.offer(entry(tc, `b${i}`), i)
  await tc.clock.advance(500)
  t.equal(loki.requests.length, 1, 'one request at a time')
  first.give({ status: 204 })
  await tc.settled(51)
  t.equal(loki.requests.length, 2)
  t.equal(linesOf(loki.requests[1]).length, 50)
})

t.test('a full batch leaves at once, and a batch is never larger than batchsize', async (t) => {
  const { loki, tc } = await begin(t, { batchSizeBytes: 1000 })
  for (let i = 0; i < 20; i += 1) tc.client.offer(entry(tc, `${i}`.padEnd(100, '.')), i)
  await loki.received(1)
  t.equal(tc.clock.monotonicMs(), 0, 'the clock has not moved')
  tc.client.offer(entry(tc, 'x'.repeat(5000)), 20)
  await tc.settled(21)
  t.same(
    loki.requests.map((r) => linesOf(r).length),
    [10, 10, 1],
    'a line above the size goes alone',
  )
})

t.test('a failed batch is retried unchanged, byte by byte, and nothing overtakes it', async (t) => {
  const { loki, tc } = await begin(
    t,
    { timeoutMs: 7777 },
    script({ status: 500 }, 'reset', { status: 503 }, { status: 204 }),
  )
  tc.client.offer(entry(tc, 'a', { job: 'x' }), 0)
  tc.client.offer(entry(tc, 'b', { job: 'y' }), 1)
  await tc.clock.advance(25)
  await loki.received(1)
  tc.client.offer(entry(tc, 'later', { job: 'x' }), 2)
  await tc.settled(3)
  t.equal(loki.requests.length, 5)
  for (const again of loki.requests.slice(1, 4)) t.ok(again.body.equals(loki.requests[0]?.body ?? Buffer.alloc(0)))
  t.same(linesOf(loki.requests[4]), ['later'])
  t.equal(await tc.metric('eventail_entries_resent_total{client="main"}'), 6, 'each of three times two may be a repeat')
  t.equal(await tc.metric(`promtail_batch_retries_total{host="${loki.host}",tenant=""}`), 3)
  t.equal(await tc.metric('eventail_pushes_total{client="main",answer="retry"}'), 3)
})

t.test('no answer within the time-out is a failure to retry', async (t) => {
  const { loki, tc } = await begin(t, {}, script('hang', { status: 204 }))
  tc.client.offer(entry(tc, 'a'), 0)
  await tc.clock.advance(25)
  await loki.received(1)
  await tc.clock.advance(9_998)
  t.equal(loki.requests.length, 1)
  await tc.clock.advance(1)
  await tc.settled(1)
  t.equal(tc.fates.get(0), 'sent')
  t.match(tc.logged.join(''), /push failed, trying again.*cause=transport.*no answer within 9999 ms/)
  t.match(tc.logged.join(''), /pushes succeed again/)
})

t.test('the wait between attempts grows, and Retry-After makes it longer', async (t) => {
  const at: number[] = []
  const { tc } = await begin(t, {}, ({ n }) => {
    at.push(tc.clock.monotonicMs())
    if (n === 3) return { status: 429, headers: { 'retry-after': '30' } }
    return { status: n < 5 ? 503 : 204 }
  })
  tc.client.offer(entry(tc, 'a'), 0)
  await tc.settled(1)
  const waits = at.slice(1).map((ms, i) => ms - (at[i] ?? 0))
  t.same(waits, [500, 1000, 2000, 30_000, 8000])
})

t.test('a partial 400 isolates the refused entry in few pushes; the others are sent', async (t) => {
  const { loki, tc } = await begin(
    t,
    {},
    refuses((line) => line === 'poison'),
  )
  offerAll(
    tc,
    Array.from({ length: 1000 }, (_, i) => entry(tc, i === 700 ? 'poison' : `${i}`, { job: `j${i % 7}` })),
  )
  await tc.settled(1000)
  t.equal(tc.fates.get(700), 'rejected')
  t.equal(countOf(tc, 'sent'), 999)
  t.ok(loki.requests.length <= 1 + 2 * Math.ceil(Math.log2(1000)), `${loki.requests.length} pushes`)
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="line_too_long"}'), 1)
  t.equal(await tc.metric('eventail_entries_sent_total{client="main"}'), 999)
  t.equal(await tc.metric('eventail_client_ready{client="main"}'), 1)
})

t.test('a batch of refused entries only costs two pushes for each at most', async (t) => {
  const { loki, tc } = await begin(
    t,
    {},
    refuses(() => true),
  )
  offerAll(
    tc,
    Array.from({ length: 64 }, (_, i) => entry(tc, `${i}`)),
  )
  await tc.settled(64)
  t.equal(countOf(tc, 'rejected'), 64)
  t.equal(loki.requests.length, 127)
})

t.test('entries refused for their age are found by a search for the threshold', async (t) => {
  const ingester = createIngester({ now: () => tc.clock.now() })
  const { loki, tc } = await begin(t, {}, (request) => ingester.answer(request))
  tc.client.offer(entry(tc, 'newest'), 0)
  await tc.settled(1)
  // A prime step walks through all ages of 0 to 3 h in a mixed order.
  const ages = Array.from({ length: 1000 }, (_, i) => ((i * 389) % 1000) * 10_800)
  for (const [i, ageMs] of ages.entries()) tc.client.offer(entryAt(tc.clock.now() - ageMs, `${i} ${ageMs}`), i + 1)
  await tc.settled(1001)
  const refused = ages.filter((_, i) => tc.fates.get(i + 1) === 'rejected')
  t.equal(Math.min(...refused) > 3_600_000, true, `refused from ${Math.min(...refused)} ms on`)
  t.equal(refused.length, ages.filter((ageMs) => ageMs > 3_600_000).length)
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="too_far_behind"}'), refused.length)
  t.ok(loki.requests.length < 60, `${loki.requests.length} pushes`)
  t.equal(ingester.stored().length, 1001 - refused.length)
})

t.test('entries keep their order within a stream through every cut', async (t) => {
  const { loki, tc } = await begin(
    t,
    {},
    refuses((line) => line.endsWith('7')),
  )
  offerAll(
    tc,
    Array.from({ length: 100 }, (_, i) => entry(tc, `${i}`)),
  )
  await tc.settled(100)
  const accepted = loki.requests.filter((r) => linesOf(r).every((line) => !line.endsWith('7'))).flatMap(linesOf)
  t.same(
    accepted,
    Array.from({ length: 100 }, (_, i) => `${i}`).filter((line) => !line.endsWith('7')),
  )
})

t.test(
  'a 413 splits the batch, later batches are smaller, and only a line that is too large alone is rejected',
  async (t) => {
    const { loki, tc } = await begin(t, { batchSizeBytes: 400_000 }, (request) =>
      linesOf(request).join('').length > 100_000 ? { status: 413, body: 'request body too large' } : { status: 204 },
    )
    offerAll(tc, [
      ...Array.from({ length: 30 }, (_, i) => entry(tc, `${i}`.padEnd(20_000, '.'))),
      entry(tc, 'x'.repeat(150_000)),
    ])
    await tc.settled(31)
    t.equal(countOf(tc, 'sent'), 30)
    t.equal(tc.fates.get(30), 'rejected')
    t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="request_too_large"}'), 1)
    const before = loki.requests.length
    for (let i = 31; i < 61; i += 1) tc.client.offer(entry(tc, `${i}`.padEnd(20_000, '.')), i)
    await tc.settled(61)
    t.ok(loki.requests.length - before <= 9, 'the second thirty go in pieces that fit')
  },
)

t.test('a 429 is retried as it is, unless the batch is above the stated rate twice', async (t) => {
  const text = (n: number) =>
    `ingestion rate limit exceeded for user T (limit: ${n} bytes/sec) while attempting to ingest '9' lines`
  const { loki, tc } = await begin(t, {}, ({ streams, n }) => {
    if (n === 0) return { status: 429, body: text(5_000_000) }
    return streams.flatMap((s) => s.entries).length > 4 ? { status: 429, body: text(300) } : { status: 204 }
  })
  offerAll(
    tc,
    Array.from({ length: 16 }, (_, i) => entry(tc, `${i}`.padEnd(100, '.'))),
  )
  await tc.settled(16)
  t.equal(countOf(tc, 'sent'), 16)
  t.same(
    loki.requests.map((r) => linesOf(r).length),
    [16, 16, 8, 8, 4, 4, 8, 8, 4, 4],
    'refused twice, then cut',
  )
})

t.test('a stream over its rate is pushed stream by stream, so that no refusal hides', async (t) => {
  const ingester = createIngester({ now: () => tc.clock.now(), maxStreamBytes: 1000 })
  const { loki, tc } = await begin(t, {}, (request) => ingester.answer(request))
  const entries = [
    ...Array.from({ length: 20 }, (_, i) => entry(tc, `small ${i}`.padEnd(20, '.'), { job: 'small' })),
    ...Array.from({ length: 20 }, (_, i) => entry(tc, `large ${i}`.padEnd(200, '.'), { job: 'z' })),
  ]
  offerAll(tc, entries)
  await tc.until(() => loki.requests.length >= 4)
  t.same(
    loki.requests[1]?.streams.map((s) => s.labels),
    ['{job="small"}'],
  )
  t.same(
    loki.requests[2]?.streams.map((s) => s.labels),
    ['{job="z"}'],
  )
  t.equal(countOf(tc, 'sent'), 20, 'the large one is still tried')
  t.equal(tc.client.queued(), 20)
})

t.test(
  'refusals because of a setting never settle anything, say which setting, and end when it is put right',
  async (t) => {
    const cases: readonly [LokiAnswer, string][] = [
      [{ status: 401, body: 'no org id' }, 'tenant_id'],
      [{ status: 401, body: 'unauthorized' }, 'authorization'],
      [{ status: 403 }, 'authorization'],
      [{ status: 404, body: '404 page not found' }, 'url'],
      [{ status: 405 }, 'url'],
      [{ status: 200, body: '<html>welcome</html>' }, 'url'],
      [{ status: 302, headers: { location: '/login' } }, 'url'],
      [
        { status: 400, body: `stream '{a="b"}' includes structured metadata, but this feature is disallowed. Please` },
        'structured_metadata',
      ],
      [{ status: 400, body: `entry for stream '{a="b"}' has 17 label names; limit 15` }, 'labels'],
      [{ status: 400, body: `missing required labels 'team' for user 'T' for stream '{a="b"}'` }, 'external_labels'],
    ]
    for (const [answer, setting] of cases) {
      const { loki, tc } = await begin(t, {}, () => answer)
      tc.client.offer(entry(tc, 'a'), 0)
      tc.client.offer(entry(tc, 'b'), 1)
      await tc.until(() => loki.requests.length >= 4)
      t.equal(tc.fates.size, 0, `${setting}: nothing settled`)
      t.equal(tc.client.readiness().ready, false)
      t.match(tc.client.readiness().why, setting)
      t.match(tc.logged.join(''), `check the setting" component=loki client=main setting=${setting}`)
      loki.answerWith(() => ({ status: 204 }))
      await tc.settled(2)
      t.equal(countOf(tc, 'sent'), 2)
      t.equal(tc.client.readiness().ready, true)
    }
  },
)

t.test('a refusal in unknown words is held against an entry only if Loki takes others', async (t) => {
  const unknown = { status: 400, body: 'computer says no' }
  const { loki, tc } = await begin(t, {}, () => unknown)
  offerAll(
    tc,
    Array.from({ length: 200 }, (_, i) => entry(tc, i === 0 ? 'poison' : `${i}`)),
  )
  await tc.until(() => loki.requests.length >= 60)
  t.equal(tc.fates.size, 0, 'something between us and Loki refuses all')
  t.equal(tc.client.readiness().ready, false)
  loki.answerWith(refuses((line) => line === 'poison', unknown.body))
  await tc.settled(200)
  t.equal(tc.fates.get(0), 'rejected')
  t.equal(countOf(tc, 'sent'), 199)
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="other"}'), 1)
  const accepted = loki.requests
    .slice(60)
    .filter((r) => !linesOf(r).includes('poison'))
    .flatMap(linesOf)
  t.same(
    accepted.slice(-199),
    Array.from({ length: 199 }, (_, i) => `${i + 1}`),
    'in order',
  )
})

t.test('a single entry refused in unknown words waits for company and is then isolated', async (t) => {
  const { loki, tc } = await begin(
    t,
    {},
    refuses((line) => line === 'poison', 'computer says no'),
  )
  tc.client.offer(entry(tc, 'poison'), 0)
  await tc.until(() => loki.requests.length >= 3)
  t.equal(tc.fates.size, 0)
  tc.client.offer(entry(tc, 'good'), 1)
  await tc.settled(2)
  t.same(
    [...tc.fates],
    [
      [1, 'sent'],
      [0, 'rejected'],
    ],
  )
})

t.test("one tenant's trouble does not stop the others", async (t) => {
  const { loki, tc } = await begin(t, { tenantId: 'calm' }, ({ tenant }) => ({ status: tenant === 'bad' ? 503 : 204 }))
  for (let i = 0; i < 60; i += 1) {
    const labels: Labels = i % 3 === 0 ? { job: 'a' } : { job: 'a', __tenant_id__: i % 3 === 1 ? 'bad' : 'good' }
    tc.client.offer(entry(tc, `${i}`, labels), i)
  }
  await tc.settled(40)
  t.same(new Set(loki.requests.map((r) => r.tenant)), new Set(['calm', 'bad', 'good']))
  t.equal(tc.client.queued(), 20)
  t.ok(tc.clock.monotonicMs() < 1000, 'without a wait for the backoff')
  for (const request of loki.requests) for (const s of request.streams) t.equal(s.labels, '{job="a"}')
  loki.answerWith(() => ({ status: 204 }))
  await tc.settled(60)
})

t.test('at most four pushes are under way at a time, whatever the number of tenants', async (t) => {
  const gate = held()
  const { loki, tc } = await begin(t, { maxPushesPerSecond: 1000 }, () => gate.answer)
  offerAll(
    tc,
    Array.from({ length: 12 }, (_, i) => entry(tc, `${i}`, { job: 'x', __tenant_id__: `t${i}` })),
  )
  await tc.clock.advance(1000)
  await loki.received(4)
  await tc.clock.advance(1000)
  t.equal(loki.requests.length, 4)
  gate.give({ status: 204 })
  await tc.settled(12)
})

t.test('a long queue keeps its order', async (t) => {
  const { loki, tc } = await begin(t, { batchSizeBytes: 2000 })
  offerAll(
    tc,
    Array.from({ length: 5000 }, (_, i) => entry(tc, `${i}`.padStart(10, '0'))),
  )
  await tc.settled(5000)
  const lines = loki.requests.flatMap(linesOf)
  t.same(lines, lines.toSorted())
  t.equal(lines.length, 5000)
})

t.test('a client that hangs leaves another client alone', async (t) => {
  const stuck = await begin(t, { name: 'stuck' }, () => 'hang')
  const fine = await begin(t, { name: 'fine' })
  stuck.tc.client.offer(entry(stuck.tc, 'a'), 0)
  await stuck.tc.clock.advance(25)
  await stuck.loki.received(1)
  offerAll(
    fine.tc,
    Array.from({ length: 10 }, (_, i) => entry(fine.tc, `${i}`)),
  )
  await fine.tc.settled(10)
  t.equal(stuck.tc.client.queued(), 1)
})

t.test('a drain sends what is queued without waiting for company', async (t) => {
  const { loki, tc } = await begin(t, { lingerMs: 500 })
  offerAll(
    tc,
    Array.from({ length: 10 }, (_, i) => entry(tc, `${i}`)),
  )
  t.equal(await tc.drain(1000), 0)
  t.ok(tc.clock.monotonicMs() < 100)
  t.equal(linesOf(loki.requests[0]).length, 10)
})

t.test('a drain tries at once what is waiting for its backoff', async (t) => {
  const { loki, tc } = await begin(
    t,
    { backoff: { minMs: 60_000, maxMs: 60_000 } },
    script({ status: 503 }, { status: 204 }),
  )
  tc.client.offer(entry(tc, 'a'), 0)
  await tc.clock.advance(25)
  await tc.until(() => tc.logged.length > 0)
  t.equal(await tc.drain(1000), 0)
  t.equal(loki.requests.length, 2)
  t.ok(tc.clock.monotonicMs() < 1000)
})

t.test('a drain ends at its deadline, what is left stays unsettled and is counted', async (t) => {
  const { loki, tc } = await begin(t, {}, () => 'hang')
  offerAll(tc, [entry(tc, 'a'), entry(tc, 'b')])
  await tc.clock.advance(25)
  await loki.received(1)
  tc.client.offer(entry(tc, 'c'), 2)
  let left: number | undefined
  const drained = tc.client.drain(3000).then((n) => {
    left = n
  })
  await tc.clock.advance(2999)
  t.equal(left, undefined)
  await tc.clock.advance(1)
  await drained
  t.equal(left, 3)
  t.equal(tc.fates.size, 0)
  t.equal(tc.clock.sleepers, 0, 'no sleep is left behind')
})

t.test('at its bound a client has no room; it has again at half', async (t) => {
  const answer = held()
  const { loki, tc } = await begin(t, { queueBytes: 20_000, batchSizeBytes: 6000 }, ({ n }) =>
    n === 0 ? answer.answer : { status: 204 },
  )
  let offered = 0
  for (; tc.client.hasRoom(); offered += 1) tc.client.offer(entry(tc, 'x'.repeat(700)), offered)
  t.ok(offered <= 20, `${offered} entries of 1000 bytes`)
  await loki.received(1)
  let isOpen = false
  const room = tc.client.room(new AbortController().signal).then(() => {
    isOpen = true
  })
  await tc.clock.advance(100)
  t.equal(isOpen, false)
  answer.give({ status: 204 })
  await tc.settled(offered)
  await room
  t.ok(tc.client.hasRoom())
  t.equal(await tc.metric('eventail_queue_bytes{client="main"}'), 0, 'nothing is held at the end')
  const abort = new AbortController()
  for (let i = 100; tc.client.hasRoom(); i += 1) tc.client.offer(entry(tc, 'x'.repeat(700)), i)
  const aborted = tc.client.room(abort.signal)
  abort.abort()
  await aborted
})

t.test('a client that is not required drops what it has no room for and never says it is full', async (t) => {
  const { tc } = await begin(t, { required: false, queueBytes: 10_000 }, () => ({ status: 503 }))
  for (let i = 0; i < 50; i += 1) {
    t.ok(tc.client.hasRoom())
    tc.client.offer(entry(tc, 'x'.repeat(700)), i)
  }
  t.equal(tc.fates.size + tc.client.queued(), 50)
  t.equal(tc.client.queued(), 10)
  t.equal(countOf(tc, 'dropped'), 40)
  t.equal(await tc.metric('eventail_entries_dropped_total{client="main",reason="queue_full"}'), 40)
})

t.test('max_retries drops a batch after that many attempts, drop_rate_limited_batches at the first 429', async (t) => {
  const retried = await begin(t, { maxRetries: 3 }, () => ({ status: 500 }))
  offerAll(retried.tc, [entry(retried.tc, 'a'), entry(retried.tc, 'b')])
  await retried.tc.settled(2)
  t.equal(retried.loki.requests.length, 3)
  t.equal(countOf(retried.tc, 'dropped'), 2)
  t.equal(await retried.tc.metric('eventail_entries_dropped_total{client="main",reason="ingester_error"}'), 2)

  const limited = await begin(t, { dropRateLimited: true }, () => ({ status: 429 }))
  limited.tc.client.offer(entry(limited.tc, 'a'), 0)
  await limited.tc.settled(1)
  t.equal(limited.loki.requests.length, 1)
  t.equal(await limited.tc.metric('eventail_entries_dropped_total{client="main",reason="rate_limited"}'), 1)
  const series = `promtail_dropped_entries_total{host="${limited.loki.host}",tenant="",reason="rate_limited"}`
  t.equal(await limited.tc.metric(series), 1)
})

t.test('max_retries does not apply to a refusal because of a setting', async (t) => {
  const { loki, tc } = await begin(t, { maxRetries: 2 }, () => ({ status: 401 }))
  tc.client.offer(entry(tc, 'a'), 0)
  await tc.until(() => loki.requests.length >= 5)
  t.equal(tc.fates.size, 0)
})

t.test(
  'streams that may not be created are parked in order, the others go on, and they follow when they may',
  async (t) => {
    const limit = { streams: 3 }
    const ingester = createIngester({
      now: () => tc.clock.now(),
      get maxStreams() {
        return limit.streams
      },
    })
    const { loki, tc } = await begin(t, {}, (request) => ingester.answer(request))
    const stream = (i: number): Labels => ({ job: `j${i % 5}` })
    for (let i = 0; i < 50; i += 1) tc.client.offer(entry(tc, `${i}`, stream(i)), i)
    await tc.settled(30)
    await tc.until(() => tc.clock.monotonicMs() > 1000)
    t.equal(tc.client.queued(), 20, 'two streams wait')
    t.equal(await tc.metric('eventail_streams_parked{client="main"}'), 2)
    t.match(tc.logged.join(''), /Loki allows no further stream.*max_global_streams_per_user/)
    for (let i = 50; i < 100; i += 1) tc.client.offer(entry(tc, `${i}`, stream(i)), i)
    await tc.settled(60)
    t.equal(tc.client.queued(), 40)
    const before = loki.requests.length
    await tc.until(() => tc.clock.monotonicMs() > 60_000)
    t.ok(loki.requests.length - before < 8, 'parked streams are tried seldom')
    limit.streams = 5
    await tc.settled(100)
    t.equal(countOf(tc, 'sent'), 100)
    for (const [, { entries }] of ingester.streams) {
      const lines = entries.map((e) => Number(e.line))
      t.same(
        lines,
        [...lines].sort((a, b) => a - b),
      )
      t.equal(lines.length, 20)
    }
  },
)

t.test('a stream that may not be created is parked as a whole, though its batch was cut', async (t) => {
  const limit = { isReached: true }
  const { loki, tc } = await begin(t, {}, (request) => {
    if (linesOf(request).length > 6) return { status: 413 }
    const isRefused = limit.isReached && request.streams.some((s) => s.labels.includes('new'))
    return isRefused ? { status: 429, body: 'Maximum active stream limit exceeded, reduce' } : { status: 204 }
  })
  offerAll(tc, [
    ...Array.from({ length: 2 }, (_, i) => entry(tc, `old ${i}`, { job: 'old' })),
    ...Array.from({ length: 20 }, (_, i) => entry(tc, `${i}`.padStart(2, '0'), { job: 'new' })),
  ])
  await tc.until(() => tc.fates.size === 2 && tc.clock.monotonicMs() > 1000)
  const refused = loki.requests.filter((r) => linesOf(r).length <= 6 && linesOf(r).includes('19'))
  t.equal(refused.length, 0, 'its later parts are not tried')
  limit.isReached = false
  const before = loki.requests.length
  await tc.settled(22)
  const stored = loki.requests
    .slice(before)
    .filter((r) => linesOf(r).length <= 6)
    .flatMap(linesOf)
  t.same(
    stored,
    Array.from({ length: 20 }, (_, i) => `${i}`.padStart(2, '0')),
  )
})

t.test('entries given back to the queue stand before the others of their stream', async (t) => {
  const gate = { isShut: true }
  const { loki, tc } = await begin(t, { batchSizeBytes: 50 }, () =>
    gate.isShut ? { status: 400, body: 'computer says no' } : { status: 204 },
  )
  const old = tc.clock.now() - 55 * 60_000
  offerAll(
    tc,
    Array.from({ length: 30 }, (_, i) => entryAt(old + i, `${i}`.padStart(10, '0'), { job: `j${i % 2}` })),
  )
  await tc.until(() => loki.requests.length > 10)
  t.equal(tc.fates.size, 0)
  gate.isShut = false
  const before = loki.requests.length
  await tc.settled(30)
  for (const job of ['j0', 'j1']) {
    const own = loki.requests.slice(before).filter((r) => r.streams[0]?.labels === `{job="${job}"}`)
    const lines = own.flatMap(linesOf)
    t.same(lines, lines.toSorted())
    t.equal(lines.length, 15)
  }
})

t.test('what is remembered of streams is bounded', (t) => {
  const newest = new NewestSent()
  const batchFor = (i: number) => {
    const stream = { tenant: '', labels: `{s="${i}"}`, labelsBytes: 9, key: `\n{s="${i}"}` }
    const made = toQueuedEntry(entryAt(i, 'x'), { sequence: i, stream, arrivedMs: 0 })
    return batchOf(made === undefined ? [] : [made])
  }
  for (let i = 0; i <= 20_000; i += 1) newest.accepted(batchFor(i), 1000)
  t.equal(newest.newestMs('\n{s="0"}'), undefined, 'the oldest is forgotten')
  t.equal(newest.newestMs('\n{s="1"}'), 1)
  t.equal(newest.isFamiliar('\n{s="1"}', 1000 + 14 * 60_000), true)
  t.equal(newest.isFamiliar('\n{s="1"}', 1000 + 15 * 60_000), false)
  newest.accepted(batchFor(1), 2000)
  newest.accepted(batchFor(30_000), 2000)
  t.equal(newest.newestMs('\n{s="1"}'), 1, 'a stream in use stays')
  t.equal(newest.newestMs('\n{s="2"}'), undefined)
  t.end()
})

t.test('a 2xx that says the streams are thrown away counts them as rejected', async (t) => {
  const blocked = (more: string) =>
    `ingestion blocked for user 'T' ${more}until '2027-01-01T00:00:00Z' with status code '260'`
  const all = await begin(t, {}, () => ({ status: 260, body: blocked('') }))
  offerAll(all.tc, [entry(all.tc, 'a'), entry(all.tc, 'b', { job: 'other' })])
  await all.tc.settled(2)
  t.equal(all.loki.requests.length, 1)
  t.equal(await all.tc.metric('eventail_entries_rejected_total{client="main",reason="blocked"}'), 2)

  const some = await begin(t, {}, ({ streams }) =>
    streams.some((s) => s.labels.includes('blocked'))
      ? { status: 260, body: blocked(`(policy: 'P') `) }
      : { status: 204 },
  )
  offerAll(some.tc, [entry(some.tc, 'a'), entry(some.tc, 'b', { job: 'blocked' }), entry(some.tc, 'c')])
  await some.tc.settled(3)
  t.same(
    [0, 1, 2].map((n) => some.tc.fates.get(n)),
    ['sent', 'rejected', 'sent'],
  )
})

t.test('what can never be sent is rejected at once, with its reason', async (t) => {
  const { loki, tc } = await begin(t)
  tc.client.offer(entry(tc, 'a', { job: 'x', __tenant_id__: 'no spaces' }), 0)
  tc.client.offer(entry(tc, 'a', { job: 'x', __tenant_id__: '..' }), 1)
  tc.client.offer(entry(tc, 'a', { 'bad-name': 'x' }), 2)
  tc.client.offer({ ...entry(tc, 'a'), timestampNs: -62_135_596_801n * 1_000_000_000n }, 3)
  tc.client.offer({ ...entry(tc, 'a'), timestampNs: 253_402_300_800n * 1_000_000_000n }, 4)
  t.same(
    [...tc.fates.values()],
    Array.from({ length: 5 }, () => 'rejected'),
  )
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="tenant_invalid"}'), 2)
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="label_name_invalid"}'), 1)
  t.equal(await tc.metric('eventail_entries_rejected_total{client="main",reason="timestamp_invalid"}'), 2)
  tc.client.offer(
    {
      ...entry(tc, 'good'),
      metadata: [
        ['_', 'v'],
        ['ключ', 'v'],
        ['a', ''],
        ['name', 'pod'],
      ],
    },
    5,
  )
  await tc.settled(6)
  t.same(loki.entries()[0]?.entry.metadata, [['name', 'pod']], 'a name that would make Loki answer 500 is left out')
  t.equal(await tc.metric(`promtail_mutated_entries_total{host="${loki.host}",tenant="",reason="metadata_name"}`), 1)
})

t.test('pushes stay below the rates of stream and tenant', async (t) => {
  const seen: { atMs: number; bytes: number; stream: string }[] = []
  const pace = {
    streamPace: { bytesPerSecond: 10_000, burstBytes: 20_000 },
    tenantPace: { bytesPerSecond: 15_000, burstBytes: 30_000 },
  }
  const { tc } = await begin(t, { ...pace, batchSizeBytes: 5000 }, ({ streams }) => {
    for (const s of streams) {
      const bytes = s.entries.reduce((sum, e) => sum + e.line.length, 0)
      seen.push({ atMs: tc.clock.monotonicMs(), bytes, stream: s.labels })
    }
    return { status: 204 }
  })
  offerAll(
    tc,
    Array.from({ length: 200 }, (_, i) => entry(tc, 'x'.repeat(1000), { job: i % 4 === 0 ? 'a' : 'b' })),
  )
  await tc.settled(200)
  const within = (rate: number, burst: number, part: typeof seen): void => {
    for (const [i, from] of part.entries()) {
      let bytes = 0
      for (const push of part.slice(i)) {
        bytes += push.bytes
        const allowed = burst + ((push.atMs - from.atMs) / 1000) * rate
        if (bytes > allowed + 1) t.fail(`${bytes} bytes in ${push.atMs - from.atMs} ms`)
      }
    }
  }
  within(15_000, 30_000, seen)
  within(
    10_000,
    20_000,
    seen.filter((s) => s.stream === '{job="b"}'),
  )
  t.ok(tc.clock.monotonicMs() >= 11_000, 'and no faster')
  t.ok(tc.clock.monotonicMs() < 16_000, 'and not much slower')
})

t.test('an entry that would leave another one of its push too far behind travels apart', async (t) => {
  const { loki, tc } = await begin(t)
  const hour = 3_600_000
  const at = (hours: number, line: string) => entryAt(tc.clock.now() - hours * hour, line)
  tc.client.offer(at(6, 'six hours old'), 0)
  await tc.settled(1)
  tc.client.offer(at(5.5, 'in reach of the first'), 1)
  tc.client.offer(at(0, 'far ahead'), 2)
  tc.client.offer(entryAt(tc.clock.now(), 'of another stream', { job: 'other' }), 3)
  tc.client.offer(at(0.1, 'after it'), 4)
  await tc.settled(5)
  t.same(loki.requests.map(linesOf), [
    ['six hours old'],
    ['in reach of the first', 'of another stream'],
    ['far ahead', 'after it'],
  ])
})

t.test('tenants from event text do not make the metrics grow', async (t) => {
  const { tc } = await begin(t, { maxRetries: 1 }, () => ({ status: 500 }))
  offerAll(
    tc,
    Array.from({ length: 300 }, (_, i) => entry(tc, 'x', { job: 'x', __tenant_id__: `t${i}` })),
  )
  await tc.settled(300)
  const text = await tc.registry.metrics()
  const tenants = new Set([...text.matchAll(/tenant="([^"]*)"/g)].map((m) => m[1]))
  t.ok(tenants.size <= 51, `${tenants.size} tenants`)
  t.ok(tenants.has('other'))
})

t.test(
  'nothing is lost behind a 204, nothing stored counts as rejected, whatever order and age entries come in',
  async (t) => {
    const minute = 60_000
    const ages = fc.oneof(
      fc.integer({ min: -5 * minute, max: 10 * minute }),
      fc.integer({ min: 45 * minute, max: 75 * minute }),
      fc.integer({ min: 0, max: 4 * 60 * minute }),
      fc.integer({ min: 6 * 24 * 60 * minute, max: 8 * 24 * 60 * minute }),
    )
    const one = fc.record({
      stream: fc.integer({ min: 0, max: 5 }),
      ageMs: ages,
      gapMs: fc.constantFrom(0, 0, 0, 20, 60, minute),
    })
    const fault = fc.constantFrom('none', 'none', 'none', 'lost answer', 'error', 'server error')
    const plan = fc.record({
      entries: fc.array(one, { minLength: 1, maxLength: 60 }),
      faults: fc.array(fault, { maxLength: 30 }),
      maxStreams: fc.constantFrom(3, 6, 6, 6),
      batchSizeBytes: fc.constantFrom(60, 300, 1_000_000),
    })
    const loki = await startLoki()
    t.teardown(() => loki.close())
    await fc.assert(
      fc.asyncProperty(plan, async ({ entries, faults, maxStreams, batchSizeBytes }) => {
        const start = loki.requests.length
        const tc = testClient(lokiOptions(loki.url, { batchSizeBytes, backoff: { minMs: 100, maxMs: 100 } }))
        const limit = { streams: maxStreams }
        const ingester = createIngester({
          now: () => tc.clock.now(),
          get maxStreams() {
            return limit.streams
          },
        })
        loki.answerWith(async (request) => {
          const kind = faults[request.n - start] ?? 'none'
          if (kind === 'error') return { status: 503 }
          const answer = await ingester.answer(request)
          if (kind === 'lost answer') return 'reset'
          return kind === 'server error' ? { status: 500 } : answer
        })
        try {
          tc.client.start()
          for (const [i, { stream, ageMs, gapMs }] of entries.entries()) {
            tc.client.offer(entryAt(tc.clock.now() - ageMs, `line ${i}`, { job: `j${stream}` }), i)
            const untilMs = tc.clock.monotonicMs() + gapMs
            await tc.until(() => tc.clock.monotonicMs() >= untilMs, Math.max(10, gapMs / 10))
          }
          await tc.until(() => tc.clock.monotonicMs() > 5000, 100)
          limit.streams = 6
          await tc.until(() => tc.fates.size === entries.length, 100)
          const stored = ingester.stored()
          if (new Set(stored).size !== stored.length) throw new Error('stored twice')
          for (const [i, fate] of tc.fates) {
            const isStored = stored.includes(`line ${i}`)
            if (fate === 'sent' && !isStored) throw new Error(`entry ${i} is lost without a word`)
            if (fate === 'rejected' && isStored) throw new Error(`entry ${i} counts as rejected but is stored`)
            if (fate === 'dropped') throw new Error(`entry ${i} was dropped`)
          }
          const counted = await tc.metric('eventail_entries_sent_total{client="main"}')
          if (counted !== countOf(tc, 'sent')) throw new Error(`sent counter ${counted}`)
          if (tc.client.queued() !== 0) throw new Error('something is left')
        } finally {
          await tc.stop()
        }
      }),
      { numRuns: 150 },
    )
    t.pass('in every run')
  },
)

t.test('nothing is pushed while another replica may be leading', async (t) => {
  const loki = await startLoki()
  let leads = true
  const tc = testClient(lokiOptions(loki.url), handClock(), () => leads)
  t.teardown(async () => {
    await tc.stop()
    await loki.close()
  })
  tc.client.start()
  tc.client.offer(entry(tc, 'one'), 0)
  await tc.settled(1)

  const { answer, give } = held()
  loki.answerWith(() => answer)
  tc.client.offer(entry(tc, 'two'), 1)
  await tc.until(() => loki.requests.length === 2)
  tc.client.offer(entry(tc, 'three'), 2)
  leads = false
  give({ status: 204 })
  await tc.settled(2)
  for (let n = 0; n < 100; n += 1) await tc.clock.advance(100)
  t.equal(loki.requests.length, 2, 'what waited behind the push that was out')
  t.equal(tc.client.queued(), 1, 'keeps waiting')

  leads = true
  await tc.settled(3)
  t.strictSame(linesOf(loki.requests[2]), ['three'], 'until leadership is sure again')

  leads = false
  tc.client.offer(entry(tc, 'four'), 3)
  t.equal(await tc.drain(1000), 1, 'a drain sends nothing either')
  t.equal(loki.requests.length, 3)
})
