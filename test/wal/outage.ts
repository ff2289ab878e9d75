import t from 'tap'
import type { LokiAnswer } from '../fixtures/loki-server.ts'
import { spoolingAgent, type SpoolingAgent } from '../fixtures/spooling-agent.ts'

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

t.test('Loki is away for longer than events live', (t) => {
  t.test('with a log nothing is lost, and there is no gap; nor when the agent is killed meanwhile', async (t) => {
    const agent = await spoolingAgent(t, { forSeconds: 250, ttlSeconds: 30 })
    const { start, pass, kill, metric, loki, cluster } = agent
    await start()
    await pass(10)
    lokiIs(agent, UNAVAILABLE)
    await pass(60, 3)
    t.ok(cluster.oldest() > loki.stored(), 'the API server has forgotten what Loki has not got')
    for (let life = 1; life <= 2; life += 1) {
      await kill()
      lokiIs(agent, UNAVAILABLE)
      await start()
      await pass(60, 3)
      t.ok((await metric('eventail_events_recovered_total')) > 55 * PER_SECOND * life, 'what waits is recovered')
    }
    t.equal(cluster.watches(), 1, 'events are read on')
    await complete(agent)
    t.equal(loki.differing(), 0)
    t.equal(await metric('eventail_gaps_total'), 0)
    t.equal(await metric('eventail_gap_seconds_total'), 0)
    t.equal(await metric('eventail_entries_dropped_total'), 0)
    t.equal(await metric('eventail_wal_backlog_entries'), 0)
    await pass(5)
    t.ok((await metric('eventail_wal_segments')) <= 2, 'the disk is free again')
  })

  t.test('without a log what the API server forgot is lost, and the gap is counted', async (t) => {
    const forSeconds = 1200
    const agent = await spoolingAgent(t, { forSeconds, ttlSeconds: 30, wal: null })
    const { start, pass, until, loki, cluster, metric } = agent
    await start()
    await pass(10)
    lokiIs(agent, UNAVAILABLE)
    await pass(1000, 10)
    lokiIs(agent, null)
    await until(
      async () => cluster.created() === forSeconds * PER_SECOND && (await metric('eventail_entries_queued')) === 0,
    )
    const lostSeconds = (cluster.created() - loki.stored()) / PER_SECOND
    const gapSeconds = await metric('eventail_gap_seconds_total')
    t.comment(`${lostSeconds} s of events lost, a gap of ${gapSeconds} s`)
    t.ok(lostSeconds > 0)
    t.ok(gapSeconds >= lostSeconds && gapSeconds <= 1020, 'every second of it is counted')
  })

  for (const wal of [null, 'max_bytes: 1MB, segment_bytes: 64KB']) {
    const what = wal === null ? 'without a log' : 'with a log that was full'
    t.test(`${what}, killed meanwhile: the gap is as long as nothing was read`, async (t) => {
      const forSeconds = 1500
      const agent = await spoolingAgent(t, { wal, forSeconds, ttlSeconds: 30 })
      const { start, pass, kill, until, cluster, loki, metric } = agent
      await start()
      await pass(10)
      lokiIs(agent, UNAVAILABLE)
      await pass(1200, 10)
      t.equal(cluster.watches(), 0)
      await kill()
      lokiIs(agent, null)
      await start()
      await until(
        async () => cluster.created() === forSeconds * PER_SECOND && (await metric('eventail_entries_queued')) === 0,
      )
      const lostSeconds = (cluster.created() - loki.stored()) / PER_SECOND
      const gapSeconds = await metric('eventail_gap_seconds_total')
      t.comment(`${lostSeconds} s of events lost, a gap of ${gapSeconds} s`)
      t.ok(lostSeconds > 900)
      t.ok(gapSeconds >= lostSeconds && gapSeconds <= 1300, 'every second of it is counted')
    })
  }
  t.end()
})

t.test('a full log closes the watch, tells why, and goes on when Loki is back', async (t) => {
  const agent = await spoolingAgent(t, { wal: 'max_bytes: 1MB, segment_bytes: 64KB', perSecond: 100, forSeconds: 100 })
  const { start, pass, until, cluster, service, metric, loki } = agent
  await start()
  await pass(5)
  lokiIs(agent, UNAVAILABLE)
  await until(() => cluster.watches() === 0, 100)
  t.ok((await metric('eventail_wal_bytes')) <= 1024 * 1024, 'it keeps its bound')
  const { ready, reasons } = service().status()
  t.notOk(ready)
  t.ok(reasons.includes('write-ahead log is full: no events are read'), reasons.join('; '))
  await pass(20)
  t.equal(cluster.watches(), 0)
  await complete(agent)
  t.equal(await metric('eventail_gap_seconds_total'), 0, 'the API server still had everything')
  t.equal(await metric('eventail_entries_dropped_total'), 0)
  t.equal(loki.differing(), 0)
  t.ok(service().status().ready)
})
