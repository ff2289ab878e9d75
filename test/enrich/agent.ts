import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { type AgentProcess, startAgentProcess } from '../fixtures/agent-process.ts'
import { ClusterObjects, deployedPod, statusOf } from '../fixtures/cluster-objects.ts'
import { type LokiServer, startLoki } from '../fixtures/loki-server.ts'

type World = {
  readonly store: EventStore
  readonly objects: ClusterObjects
  readonly loki: LokiServer
  readonly run: () => AgentProcess
  readonly emit: (name: string, about: object) => void
}

/** An API server with objects, a Loki, and an agent that enriches; `more` are keys at the top of its file. */
const world = async (t: Test, enrich: string, more = ''): Promise<World> => {
  const store = new EventStore()
  const objects = new ClusterObjects()
  const api = await startApiServer({ store, intercept: objects.intercept })
  const loki = await startLoki()
  const running = new Set<AgentProcess>()
  t.teardown(async () => {
    for (const agent of running) agent.signal('SIGKILL')
    await Promise.all([...running].map((agent) => agent.ended))
    await api.close()
    await loki.close()
  })
  const folder = t.testdir()
  mkdirSync(join(folder, 'wal'))
  writeFileSync(
    join(folder, 'kubeconfig.yaml'),
    `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  writeFileSync(
    join(folder, 'eventail.yaml'),
    `server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: "${loki.url}", backoff_config: {min_period: 20ms, max_period: 50ms}}]
positions: {filename: positions.yaml, sync_period: 100ms}
heartbeat: 0
${more}
scrape_configs:
  - job_name: events
    kubernetes_events: {kubeconfig: kubeconfig.yaml, enrich: {${enrich}}}
    relabel_configs: [{source_labels: [__meta_kubernetes_event_involved_object_owner_kind], target_label: owner_kind}]
