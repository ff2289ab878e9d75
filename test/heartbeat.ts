import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { heartbeatEntry, type Heartbeat } from '../src/entry/heartbeat.ts'
import { HEARTBEAT_KEYS } from '../src/entry/names.ts'
import { Heartbeats } from '../src/heartbeat.ts'
import { PositionAge, PositionAges, type Progress } from '../src/position-age.ts'
import { handClock } from './fixtures/clock.ts'
import { entryAt, lokiOptions, recordingLog, testClient, type TestClient } from './fixtures/loki-client.ts'
import { script, startLoki, type LokiServer } from './fixtures/loki-server.ts'

const BEAT: Heartbeat = {
  version: '1.2.3',
  positionAgeMs: 1234.5678,
  gapSeconds: 7.5,
  received: 10,
  recovered: 1,
  filtered: 2,
  sent: 6,
  rejected: 1,
  dropped: 0,
  queued: 2,
  state: 'stream',
}

const loki = async (t: Test, ...answers: Parameters<typeof script>): Promise<LokiServer> => {
  const server = await startLoki({ answer: script(...answers) })
  t.teardown(() => server.close())
  return server
}

/** Heartbeats of a minute for these clients, which share one clock. */
const beating = (clients: readonly TestClient[]): { heartbeats: Heartbeats; registry: Registry; logged: string[] } => {
  const registry = new Registry()
  const [{ clock } = { clock: handClock() }] = clients
  const { log, logged } = recordingLog(clock)
  const heartbeats = new Heartbeats({
    periodMs: 60_000,
    clients: clients.map(({ client }) => client),
    entry: (client) => Promise.resolve(heartbeatEntry({ ...BEAT, state: client }, clock.now())),
    clock,
    log,
    registry,
  })
  return { heartbeats, registry, logged }
}

const counted = async (registry: Registry, client: string): Promise<Record<string, number>> => {
  const { values } = (await registry.getSingleMetric('eventail_heartbeats_total')?.get()) ?? { values: [] }
  const own = values.filter(({ labels }) => labels['client'] === client)
  return Object.fromEntries(own.map(({ labels, value }) => [String(labels['outcome']), value]))
}

t.test('a heartbeat is one line of fixed keys in a stream of its own', (t) => {
  const entry = heartbeatEntry(BEAT, 1_764_000_000_123.9)
  t.equal(
    entry.line,
    'level=info msg=heartbeat version=1.2.3 position_age=1.235 gap_seconds=7.5 received=10 recovered=1 filtered=2 sent=6 rejected=1 dropped=0 queued=2 state=stream',
  )
  t.strictSame(
    entry.line.split(' ').map((pair) => pair.split('=')[0]),
    HEARTBEAT_KEYS,
  )
  t.strictSame(entry.labels, { job: 'eventail' })
  t.equal(entry.timestampNs, 1_764_000_000_123_000_000n)
  t.end()
})

t.test('each client is told every period, with its external labels, outside of queue and accounts', async (t) => {
  const server = await loki(t, { status: 204 })
  const made = testClient(lokiOptions(server.url, { externalLabels: { cluster: 'c' }, tenantId: 'team' }))
  const { heartbeats, registry } = beating([made])
  made.client.start()
  heartbeats.start()
  await made.clock.advance(59_999)
  t.equal(server.requests.length, 0, 'the first one comes after one period')
  await made.until(() => server.requests.length === 1)
  const second = made.clock.now() + 60_000
  await made.until(() => server.requests.length === 2, 1000)
  const [, beat] = server.entries()
  t.equal(beat?.labels, '{cluster="c", job="eventail"}')
  t.equal(beat?.tenant, 'team')
  t.match(beat?.entry.line, / state=main$/)
  t.ok(Math.abs(Number((beat?.entry.timestampNs ?? 0n) / 1_000_000n) - second) < 2000, 'it has the time of writing')
  await made.until(() => made.clock.sleepers > 0)
  t.strictSame(await counted(registry, 'main'), { sent: 2, refused: 0, unanswered: 0 })
  t.equal(made.fates.size, 0, 'nothing is settled')
  t.equal(made.client.queued(), 0)
  t.equal(await made.metric('eventail_entries_sent_total{client="main"}'), 0)
  t.equal(await made.metric('eventail_pushes_total{client="main",answer="sent"}'), 0)
  await Promise.all([heartbeats.stop(), made.drain(1000)])
})

t.test('a heartbeat that Loki does not take is let go, said once, and the next one is sent', async (t) => {
  const server = await loki(t, { status: 503, body: 'busy' }, 'reset', { status: 204 })
  const made = testClient(lokiOptions(server.url))
  const { heartbeats, registry, logged } = beating([made])
  heartbeats.start()
  for (const n of [1, 2, 3]) {
    await made.until(() => server.requests.length === n, 1000)
    await made.until(() => made.clock.sleepers > 0)
    await made.clock.advance(30_000)
    t.equal(server.requests.length, n, 'nothing is repeated')
  }
  t.strictSame(await counted(registry, 'main'), { sent: 1, refused: 1, unanswered: 1 })
  const lines = logged.filter((line) => line.includes('component=heartbeat'))
  t.equal(lines.length, 2)
  t.match(lines[0], /level=warn .*not repeated.* outcome=refused why="status 503: busy"/)
  t.match(lines[1], /level=info .*takes heartbeats again/)
  t.equal(made.client.readiness().ready, true)
  await Promise.all([heartbeats.stop(), made.stop()])
})

