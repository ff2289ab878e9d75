import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCountingLoki } from '../fixtures/counting-loki.ts'
import type { LokiAnswer } from '../fixtures/loki-server.ts'
import { spoolingAgent, type SpoolingAgent } from '../fixtures/spooling-agent.ts'

/*
 * The agent as it is, with its log in real files, over real HTTP, with a clock that the test moves. After each second the
 * accounts of every client are read from /metrics and must add up.
 */

const PER_SECOND = 20
const UNAVAILABLE: LokiAnswer = { status: 503, body: 'no healthy upstream' }

const lokiIs = ({ loki }: SpoolingAgent, answer: LokiAnswer | null): void => {
  loki.answerWith(() => answer)
}

/** Resolves when Loki has every event. */
const complete = async (agent: SpoolingAgent): Promise<void> => {
  const { loki, cluster, until } = agent
  lokiIs(agent, null)
  await until(() => cluster.created() > 0 && loki.stored() === cluster.created())
}

t.test('after a kill, what was on disk is recovered', (t) => {
  /** Loki away, some seconds of events only on disk; then killed. */
  const killedWithBacklog = async (agent: SpoolingAgent): Promise<void> => {
    await agent.start()
    await agent.pass(30)
    agent.keepLog('older')
    lokiIs(agent, UNAVAILABLE)
    await agent.pass(40)
    await agent.kill()
    lokiIs(agent, null)
  }

  t.test('from the log that is there', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 100 })
    await killedWithBacklog(agent)
    await agent.start()
    t.ok((await agent.metric('eventail_events_recovered_total')) >= 40 * PER_SECOND)
    await complete(agent)
    t.equal(agent.loki.differing(), 0)
    t.ok(agent.loki.repeats() <= 2 * PER_SECOND, `${agent.loki.repeats()} were sent twice`)
  })

  t.test('from the API server, when the log vanished', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 100 })
    await killedWithBacklog(agent)
    agent.dropLog()
    await agent.start()
    t.equal(await agent.metric('eventail_wal_missing_total'), 1)
    t.match(agent.logged.join(''), /the write-ahead log of the checkpoint is not here/)
    t.equal(await agent.metric('eventail_events_recovered_total'), 0)
    await complete(agent)
    t.equal(agent.loki.differing(), 0)
    t.ok(agent.loki.repeats() <= 11 * PER_SECOND, `${agent.loki.repeats()} were sent twice`)
  })

  t.test('from the API server, when an older copy of the log is there', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 200 })
    const { start, pass, kill, loki } = agent
    await killedWithBacklog(agent)
    await start()
    await pass(30)
    lokiIs(agent, UNAVAILABLE)
    await pass(30)
    await kill()
    agent.putLog('older')
    lokiIs(agent, null)
    await start()
    t.equal(await agent.metric('eventail_wal_set_aside_total', { reason: 'older' }), 1)
    await complete(agent)
    t.equal(loki.differing(), 0)
  })

  t.test("from the API server, when it is another agent's log", async (t) => {
    const other = await spoolingAgent(t, { forSeconds: 100 })
    await killedWithBacklog(other)
    const agent = await spoolingAgent(t, { forSeconds: 100 })
    await killedWithBacklog(agent)
    const log = join(agent.folder, 'wal')
    agent.dropLog()
    other.keepLog('theirs')
    renameSync(join(other.folder, 'theirs'), log)
    await agent.start()
    t.equal(await agent.metric('eventail_wal_set_aside_total', { reason: 'another_id' }), 1)
    t.equal(agent.aside().length, 1, 'it is kept')
    t.match(agent.logged.join(''), /write-ahead log is not used.*reason=another_id/)
    await complete(agent)
    t.equal(agent.loki.differing(), 0)
  })

  t.test('to a second client only what that one lacks', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 120 })
    const spare = await startCountingLoki()
    t.teardown(() => spare.close())
    const clients = `  - {name: spare, url: ${spare.url}, queue_bytes: 1MB}`
    const { start, pass, kill, metric, loki, cluster, until } = agent
    await start({ clients })
    await pass(20)
    spare.answerWith(() => 'reset')
    await pass(30)
    t.ok(loki.stored() > 45 * PER_SECOND, 'the other one is not held up')
    await kill()
    loki.answerWith(() => null)
    await start({ clients })
    await pass(3)
    const recovered = async (client: string): Promise<number> => metric('eventail_events_recovered_total', { client })
    t.ok((await recovered('main')) <= 2 * PER_SECOND, `main recovers ${await recovered('main')}`)
    t.ok((await recovered('spare')) >= 28 * PER_SECOND, `spare recovers ${await recovered('spare')}`)
    spare.answerWith(() => null)
    await until(() => cluster.created() === 120 * PER_SECOND && spare.stored() === cluster.created())
    t.equal(loki.stored(), cluster.created())
    t.equal(loki.differing() + spare.differing(), 0)
  })

  t.test('although a part of it is damaged: that is read from the API server again', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 100 })
    await killedWithBacklog(agent)
    const directory = join(agent.folder, 'wal')
    const segments = readdirSync(directory)
      .filter((name) => name.endsWith('.wal'))
      .sort()
    t.ok(segments.length > 3)
    const path = join(directory, segments[2] ?? '')
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0, 5000, 9000))
    await agent.start()
    t.ok((await agent.metric('eventail_wal_records_corrupt_total')) > 0)
    await complete(agent)
    t.equal(agent.loki.differing(), 0)
    t.strictSame(agent.fatal, [])
    t.equal(await agent.metric('eventail_gap_seconds_total'), 0)
  })
  t.end()
})