`,
  )
  return {
    ...{ store, objects, loki },
    run: () => {
      const agent = startAgentProcess({ args: ['-config.file=eventail.yaml'], cwd: folder })
      running.add(agent)
      void agent.ended.then(() => running.delete(agent))
      return agent
    },
    emit: (name, involvedObject) => {
      store.create({
        metadata: { name, namespace: 'shop' },
        ...{ involvedObject, reason: 'Killing', message: name, type: 'Normal', count: 1 },
        source: { component: 'kubelet', host: 'n1' },
        firstTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
      })
    },
  }
}

const delivered = async (loki: LokiServer, n: number): Promise<void> => {
  while (loki.entries().length < n) await loki.received(loki.requests.length + 1)
}

/** Each different entry of Loki once: its labels, time, line and metadata. */
const bytesOf = (loki: LokiServer): readonly string[] => [
  ...new Set(
    loki.entries().map(({ labels, entry }) => {
      const { timestampNs, line, metadata } = entry
      return JSON.stringify([labels, String(timestampNs), line, metadata])
    }),
  ),
]

t.test('an entry tells its owner in metadata, and as a label where a rule says so; the accounts add up', async (t) => {
  const { objects, loki, run, emit } = await world(t, 'owners: true, labels: [team], wait: 5s')
  const pod = deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team: 'cart' } })
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const body = JSON.stringify({ metadata: { name: 'slow', uid: 'slow', labels: { team: 'late' } } })
  objects.script = ({ name }) =>
    name === 'slow'
      ? {
          kind: 'serve',
          serve: (_request, response) => {
            void held.then(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body))
          },
        }
      : null
  const agent = run()
  await agent.line(/msg="watching events"/)
  emit('first', pod)
  await delivered(loki, 1)
  emit('slow', { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'slow', uid: 'slow' })
  emit('behind', pod)
  while ((await agent.metric('eventail_enrich_waiting_events{job="events"}')) < 2) await agent.page('/metrics')
  t.strictSame(
    [
      await agent.metric('eventail_events_received_total{job="events",via="watch"}'),
      await agent.metric('eventail_events_filtered_total{job="events"}'),
      await agent.metric('eventail_enrich_waiting_events{job="events"}'),
    ],
    [3, 0, 2],
    'received = sent + queued, for one was sent and two wait',
  )
  release()
  await delivered(loki, 3)
  t.strictSame(
    loki
      .entries()
      .map(({ entry }) =>
        [/msg=(\S+)/.exec(entry.line)?.[1], ...entry.metadata.slice(-3).map(([, value]) => value)].join(' '),
      )
      .sort(),
    ['behind Deployment web cart', 'first Deployment web cart', 'slow Pod slow late'],
  )
  t.match(loki.entries()[0]?.labels, 'owner_kind="Deployment"')
  emit('last', { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'none', uid: 'none' })
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
})

t.test('with a write-ahead log, what was enriched once is sent again byte for byte, over kills', async (t) => {
  const wal = 'wal: {enabled: true, dir: wal}'
  const { objects, loki, run, emit } = await world(t, 'labels: [team]', wal)
  const pod = (team: string): object => deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team } })
  loki.answerWith(() => 'hang')
  const about = pod('before')
  const first = run()
  await first.line(/msg="watching events"/)
  for (let i = 0; i < 40; i += 1) emit(`e-${i}`, about)
  await loki.received(1)
  const [seen] = bytesOf(loki)
  while ((await first.metric('eventail_enrich_events_total{job="events",outcome="complete"}')) < 40)
    await first.page('/metrics')
  first.signal('SIGKILL')
  await first.ended

  pod('after')
  const sent = bytesOf(loki)
  const second = run()
  await loki.received(loki.requests.length + 1)
  second.signal('SIGKILL')
  await second.ended
  loki.answerWith(() => ({ status: 204 }))
  const third = run()
  while (new Set(loki.entries().map(({ entry }) => / rv="?(\d+)/.exec(entry.line)?.[1])).size < 40) {
    await loki.received(loki.requests.length + 1)
  }
  t.equal(bytesOf(loki).length, 40, 'no revision has two forms')
  t.ok(sent.every((one) => bytesOf(loki).includes(one)))
  t.match(seen, '"team","before"')
  third.signal('SIGTERM')
  await third.ended
})

t.test(
  'a page of a back-fill that a kill cut off is listed again, and what the log has of it stays as it was',
  async (t) => {
    const wal = 'wal: {enabled: true, dir: wal}'
    const { objects, loki, run, emit } = await world(t, 'labels: [team], wait: 5s', wal)
    const pod = (app: string, team: string): object =>
      deployedPod(objects, { namespace: 'shop', app, labels: { team } })
    const [known, slow] = [pod('known', 'before'), pod('slow', 'before')]
    objects.script = ({ name }) => (name.startsWith('slow') ? { kind: 'serve', serve: () => undefined } : null)
    for (let i = 0; i < 30; i += 1) emit(`a-${i}`, known)
    for (let i = 0; i < 10; i += 1) emit(`b-${i}`, slow)
    const first = run()
    await delivered(loki, 30)
    t.equal(await first.metric('eventail_events_received_total{job="events",via="list"}'), 40)
    t.equal(await first.metric('eventail_enrich_waiting_events{job="events"}'), 10, 'the page is not through')
    const before = bytesOf(loki)
    first.signal('SIGKILL')
    await first.ended

    objects.script = () => null
    pod('known', 'after')
    pod('slow', 'after')
    const second = run()
    const revisions = (): ReadonlySet<string | undefined> =>
      new Set(loki.entries().map(({ entry }) => / rv="?(\d+)/.exec(entry.line)?.[1]))
    while (revisions().size < 40) await loki.received(loki.requests.length + 1)
    const metric = (name: string): Promise<number> => second.metric(`eventail_events_${name}`)
    t.equal(await metric('received_total{job="events",via="list"}'), 10, 'what the log has is not received again')
    second.signal('SIGTERM')
    t.equal(await second.ended, 0)
    t.equal(bytesOf(loki).length, 40, 'no revision has two forms')
    t.equal(before.filter((one) => one.includes('"team","before"')).length, 30)
    t.equal(bytesOf(loki).filter((one) => one.includes('"team","after"')).length, 10)
  },
)

t.test('without permission, and with an API server that gives no metadata, every event arrives', async (t) => {
  const { objects, loki, run, emit } = await world(t, 'owners: true, labels: [team], node_labels: [zone], wait: 50ms')
  objects.script = ({ resource, verb }) => {
    if (verb === 'watch' || resource === 'nodes') return statusOf(403, 'Forbidden', 'nodes is forbidden')
    return { kind: 'serve', serve: () => undefined }
  }
  const agent = run()
  await agent.line(/msg="watching events"/)
  for (let i = 0; i < 300; i += 1) {
    emit(`e-${i}`, { kind: 'Pod', apiVersion: 'v1', namespace: `n-${i}`, name: 'a', uid: `u-${i}` })
  }
  await delivered(loki, 300)
  await agent.line(/a permission is missing/)
  t.equal(bytesOf(loki).length, 300)
  t.equal(loki.entries().filter(({ entry }) => entry.metadata.some(([name]) => name === 'owner_name')).length, 0)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
})
