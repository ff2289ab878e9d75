import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { type ApiServer, startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { type AgentProcess, type AgentProcessOptions, startAgentProcess } from '../fixtures/agent-process.ts'
import { type LokiServer, startLoki } from '../fixtures/loki-server.ts'

const event = (name: string, message = 'Stopping container web'): Parameters<EventStore['create']>[0] => ({
  metadata: { name, namespace: 'shop' },
  involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'p', apiVersion: 'v1' },
  reason: 'Killing',
  message,
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
  lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
  count: 1,
  type: 'Normal',
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
})

type World = {
  readonly folder: string
  readonly store: EventStore
  readonly api: ApiServer
  readonly loki: LokiServer
  readonly config: (changes?: { readonly client?: string; readonly more?: string }) => string
  readonly run: (...args: string[]) => AgentProcess
  readonly start: (options: Omit<AgentProcessOptions, 'cwd'>) => AgentProcess
}

const SECRET = 'hunter2-token'

/** An API server, a Loki and a folder with `eventail.yaml` and a kubeconfig; everything ends with the test. */
const world = async (t: Tap): Promise<World> => {
  const store = new EventStore()
  const api = await startApiServer({ store, token: () => SECRET })
  const loki = await startLoki()
  const running = new Set<AgentProcess>()
  // Before the folder is made: teardowns run in order, and an agent that writes into it would keep it from going.
  t.teardown(async () => {
    for (const agent of running) agent.signal('SIGKILL')
    await Promise.all([...running].map((agent) => agent.ended))
    await api.close()
    await loki.close()
  })
  const folder = t.testdir()
  const start: World['start'] = (options) => {
    const agent = startAgentProcess({ ...options, cwd: folder })
    running.add(agent)
    void agent.ended.then(() => running.delete(agent))
    return agent
  }
  writeFileSync(
    join(folder, 'kubeconfig.yaml'),
    `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {token: ${SECRET}}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  const config: World['config'] = ({ client = '', more = '' } = {}) => `
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients:
  - url: ${loki.url}
    external_labels: {cluster: test}
    backoff_config: {min_period: 20ms, max_period: 50ms}
${client}
positions: {filename: positions.yaml, sync_period: 100ms}
scrape_configs:
  - job_name: events
    kubernetes_events: {kubeconfig: kubeconfig.yaml}
${more}`
  writeFileSync(join(folder, 'eventail.yaml'), config())
  return {
    folder,
    store,
    api,
    loki,
    config,
    start,
    run: (...args) => start({ args: ['-config.file=eventail.yaml', ...args] }),
  }
}

const messages = (loki: LokiServer): string[] =>
  loki.entries().map(({ entry }) => /msg=(?:"([^"]*)"|(\S+))/.exec(entry.line)?.slice(1).join('') ?? entry.line)

/** Resolves when Loki was sent at least `n` entries. */
const delivered = async (loki: LokiServer, n: number): Promise<void> => {
  while (loki.entries().length < n) await loki.received(loki.requests.length + 1)
}

const IDENTITY = {
  received: [
    'eventail_events_received_total{job="events",via="list"}',
    'eventail_events_received_total{job="events",via="watch"}',
  ],
  filtered: ['eventail_events_filtered_total{job="events"}'],
} as const

/** received + recovered = filtered + sent + rejected + dropped + queued, all read from one answer of /metrics. */
const assertAddsUp = async (
  t: Tap,
  agent: AgentProcess,
): Promise<{ received: number; sent: number; queued: number }> => {
  const { body } = await agent.page('/metrics')
  const sum = (prefix: string): number =>
    body
      .split('\n')
      .filter((row) => row.startsWith(prefix))
      .reduce((total, row) => total + Number(row.slice(row.lastIndexOf(' ') + 1)), 0)
  const received = sum('eventail_events_received_total{')
  const sent = sum('eventail_entries_sent_total{')
  const queued = sum('eventail_entries_queued{')
  const gone =
    sum(IDENTITY.filtered[0]) +
    sent +
    sum('eventail_entries_rejected_total{') +
    sum('eventail_entries_dropped_total{') +
    queued
  t.equal(received + sum('eventail_events_recovered_total{'), gone, 'the accounts add up')
  return { received, sent, queued }
}

t.test('what was stored and what happens then reaches Loki once, over a SIGTERM and a SIGKILL', async (t) => {
  const { store, loki, run, folder } = await world(t)
  for (let i = 0; i < 5; i += 1) store.create(event(`stored-${i}`, `stored ${i}`))
  const first = run()
  await delivered(loki, 5)
  store.create(event('live-0', 'live 0'))
  await delivered(loki, 6)
  await first.line(/msg=listening/)
  first.signal('SIGTERM')
  t.equal(await first.ended, 0, 'SIGTERM ends it with 0')
  t.match(first.stderr(), /msg=stopped queued=0 position=complete/)
  t.match(readFileSync(join(folder, 'positions.yaml'), 'utf8'), /cursor-events/)

  store.create(event('away-0', 'while away'))
  const second = run()
  await delivered(loki, 7)
  second.signal('SIGKILL')
  t.equal(await second.ended, null)
  store.create(event('away-1', 'after the kill'))
  const third = run()
  // What the kill made uncertain may come again before it.
  while (!messages(loki).includes('after the kill')) await loki.received(loki.requests.length + 1)
  const seen = loki
    .entries()
    .map(({ labels, entry }) => JSON.stringify([labels, String(entry.timestampNs), entry.line]))
  t.equal(new Set(seen).size, 8, 'eight distinct entries, repeats are byte-identical')
  t.strictSame([...new Set(messages(loki))].sort(), [
    'after the kill',
    'live 0',
    'stored 0',
    'stored 1',
    'stored 2',
    'stored 3',
    'stored 4',
    'while away',
  ])
  t.match(
    loki.entries()[0]?.labels,
    '{cluster="test", job="kubernetes-events", kind="Pod", namespace="shop", type="Normal"}',
  )
  third.signal('SIGINT')
  t.equal(await third.ended, 0, 'Ctrl-C ends it with 0')
})

t.test('the accounts add up while Loki is away, and when it is back', async (t) => {
  const { store, loki, run } = await world(t)
  loki.answerWith(() => ({ status: 503, body: 'not now' }))
  for (let i = 0; i < 20; i += 1) store.create(event(`e-${i}`, `e ${i}`))
  const agent = run()
  await loki.received(3)
  const during = await assertAddsUp(t, agent)
  t.strictSame(during, { received: 20, sent: 0, queued: 20 })
  t.equal((await agent.page('/healthz')).status, 200, '/healthz does not depend on Loki')
  loki.answerWith(() => ({ status: 204 }))
  await agent.line(/./)
  while ((await assertAddsUp(t, agent)).sent < 20) await loki.received(1)
  t.strictSame(await assertAddsUp(t, agent), { received: 20, sent: 20, queued: 0 })
})

t.test('a Loki that never answers does not hold up the end, and nothing is lost by it', async (t) => {
  const { store, loki, run, folder, config } = await world(t)
  writeFileSync(join(folder, 'eventail.yaml'), `${config()}\ndrain_timeout: 300ms\n`)
  loki.answerWith(() => 'hang')
  store.create(event('e-0', 'stuck'))
  const agent = run()
  await loki.received(1)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
  t.match(agent.stderr(), /queued=1 position="before what is queued"/)
  loki.answerWith(() => ({ status: 204 }))
  const before = loki.requests.length
  const again = run()
  await loki.received(before + 1)
  t.equal(messages(loki).at(-1), 'stuck', 'the next start ships it')
  again.signal('SIGTERM')
  await again.ended
})

t.test('SIGHUP takes a new configuration, and keeps the old one when the new is not valid', async (t) => {
  const { store, loki, run, folder, config } = await world(t)
  const agent = run()
  await agent.line(/msg=listening/)
  writeFileSync(join(folder, 'eventail.yaml'), 'clients: [{urll: x}]\n')
  agent.signal('SIGHUP')
  await agent.line(/not reloaded/)
  t.match(
    agent.stderr(),
    /eventail\.yaml:1:12: clients\[0\]\.urll: .*did you mean/,
    'the mistake is told with its place',
  )
  t.equal(await agent.metric('promtail_config_reload_fail_total'), 1)
  store.create(event('e-0', 'by the old one'))
  await delivered(loki, 1)
  writeFileSync(join(folder, 'eventail.yaml'), config().replace('cluster: test', 'cluster: renamed'))
  agent.signal('SIGHUP')
  await agent.line(/configuration reloaded/)
  store.create(event('e-1', 'by the new one'))
  await delivered(loki, 2)
  t.match(loki.entries()[1]?.labels, /cluster="renamed"/)
  t.strictSame(messages(loki), ['by the old one', 'by the new one'], 'nothing is repeated by a reload')
  t.equal(await agent.metric('promtail_config_reload_success_total'), 1)
})

t.test('a dry run prints entries, pushes nothing and writes no positions', async (t) => {
  const { store, loki, run, folder } = await world(t)
  store.create(event('e-0', 'only shown'))
  const agent = run('-dry-run')
  const line = await agent.line(/only shown/, 'stdout')
  t.match(line, /^\d{4}-.*Z\t\{cluster="test", job="kubernetes-events", .*\}\treason="Killing" .*\tlevel=info /)
  t.match(agent.stdout(), /^Clients configured:\n-{22}\nname: /)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
  t.equal(loki.requests.length, 0)
  t.notOk(existsSync(join(folder, 'positions.yaml')))
})

t.test('-stdin ships frames, lists and single events, and tells what it refused', async (t) => {
  const { loki, start } = await world(t)
  const whole = (name: string): object => {
    const made = event(name, name)
    return {
      ...made,
      metadata: { ...made.metadata, uid: name, resourceVersion: '7', creationTimestamp: made['lastTimestamp'] },
    }
  }
  const args = ['-config.file=eventail.yaml', '-stdin']
  const input = [
    JSON.stringify(whole('single')),
    JSON.stringify({ type: 'ADDED', object: whole('frame') }),
    JSON.stringify({ kind: 'List', items: [whole('listed-1'), whole('listed-2')] }, null, 2),
  ].join('\n')
  const good = start({ args, input })
  t.equal(await good.ended, 0)
  t.strictSame(messages(loki).sort(), ['frame', 'listed-1', 'listed-2', 'single'])
  t.match(good.stderr(), /received=4 sent=4 filtered=0 rejected=0 dropped=0 queued=0 client=/)
  const bad = start({ args: [...args, '-dry-run'], input: '{"kind":"Pod"}\nnot json\n' })
  t.equal(await bad.ended, 1)
  t.match(bad.stderr(), /^stdin:1: not an event: /m)
  t.match(bad.stderr(), /^stdin:2: not an event: /m)
})

t.test('mistakes end it with 2 and are all told at once; a missing cluster with 1', async (t) => {
  const { start, folder, config } = await world(t)
  writeFileSync(join(folder, 'bad.yaml'), config({ client: '    batchwait: 5 sec\n    tenant: a' }))
  const bad = start({ args: ['-config.file=bad.yaml'] })
  t.equal(await bad.ended, 2)
  t.match(bad.stderr(), /bad\.yaml:\d+:\d+: clients\[0\]\.batchwait: expected a duration/)
  t.match(bad.stderr(), /^ +batchwait: 5 sec\n +\^/m)
  t.match(bad.stderr(), /clients\[0\]\.tenant: .*tenant_id/)
  t.equal(bad.stdout(), '')
  const usage = start({ args: ['-config.fil=x'] })
  t.equal(await usage.ended, 2)
  t.match(usage.stderr(), /Run with -help/)
  const version = start({ args: ['-version'] })
  t.equal(await version.ended, 0)
  t.match(version.stdout(), /^eventail, version \d+\.\d+\.\d+/)
  const checked = start({ args: ['check', 'eventail.yaml'] })
  t.equal(await checked.ended, 0)
  t.match(checked.stdout(), /Valid config file! No syntax issues found/)
  writeFileSync(join(folder, 'nowhere.yaml'), config().replace('kubeconfig.yaml', 'no-such-file.yaml'))
  const nowhere = start({ args: ['-config.file=nowhere.yaml'] })
  t.equal(await nowhere.ended, 1)
  t.match(nowhere.stderr(), /cannot start.*no-such-file\.yaml/)
})

t.test('the effective configuration is shown with secrets masked, and no page or line holds one', async (t) => {
  const { run, folder, config, store, loki } = await world(t)
  writeFileSync(
    join(folder, 'eventail.yaml'),
    config({ client: '    basic_auth: {username: u, password: hunter2-password}' }),
  )
  const agent = run('-print-config-stderr', '-log.level=debug')
  store.create(event('e-0'))
  await delivered(loki, 1)
  t.match(agent.stderr(), /password: <secret>/)
  const pages = await Promise.all(
    ['/config', '/targets', '/ready', '/metrics', '/service-discovery'].map((p) => agent.page(p)),
  )
  for (const text of [agent.stderr(), agent.stdout(), ...pages.map(({ body }) => body)]) t.notMatch(text, /hunter2/)
  t.match(loki.requests[0]?.headers.authorization, /^Basic /, 'but Loki gets it')
})

t.test('a heartbeat tells in Loki that the agent lives, and is no event', async (t) => {
  const { run, store, loki, folder, config } = await world(t)
  writeFileSync(join(folder, 'eventail.yaml'), config({ more: 'heartbeat: 1s\n' }))
  store.create(event('e-0'))
  const agent = run()
  await delivered(loki, 2)
  const told =
    /^level=info msg=heartbeat version=\d\S+ position_age=[\d.]+ gap_seconds=0 received=1 recovered=0 filtered=0 sent=1 rejected=0 dropped=0 queued=0 state=stream$/
  const beats = (): string[] =>
    loki
      .entries()
      .filter(({ labels }) => labels === '{cluster="test", job="eventail"}')
      .map(({ entry }) => entry.line)
  // The first one may be older than the event.
  while (!beats().some((line) => told.test(line))) await loki.received(loki.requests.length + 1)
  const { sent } = await assertAddsUp(t, agent)
  t.equal(sent, 1)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
})

t.test('throttled repeats count as filtered, and a kill makes no other bytes of what is sent', async (t) => {
  const { run, store, loki, folder, config } = await world(t)
  const throttled = config().replace('kubeconfig.yaml}', 'kubeconfig.yaml, throttle: {lines: 3, window: 1h}}')
  writeFileSync(join(folder, 'eventail.yaml'), throttled)
  const times = { firstTimestamp: '2026-11-23T22:00:00Z', lastTimestamp: '2026-11-23T22:10:00Z' }
  const metadata = { name: 'often', namespace: 'shop', creationTimestamp: times.firstTimestamp }
  store.create({ ...event('often'), ...times, metadata })
  const first = run()
  await delivered(loki, 1)
  for (let count = 2; count <= 20; count += 1) store.update('shop/often', (before) => ({ ...before, count }))
  store.create({ ...event('other'), reason: 'Started' })
  await delivered(loki, 5)
  const { received, sent, queued } = await assertAddsUp(t, first)
  t.strictSame([received, sent + queued], [21, 5])
  const { body } = await first.page('/metrics')
  t.match(body, 'eventail_events_throttled_total{job="events",by="object"} 16\n')
  t.match(body, 'eventail_events_filtered_total{job="events"} 16\n')
  first.signal('SIGKILL')
  await first.ended
  store.update('shop/often', (before) => ({ ...before, count: 21, lastTimestamp: '2026-11-23T23:00:00Z' }))
  const second = run()
  const told = (): readonly string[] =>
    loki
      .entries()
      .flatMap(({ entry }) => / count=(\d+) .*?( suppressed=\d+)?$/.exec(entry.line)?.slice(1).join('') ?? [])
  while (!told().includes('21 suppressed=13')) await loki.received(loki.requests.length + 1)
  const lines = new Set(loki.entries().map(({ entry }) => entry.line))
  const revisions = [...lines].map((line) => / rv=(\d+)/.exec(line)?.[1])
  t.equal(new Set(revisions).size, lines.size, 'no revision has two forms')
  for (const line of ['1', '2', '3', '7 suppressed=3', '21 suppressed=13']) t.ok(told().includes(line), line)
  second.signal('SIGTERM')
  t.equal(await second.ended, 0)
})

t.test('/metrics is what promtool accepts', async (t) => {
  const { run, folder, store, loki } = await world(t)
  store.create(event('e-0'))
  const agent = run()
  await delivered(loki, 1)
  const isAccepted = async (why: string): Promise<void> => {
    const { body } = await agent.page('/metrics')
    const output = execFileSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
    t.equal(output, '', why)
  }
  await isAccepted('as text')
  const negotiated = await agent.page('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' })
  // promtool reads OpenMetrics only to store it, and then each sample needs a time.
  const file = join(folder, 'open-metrics.txt')
  writeFileSync(file, negotiated.body.replaceAll(/^[^#\n].*$/gm, '$& 1'))
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'blocks')])
  await isAccepted('as text, after OpenMetrics')
})

t.test('case 15: a checkpoint that cannot be read is waited for, never taken for none', async (t) => {
  const { run, folder, store, loki } = await world(t)
  mkdirSync(join(folder, 'positions.yaml'))
  store.create(event('e-0'))
  const agent = run()
  await agent.line(/checkpoint cannot be read/)
  t.equal(store.watchers, 0, 'nothing is watched')
  const ready = await agent.page('/ready')
  t.equal(ready.status, 500)
  t.match(ready.body, /checkpoint .* cannot be read/)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
  t.equal(loki.requests.length, 0)
})

t.test('case 16: a corrupt checkpoint, or one of another cluster, is refused aloud and counted', async (t) => {
  const { run, folder, store, loki, config } = await world(t)
  store.create(event('e-0'))
  writeFileSync(join(folder, 'positions.yaml'), 'positions:\n  cursor-events: "{half"\n')
  const corrupt = run()
  await delivered(loki, 1)
  t.match(corrupt.stderr(), /level=error msg="checkpoint is corrupt and not used/)
  t.equal(await corrupt.metric('eventail_checkpoint_refused_total{reason="corrupt"}'), 1)
  corrupt.signal('SIGTERM')
  await corrupt.ended
  const file = readFileSync(join(folder, 'positions.yaml'), 'utf8').split('\n').slice(1).join('\n')
  writeFileSync(join(folder, 'positions.yaml'), file.replace(/http:\/\/127[^"]*/, 'https://another-cluster'))
  writeFileSync(join(folder, 'eventail.yaml'), config())
  const other = run()
  await delivered(loki, 2)
  t.match(other.stderr(), /checkpoint is not used.*it is of another cluster/)
  t.equal(await other.metric('eventail_checkpoint_refused_total{reason="scope"}'), 1)
})

t.test('a client that is stuck delays no other; the position is that of the slowest', async (t) => {
  const { run, folder, store, loki, config } = await world(t)
  const stuck = await startLoki({ answer: ({ n }) => (n === 0 ? { status: 204 } : 'hang') })
  t.teardown(() => stuck.close())
  writeFileSync(join(folder, 'eventail.yaml'), `${config({ client: `  - url: ${stuck.url}` })}\ndrain_timeout: 200ms\n`)
  const agent = run()
  store.create(event('e-0', 'for both'))
  await delivered(loki, 1)
  await stuck.received(1)
  const before = store.revision
  store.create(event('e-1', 'for both, and one does not answer'))
  await delivered(loki, 2)
  await stuck.received(2)
  agent.signal('SIGTERM')
  await agent.ended
  const position = /"watched":"(\d+)"/.exec(readFileSync(join(folder, 'positions.yaml'), 'utf8'))?.[1]
  t.equal(position, before, 'the position stays before what one client still owes')
})

t.test('the agent says what is wrong when there is no network at all', async (t) => {
  const { run, folder } = await world(t)
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const kubeconfig = readFileSync(join(folder, 'kubeconfig.yaml'), 'utf8')
  writeFileSync(join(folder, 'kubeconfig.yaml'), kubeconfig.replace(/http:[^"]*/, `http://127.0.0.1:${port}`))
  const agent = run()
  t.match(await agent.line(/level=warn/), /refused|ECONNREFUSED/i)
  t.equal((await agent.page('/ready')).status, 500)
  t.equal((await agent.page('/healthz')).status, 200)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
})

t.test('the demo ends with a line that adds up, and 0', async (t) => {
  const { start } = await world(t)
  const demo = start({ args: ['demo', '--duration=2s', '--loki-port=0'] })
  t.equal(await demo.ended, 0)
  const last = demo.stdout().trimEnd().split('\n').at(-1) ?? ''
  const [, received, sent] = /^received=(\d+) sent=(\d+) filtered=0 rejected=0 dropped=0 queued=0$/.exec(last) ?? []
  t.ok(Number(received) > 700, last)
  t.equal(received, sent)
})