t.test('a full queue and a client that does not answer delay no heartbeat of another', async (t) => {
  const stuck = await loki(t, 'hang')
  const well = await loki(t, { status: 204 })
  const clock = handClock()
  const first = testClient(lokiOptions(stuck.url, { name: 'stuck', queueBytes: 1000 }), clock)
  const second = testClient(lokiOptions(well.url, { name: 'well' }), clock)
  const { heartbeats, registry } = beating([first, second])
  for (const { client } of [first, second]) client.start()
  for (let n = 0; n < 5; n += 1) first.client.offer(entryAt(clock.now(), `event ${n}`), n)
  t.equal(first.client.hasRoom(), false)
  heartbeats.start()
  await second.until(() => well.requests.length === 3, 1000)
  t.ok(
    stuck.entries().some(({ entry }) => entry.line.includes('msg=heartbeat')),
    'the full one is told as well',
  )
  t.equal(first.client.queued(), 5, 'its queue holds what it held')
  const beats = stuck.entries().filter(({ entry }) => entry.line.includes('msg=heartbeat')).length
  t.ok(beats <= 3, 'one at a time')
  t.equal((await counted(registry, 'stuck'))['sent'], 0)
  await Promise.all([heartbeats.stop(), first.stop(), second.stop()])
})

t.test('with period 0 there are none, and a stop ends them', async (t) => {
  const server = await loki(t, { status: 204 })
  const made = testClient(lokiOptions(server.url))
  const { clock } = made
  const registry = new Registry()
  const { log } = recordingLog(clock)
  const entry = (): Promise<never> => Promise.reject(new Error('asked for'))
  const none = new Heartbeats({ periodMs: 0, clients: [made.client], entry, clock, log, registry })
  none.start()
  t.equal(clock.sleepers, 0)
  await none.stop()
  const { heartbeats } = beating([made])
  heartbeats.start()
  t.equal(clock.sleepers, 1)
  await heartbeats.stop()
  t.equal(clock.sleepers, 0)
  await made.stop()
  const outcome = await made.client.pushAlone(heartbeatEntry(BEAT, clock.now()))
  t.strictSame(outcome, { kind: 'unanswered', why: 'stopped' }, 'a client that was stopped opens no connection again')
  t.equal(server.requests.length, 0)
})

t.test('the age of a position is that of the oldest event not settled, or of the watch', (t) => {
  const age = new PositionAge(0)
  const steps: readonly (readonly [nowMs: number, progress: Progress, ageMs: number, why: string])[] = [
    [5_000, { opened: 0, outstanding: 0, currentMs: null }, 5_000, 'nothing is known yet'],
    [10_000, { opened: 3, outstanding: 0, currentMs: 9_990 }, 10, 'all is settled: the watch tells'],
    [15_000, { opened: 9, outstanding: 2, currentMs: 15_000 }, 5_000, 'two have come since the last look'],
    [20_000, { opened: 20, outstanding: 11, currentMs: 20_000 }, 5_000, 'those are settled, later ones are not'],
    [25_000, { opened: 20, outstanding: 11, currentMs: 25_000 }, 10_000, 'and grow old'],
    [30_000, { opened: 20, outstanding: 0, currentMs: 20_000 }, 10_000, 'the watch has lost touch'],
    [35_000, { opened: 20, outstanding: 0, currentMs: 36_000 }, 0, 'never negative'],
  ]
  for (const [nowMs, progress, ageMs, why] of steps) t.equal(age.look(nowMs, progress), ageMs, why)
  let opened = 20
  for (let nowMs = 40_000; nowMs < 40_000_000; nowMs += 5000) {
    opened += 1
    age.look(nowMs, { opened, outstanding: opened - 20, currentMs: nowMs })
  }
  t.equal(age.look(40_000_000, { opened, outstanding: opened - 20, currentMs: 40_000_000 }), 39_965_000)
  age.look(40_005_000, { opened, outstanding: 0, currentMs: 40_005_000 })
  t.equal(age.look(40_010_000, { opened, outstanding: 0, currentMs: 40_010_000 }), 0, 'it recovers from a long outage')
  t.end()
})

t.test('ages are looked at now and then, and shown', async (t) => {
  const clock = handClock()
  const registry = new Registry()
  let progress: Progress = { opened: 0, outstanding: 0, currentMs: clock.now() }
  const ages = new PositionAges([{ name: 'a', progress: () => progress }], clock, registry)
  const running = ages.run()
  await clock.advance(5000)
  progress = { opened: 2, outstanding: 2, currentMs: clock.now() + 100_000 }
  await clock.advance(12_000)
  t.match(await registry.metrics(), /^eventail_position_age_seconds\{job="a"\} 12$/m)
  ages.stop()
  await running
})
