import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { createApiHandler } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { listen } from '../../src/demo/listen.ts'
import { type AgentProcess, startAgentProcess } from '../fixtures/agent-process.ts'
import { type LokiAnswer, type LokiServer, startLoki } from '../fixtures/loki-server.ts'

// Two replicas as real processes, with an API server and a Loki in this one. Their configurations differ in the token,
// by which the API server tells them apart, and in the URL of Loki, where each has a door of its own.

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/monitoring/leases'
const ELECTION = '{enabled: true, lease_duration: 4s, renew_deadline: 3s, retry_period: 500ms}'

type Asked = { readonly who: string; readonly what: string }
type Lease = {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: Readonly<Record<string, unknown>>
}

type World = {
  /** Creates events; @returns their resourceVersions. */
  create(n: number): readonly string[]
  readonly asked: readonly Asked[]
  readonly loki: Readonly<Record<'a' | 'b', LokiServer>>
  lease(): Promise<Lease>
  /** A replica's process: the same files again after it has ended. */
  start(who: 'a' | 'b'): AgentProcess
  /** Resolves when Loki has taken all of these. */
  arrived(ids: readonly string[]): Promise<void>
}

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 2000) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The resourceVersions of the entries that came through one door, or both, with everything that makes up each entry. */
const entriesOf = (...servers: readonly LokiServer[]): readonly { readonly id: string; readonly whole: string }[] =>
  servers.flatMap((server) =>
    server.entries().map(({ tenant, labels, entry }) => ({
      id: / rv=(\d+)/.exec(entry.line)?.[1] ?? '',
      whole: JSON.stringify([tenant, labels, entry], (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    })),
  )

const begin = async (t: Test): Promise<World> => {
  const store = new EventStore()
  const asked: Asked[] = []
  const handler = createApiHandler({
    store,
    intercept: ({ method, path, headers, isWatch }) => {
      const who = /^Bearer (\w)$/.exec(headers.authorization ?? '')?.[1] ?? ''
      asked.push({ who, what: `${isWatch ? 'WATCH' : method} ${path}` })
      return null
    },
  })
  const server = createServer(handler.handle)
  const api = `http://127.0.0.1:${await listen(server, 0)}`
  const loki = { a: await startLoki(), b: await startLoki() }
  const created = await request(`${api}${LEASES}`, {
    method: 'POST',
    body: JSON.stringify({ metadata: { name: 'eventail' }, spec: {} }),
  })
  await created.body.dump()
  const folder = t.testdir({})
  for (const who of ['a', 'b'] as const) {
    const kubeconfig = join(folder, `kubeconfig-${who}`)
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: api } }],
        users: [{ name: 'u', user: { token: who } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    )
    writeFileSync(
      join(folder, `${who}.yaml`),
      `server: {http_listen_port: 0, http_listen_address: 127.0.0.1}
clients: [{url: "${loki[who].url}", timeout: 60s, external_labels: {cluster: test}}]
positions: {store: lease, lease: {name: eventail, namespace: monitoring}}
leader_election: ${ELECTION}
heartbeat: 0s
scrape_configs:
  - job_name: events
    kubernetes_events: {kubeconfig: ${kubeconfig}}
`,
    )
  }
  const processes: AgentProcess[] = []
  t.teardown(async () => {
    for (const each of processes) {
      each.signal('SIGCONT')
      each.signal('SIGKILL')
    }
    await Promise.all(processes.map((each) => each.ended))
    handler.endWatches()
    server.closeAllConnections()
    server.close()
    await Promise.all([loki.a.close(), loki.b.close()])
  })
  let events = 0
  return {
    create: (n) =>
      Array.from({ length: n }, () => {
        events += 1
        const name = `pod-${events}`
        return store.create({
          metadata: { name, namespace: 'shop' },
          involvedObject: { kind: 'Pod', namespace: 'shop', name },
          reason: 'Started',
          message: `Started ${name}`,
          source: { component: 'kubelet' },
          type: 'Normal',
          firstTimestamp: new Date(Date.now()).toISOString().replace(/\.\d+/, ''),
        })
      }),
    asked,
    loki,
    lease: async () => {
      const answer = await request(`${api}${LEASES}/eventail`, { headers: { connection: 'close' } })
      return (await answer.body.json()) as Lease
    },
    start: (who) => {
      const args = ['run', `-config.file=${join(folder, `${who}.yaml`)}`]
      const started = startAgentProcess({ args, cwd: folder, env: { POD_NAME: `eventail-${who}` } })
      processes.push(started)
      return started
    },
    arrived: async (ids) => {
      await until('every event in Loki', () => {
        const there = new Set(entriesOf(loki.a, loki.b).map(({ id }) => id))
        return ids.every((id) => there.has(id))
      })
    },
  }
}

/** Nothing lost, nothing made up, and whatever was sent twice is the same to the last byte. */
const accountFor = (t: Test, world: World, expected: readonly string[]): void => {
  const entries = entriesOf(world.loki.a, world.loki.b)
  t.strictSame([...new Set(entries.map(({ id }) => id))].sort(), [...expected].sort(), 'every revision, and no other')
  t.equal(new Set(entries.map(({ whole }) => whole)).size, expected.length, 'the same bytes whoever sent them')
  t.comment(`${expected.length} revisions in ${entries.length} entries`)
}