t.test('a log that is damaged while it is read is opened anew, and the agent goes on', async (t) => {
  const agent = await spoolingAgent(t, { forSeconds: 300 })
  const { start, pass, kill, loki, fatal, logged } = agent
  await start()
  lokiIs(agent, UNAVAILABLE)
  await pass(150, 3)
  await kill()
  lokiIs(agent, UNAVAILABLE)
  // From now on most of it is on disk only.
  await start()
  await pass(3)
  const directory = join(agent.folder, 'wal')
  const segments = readdirSync(directory)
    .filter((name) => name.endsWith('.wal'))
    .sort()
  t.ok(segments.length > 15, `${segments.length} segments`)
  const path = join(directory, segments[segments.length - 5] ?? '')
  writeFileSync(path, readFileSync(path).fill(0, 5000, 9000))
  await complete(agent)
  t.match(logged.join(''), /write-ahead log cannot be gone on with: starting over/)
  t.equal(loki.differing(), 0)
  t.strictSame(fatal, [])
})

t.test('a reload', (t) => {
  t.test('during an outage keeps what waits, and the accounts begin with it', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 200, ttlSeconds: 60 })
    const { start, pass, reload, metric, loki } = agent
    await start()
    await pass(10)
    lokiIs(agent, UNAVAILABLE)
    await pass(100)
    await reload({ more: '    pipeline_stages: []' })
    await pass(3)
    t.ok((await metric('eventail_events_recovered_total')) >= 100 * PER_SECOND)
    t.equal(await metric('promtail_config_reload_success_total'), 1)
    await complete(agent)
    t.equal(loki.differing(), 0)
    t.equal(await metric('eventail_gap_seconds_total'), 0)
    t.strictSame(agent.fatal, [])
  })

  t.test(
    'that turns the log off goes on from what was acknowledged; turned on again, the old one is put away',
    async (t) => {
      const agent = await spoolingAgent(t, { forSeconds: 150 })
      const { start, pass, reload, metric, loki } = agent
      await start()
      await pass(10)
      lokiIs(agent, UNAVAILABLE)
      await pass(30)
      await reload({ wal: null })
      t.equal(await metric('eventail_events_recovered_total'), 0)
      lokiIs(agent, null)
      await pass(15)
      t.ok(loki.stored() > 50 * PER_SECOND)
      await reload()
      t.equal(await metric('eventail_wal_set_aside_total', { reason: 'unconfirmed' }), 1)
      await complete(agent)
      t.equal(loki.differing(), 0)
    },
  )

  t.test('with a second client sends that one what comes, and what still waited', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 120 })
    const spare = await startCountingLoki()
    t.teardown(() => spare.close())
    const { start, pass, reload, loki, cluster, until } = agent
    await start()
    await pass(10)
    lokiIs(agent, UNAVAILABLE)
    const before = loki.stored()
    await pass(40)
    await reload({ clients: `  - {name: spare, url: ${spare.url}}` })
    await complete(agent)
    const waited = Array.from({ length: cluster.created() - before }, (_, at) => before + at)
    await until(() => waited.every((n) => spare.has(n)))
    t.equal(loki.differing() + spare.differing(), 0)
  })
  t.end()
})

t.test('a second agent in the same folder does not start, and says why', async (t) => {
  const agent = await spoolingAgent(t, { forSeconds: 30 })
  await agent.start()
  await agent.pass(3)
  const lock = join(agent.folder, 'wal', 'lock')
  const taken = readFileSync(lock, 'utf8')
  await agent.stop()
  writeFileSync(lock, taken)
  await agent.start()
  t.match(agent.fatal, [/^write-ahead log: .* is in use by process \d+ on /])
})
