import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as afterIo } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test as Tap } from 'tap'
import { loadConfig } from '../src/config/load.ts'
import { createLog } from '../src/log.ts'
import { Service } from '../src/service.ts'
import { handClock, type HandClock } from './fixtures/clock.ts'
import { type CountingLoki, startCountingLoki } from './fixtures/counting-loki.ts'
import { checkAccounts, parseMetrics, type Series, sumOf } from './fixtures/metrics-text.ts'
import { startSteadyCluster, type SteadyCluster, type SteadyOptions } from './fixtures/steady-cluster.ts'

/*
 * The agent as it is, over real HTTP, with a clock that the test moves: hours of an outage at 500 events/s. After each
 * step the accounts of every client are read from /metrics and must add up, and its queue must be within its bound.
 */

const PER_SECOND = 500
const QUEUE_BYTES = 16 * 1024 * 1024
/** One push that is encoded, and what a watch has given in one piece. */
const OVER_QUEUE_BYTES = 2 * 1024 * 1024
/** Turns of the event loop without a byte on any socket: nothing more happens before the clock moves. */
const QUIET_TURNS = 12

type Client = { readonly loki: CountingLoki; readonly more?: string }

type World = {
  readonly clock: HandClock
  readonly cluster: SteadyCluster
  readonly logged: string[]
  /** Moves the clock on, in steps after each of which everything is checked. */
  readonly pass: (seconds: number, stepSeconds?: number) => Promise<void>
  /** The same, by seconds, until the condition holds. */
  readonly until: (condition: () => boolean | Promise<boolean>, mostSeconds?: number) => Promise<void>
  /** Sum of the series of one metric that have all these labels. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
}

/** Throws when the accounts do not add up, or a queue is over its bound. */
const check = (series: readonly Series[], client: string): void => {
  checkAccounts(series, client)
  const held = sumOf(series, 'eventail_queue_bytes', { client })
  if (held > QUEUE_BYTES + OVER_QUEUE_BYTES) throw new Error(`client ${client}: the queue holds ${held} bytes`)
}

const config = (cluster: SteadyCluster, clients: Readonly<Record<string, Client>>): string => `
clients:
${Object.entries(clients)
  .map(([name, { loki, more = '' }]) => `  - {name: ${name}, url: ${loki.url}, queue_bytes: 16MB${more}}`)
  .join('\n')}
heartbeat: 0
positions: {store: none}
scrape_configs:
  - job_name: events
    kubernetes_events: {kubeconfig: kubeconfig.yaml}
# ${cluster.url}
`

const world = async (
  t: Tap,
  clients: Readonly<Record<string, Client>>,
  options: Partial<SteadyOptions> = {},
): Promise<World> => {
  const clock = handClock()
  const cluster = await startSteadyCluster({
    clock,
    perSecond: PER_SECOND,
    forSeconds: 1e9,
    ttlSeconds: 3600,
    ...options,
  })
  const folder = t.testdir()
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  writeFileSync(
    kubeconfig,
    `{clusters: [{name: c, cluster: {server: "${cluster.url}"}}], users: [{name: u, user: {}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  const file = join(folder, 'eventail.yaml')
  writeFileSync(file, config(cluster, clients).replace('kubeconfig.yaml', kubeconfig))
  const loaded = loadConfig({ files: file, expandEnv: false, environment: {}, overlay: {} })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors))

  const logged: string[] = []
  const log = createLog({ level: 'info', format: 'logfmt', clock, write: (line) => logged.push(line) })
  const onFatal = (why: string): void => {
    throw new Error(why)
  }
  const service = new Service({ clock, log, random: () => 0.5, savesPositions: true, onFatal })

  const activity = (): number =>
    Object.values(clients).reduce((sum, { loki }) => sum + loki.activity(), cluster.activity())
  const quiet = async (): Promise<void> => {
    for (let turns = 0, seen = -1; turns < QUIET_TURNS; turns += 1) {
      await afterIo()
      if (seen !== activity()) turns = 0
      seen = activity()
    }
  }
  const step = async (seconds: number): Promise<void> => {
    await clock.advance(seconds * 1000)
    cluster.pump()
    await quiet()
    const series = parseMetrics(await service.metrics())
    for (const name of Object.keys(clients)) check(series, name)
  }
  const pass: World['pass'] = async (seconds, stepSeconds = 1) => {
    for (let passed = 0; passed < seconds; passed += stepSeconds) await step(Math.min(stepSeconds, seconds - passed))
  }
  t.teardown(async () => {
    const stopped = service.stop()
    for (let turns = 0; turns < 40; turns += 1) await clock.advance(1000)
    await stopped
    await cluster.close()
    await Promise.all(Object.values(clients).map(({ loki }) => loki.close()))
  })
  const why = await service.start(loaded.config, '')
  if (why !== null) throw new Error(why)
  await quiet()
  return {
    clock,
    cluster,
    logged,
    pass,
    until: async (condition, mostSeconds = 3600) => {
      for (let seconds = 0; !(await condition()); seconds += 1) {
        if (seconds > mostSeconds) throw new Error(`waited in vain: ${logged.slice(-5).join('')}`)
        await step(1)
      }
    },
    metric: async (name, labels) => sumOf(parseMetrics(await service.metrics()), name, labels),
  }
}

const gc = ((): (() => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

/** Megabytes of heap and buffers in use, the servers of the test included. */
const memory = (): number => {
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return Math.round((heapUsed + external) / 2 ** 20)
}

/** The first event that is missing, and the first behind it that is not. */
const hole = (loki: CountingLoki, created: number): readonly [first: number, end: number] => {
  let first = 0
  while (first < created && loki.has(first)) first += 1
  let end = first
  while (end < created && !loki.has(end)) end += 1
  return [first, end]
}

const UNAVAILABLE = { status: 503, body: 'no healthy upstream' }

t.test('case 19: 60 s without Loki at 500 events/s: nothing is lost, and the source hardly notices', async (t) => {
  const loki = await startCountingLoki()
  const { pass, until, metric, cluster } = await world(t, { main: { loki } }, { forSeconds: 120 })
  await pass(10)
  t.ok(loki.stored() > 4000, `${loki.stored()} events arrived before`)
  loki.answerWith(() => UNAVAILABLE)
  await pass(60)
  loki.answerWith(() => null)
  await until(() => loki.stored() === 120 * PER_SECOND)
  t.equal(loki.repeats(), 0, 'nothing is stored twice')
  t.equal(await metric('eventail_gaps_total'), 0, 'there was no gap')
  t.equal(await metric('eventail_entries_queued'), 0)
  t.equal(cluster.watches(), 1)
})

t.test('case 19: 10 min of 429, 500 and silence: the watch is closed, then the interval is listed', async (t) => {
  const loki = await startCountingLoki()
  const { pass, until, metric, cluster } = await world(t, { main: { loki } }, { forSeconds: 700 })
  await pass(10)
  const answers = [{ status: 429, body: 'slow down' }, { status: 500, body: 'rpc error' }, 'hang'] as const
  loki.answerWith(() => answers[loki.pushes() % answers.length] ?? 'hang')
  await until(() => cluster.unreadBytes() > 0, 120)
  t.comment(`the queue was full after ${cluster.created() / PER_SECOND - 10} s`)
  await until(() => cluster.watches() === 0, 30)
  t.pass('a watch that is not read is closed within 30 s')
  t.ok(cluster.unreadBytes() < 256 * 1024, 'the server does not pile up what is not read')
  const begun = memory()
  await pass(600 - cluster.created() / PER_SECOND, 5)
  t.equal(cluster.watches(), 0, 'none is opened as long as there is no room')
  t.comment(`heap after GC grew by ${memory() - begun} MB`)
  loki.answerWith(() => null)
  await until(() => loki.stored() === 700 * PER_SECOND)
  t.equal(loki.differing(), 0)
  t.equal(await metric('eventail_gaps_total', { reason: 'expired' }), 1, 'one gap')
  t.equal(await metric('eventail_owed_intervals'), 0, 'of which nothing is owed any more')
  t.equal(await metric('eventail_events_received_total'), 700 * PER_SECOND, 'nothing was read twice')
})

t.test(
  'case 19: 3 h without Loki, events kept for 5 min: lost is what the API server forgot, and it is counted',
  async (t) => {
    const hours = 3 * 3600
    const loki = await startCountingLoki()
    const options = { forSeconds: hours + 700, ttlSeconds: 300 }
    const { pass, until, metric, cluster } = await world(t, { main: { loki } }, options)
    await pass(10)
    loki.answerWith(() => UNAVAILABLE)
    await pass(100)
    const begun = memory()
    await pass(hours - 100, 60)
    t.comment(`heap after GC grew by ${memory() - begun} MB`)
    loki.answerWith(() => null)
    const forgotten = cluster.oldest()
    await until(() => loki.has(cluster.created() - 1))
    await until(
      async () =>
        cluster.created() === options.forSeconds * PER_SECOND && (await metric('eventail_entries_queued')) === 0,
    )

    const [first, end] = hole(loki, cluster.created())
    t.ok(end >= forgotten, 'what was forgotten is missing')
    const stored = first + (cluster.created() - end)
    t.equal(loki.stored(), stored, 'all else arrived: there is one hole')
    const gapSeconds = await metric('eventail_gap_seconds_total')
    const lostSeconds = (end - first) / PER_SECOND
    t.comment(`${end - first} events lost in ${lostSeconds} s; gap of ${gapSeconds} s; forgotten up to ${forgotten}`)
    t.ok(end - forgotten <= 310 * PER_SECOND, 'and what went until the next try, at most 5 min later')
    t.ok(gapSeconds >= lostSeconds && gapSeconds <= hours + 310, 'the gap counts every second of it')
    t.equal(await metric('eventail_gaps_total'), 1)
    t.equal(
      await metric('eventail_events_received_total'),
      stored,
      'received, and thus accounted for, is what was read',
    )
  },
)

t.test('storms of 429, 20 s of every 30: all arrives, and nobody is asked without pause', async (t) => {
  const loki = await startCountingLoki()
  const { pass, until, clock, metric, cluster } = await world(t, { main: { loki } }, { forSeconds: 240 })
  let refused = 0
  loki.answerWith(() => {
    if (clock.monotonicMs() % 30_000 >= 20_000) return null
    refused += 1
    return { status: 429, body: 'too many requests', headers: { 'retry-after': '3' } }
  })
  await pass(240)
  await until(() => loki.stored() === cluster.created())
  t.equal(cluster.created(), 240 * PER_SECOND)
  t.equal(loki.repeats() + loki.differing(), 0, 'a refused push stored nothing, so nothing came twice')
  t.equal(await metric('eventail_entries_dropped_total'), 0)
  t.ok(refused <= 240 / 3, `Retry-After was waited for: ${refused} refusals`)
})

t.test(
  'one of two clients down: the other gets everything, and the down one loses only if it is not required',
  async (t) => {
    const [main, spare] = [await startCountingLoki(), await startCountingLoki()]
    const clients = { main: { loki: main }, spare: { loki: spare, more: ', required: false' } }
    const { pass, until, metric } = await world(t, clients, { forSeconds: 200 })
    await pass(5)
    spare.answerWith(() => 'reset')
    await pass(150)
    t.ok(main.stored() > 149 * PER_SECOND, 'the other is not delayed')
    const dropped = await metric('eventail_entries_dropped_total', { client: 'spare', reason: 'queue_full' })
    t.ok(dropped > 80 * PER_SECOND, `${dropped} found no room in the queue of the one that is down`)
    spare.answerWith(() => null)
    await until(async () => main.stored() === 200 * PER_SECOND && (await metric('eventail_entries_queued')) === 0)
    const lost = await metric('eventail_entries_dropped_total', { client: 'spare' })
    t.equal(spare.stored() + lost, 200 * PER_SECOND, 'what it lacks was counted')
    t.equal(await metric('eventail_entries_dropped_total', { client: 'main' }), 0)
  },
)

t.test('one of two required clients down: both have everything in the end', async (t) => {
  const [main, other] = [await startCountingLoki(), await startCountingLoki()]
  const { pass, until, metric, cluster } = await world(
    t,
    { main: { loki: main }, other: { loki: other } },
    { forSeconds: 200 },
  )
  await pass(5)
  other.answerWith(() => UNAVAILABLE)
  await pass(150)
  t.equal(cluster.watches(), 0, 'the source waits for the slower one')
  t.equal(await metric('eventail_entries_queued', { client: 'main' }), 0, 'the other one has all that was read')
  other.answerWith(() => null)
  await until(() => main.stored() + other.stored() === 2 * 200 * PER_SECOND)
  t.equal(main.differing() + other.differing(), 0)
  t.equal(await metric('eventail_entries_dropped_total'), 0)
})

t.test('a tenant over its limit waits for its rate, and another tenant does not', async (t) => {
  const [main, small] = [await startCountingLoki(), await startCountingLoki()]
  const clients = {
    main: { loki: main, more: ', tenant_id: large' },
    small: { loki: small, more: ', tenant_id: small' },
  }
  const { until, clock, metric } = await world(t, clients, { forSeconds: 30 })
  const [bytesPerSecond, burstBytes] = [100_000, 200_000]
  const bucket = { bytes: burstBytes, atMs: 0 }
  small.answerWith(({ tenant, lineBytes }) => {
    const nowMs = clock.monotonicMs()
    bucket.bytes = Math.min(burstBytes, bucket.bytes + ((nowMs - bucket.atMs) / 1000) * bytesPerSecond)
    bucket.atMs = nowMs
    if (lineBytes > bucket.bytes) {
      const limit = `ingestion rate limit exceeded for user ${tenant} (limit: ${bytesPerSecond} bytes/sec)`
      return { status: 429, body: `${limit} while attempting to ingest '9' lines totaling '${lineBytes}' bytes` }
    }
    bucket.bytes -= lineBytes
    return null
  })
  await until(() => main.stored() === 30 * PER_SECOND)
  t.ok(clock.monotonicMs() < 35_000, 'the other tenant is as fast as ever')
  t.ok(small.stored() < 30 * PER_SECOND, 'this one is not')
  await until(() => small.stored() === 30 * PER_SECOND)
  t.comment(`all arrived after ${clock.monotonicMs() / 1000} s`)
  t.equal(await metric('eventail_entries_dropped_total'), 0)
  t.equal(await metric('eventail_entries_rejected_total'), 0)
})

t.test('a poison event in every batch is rejected alone, and counted', async (t) => {
  const loki = await startCountingLoki()
  const { until, metric, cluster } = await world(t, { main: { loki } }, { forSeconds: 30, poisonEvery: 100 })
  await until(async () => cluster.created() === 30 * PER_SECOND && (await metric('eventail_entries_queued')) === 0)
  const poison = (30 * PER_SECOND) / 100
  t.equal(loki.stored(), 30 * PER_SECOND - poison, 'all others are stored')
  t.equal(await metric('eventail_entries_rejected_total', { reason: 'line_too_long' }), poison)
  t.equal(await metric('eventail_entries_sent_total'), 30 * PER_SECOND - poison)
  t.comment(`${loki.pushes()} pushes, ${loki.repeats()} entries stored again while the culprits were looked for`)
})