const requestsOf = (world: World, who: string): readonly string[] =>
  world.asked.filter((each) => each.who === who).map(({ what }) => what)

t.test('case 25: a leader that was paused wakes up beside a new one, and sends and saves nothing', async (t) => {
  const world = await begin(t)
  const a = world.start('a')
  await a.line(/this replica leads/)
  const expected = [...world.create(30)]
  await world.arrived(expected)

  const b = world.start('b')
  await b.line(/standing by: another replica leads.* leader=eventail-a_/)
  t.strictSame(await b.page('/ready'), { status: 200, body: 'Ready: standing by' })
  t.match((await b.page('/targets')).body, /This replica stands by; eventail-a_\S+ leads/)
  t.match(JSON.parse((await b.page('/targets', { accept: 'application/json' })).body), {
    ready: true,
    leadership: { role: 'standby', holder: /^eventail-a_/ },
    targets: [],
  })
  t.strictSame([await a.metric('eventail_leader'), await b.metric('eventail_leader')], [1, 0])
  t.match((await a.page('/targets')).body, /This replica leads/)
  t.strictSame([...new Set(requestsOf(world, 'b'))], [`GET ${LEASES}/eventail`], 'all that a standby asks for')

  // The worst moment: one push is out and unanswered, and more is queued behind it.
  let answer: (given: LokiAnswer) => void = () => undefined
  world.loki.a.answerWith(() => new Promise((resolve) => (answer = resolve)))
  const pushes = world.loki.a.requests.length
  expected.push(...world.create(5))
  await world.loki.a.received(pushes + 1)
  const watched = await a.metric('eventail_events_received_total{job="events",via="watch"}')
  expected.push(...world.create(20))
  await until('a queue', async () => {
    const now = await a.metric('eventail_events_received_total{job="events",via="watch"}')
    return now >= watched + 20
  })
  a.signal('SIGSTOP')
  const pausedMs = performance.now()
  await b.line(/this replica leads/)
  t.comment(`taken over ${Math.round(performance.now() - pausedMs)} ms after the pause began`)
  await world.arrived(expected)
  expected.push(...world.create(10))
  await world.arrived(expected)
  t.match((await world.lease()).spec, { holderIdentity: /^eventail-b_/ })

  const before = { pushes: world.loki.a.requests.length, asked: requestsOf(world, 'a').length }
  answer({ status: 204 })
  world.loki.a.answerWith(() => ({ status: 204 }))
  a.signal('SIGCONT')
  t.equal(await a.ended, 1, 'its process ends, to stand by after a restart')
  t.match(
    a.stderr(),
    /level=error msg="leadership lost: nothing more is sent, and no position is written".*held by eventail-b_/,
  )
  t.equal(world.loki.a.requests.length, before.pushes, 'it pushes nothing')
  const asked = requestsOf(world, 'a').slice(before.asked)
  t.strictSame(
    asked.filter((each) => each.includes('/leases/')),
    [`PUT ${LEASES}/eventail`, `GET ${LEASES}/eventail`],
    'one write, which is refused, and one look at who leads',
  )
  const lease = await world.lease()
  t.match(lease.spec, { holderIdentity: /^eventail-b_/, leaseTransitions: 2 })
  accountFor(t, world, expected)
  t.equal(await b.metric('eventail_leader'), 1)
})

t.test('a leader that is told to stop hands over without a gap and without a repeat', async (t) => {
  const world = await begin(t)
  const a = world.start('a')
  await a.line(/this replica leads/)
  const b = world.start('b')
  await b.line(/standing by: another replica leads/)
  const expected = [...world.create(40)]
  await world.arrived(expected)
  a.signal('SIGTERM')
  const toldMs = performance.now()
  expected.push(...world.create(10))
  t.equal(await a.ended, 0)
  t.match(a.stderr(), /leadership released/)
  await b.line(/this replica leads/)
  t.comment(`handed over ${Math.round(performance.now() - toldMs)} ms after SIGTERM`)
  expected.push(...world.create(10))
  await world.arrived(expected)
  t.equal(entriesOf(world.loki.a, world.loki.b).length, expected.length, 'nothing is sent twice')
  accountFor(t, world, expected)
  t.equal(await b.metric('eventail_leader_transitions_total'), 1)

  // The pod of the old leader comes back, as a standby, and takes over from a new leader that dies without a word.
  const again = world.start('a')
  await again.line(/standing by: another replica leads.* leader=eventail-b_/)
  b.signal('SIGKILL')
  const killedMs = performance.now()
  expected.push(...world.create(10))
  await again.line(/this replica leads/)
  t.comment(`taken over ${Math.round(performance.now() - killedMs)} ms after SIGKILL`)
  await world.arrived(expected)
  accountFor(t, world, expected)
  again.signal('SIGTERM')
  t.equal(await again.ended, 0)
  t.match((await world.lease()).spec, { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 })
})
