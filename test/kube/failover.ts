import t, { type Test } from 'tap'
import { entriesOf, LEASES, type Replicas, startReplicas, until } from '../fixtures/replicas.ts'
import type { LokiAnswer } from '../fixtures/loki-server.ts'

/** client-go's timings in small. */
const ELECTION = '{enabled: true, lease_duration: 4s, renew_deadline: 3s, retry_period: 500ms}'

const begin = async (t: Test): Promise<Replicas> => {
  const world = await startReplicas({ election: ELECTION })
  t.teardown(() => world.end())
  return world
}

/** Nothing lost, nothing made up, and whatever was sent twice is the same to the last byte. */
const accountFor = (t: Test, world: Replicas, expected: readonly string[]): void => {
  const entries = entriesOf(world.loki.a, world.loki.b)
  t.strictSame([...new Set(entries.map(({ id }) => id))].sort(), [...expected].sort(), 'every revision, and no other')
  t.equal(new Set(entries.map(({ whole }) => whole)).size, expected.length, 'the same bytes whoever sent them')
  t.comment(`${expected.length} revisions in ${entries.length} entries`)
}

const requestsOf = (world: Replicas, who: string): readonly string[] =>
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
  // Its own clock tells it as soon as it wakes; the API server, if its write gets there first.
  t.match(
    a.stderr(),
    /level=error msg="leadership lost: nothing more is sent, and no position is written".*(?:held by eventail-b_|not renewed)/,
  )
  t.equal(world.loki.a.requests.length, before.pushes, 'it pushes nothing')
  const asked = requestsOf(world, 'a').slice(before.asked)
  const told = asked.filter((each) => each.includes('/leases/'))
  const most = [`PUT ${LEASES}/eventail`, `GET ${LEASES}/eventail`]
  t.strictSame(told, most.slice(0, told.length), 'one write at most, which is refused, and one look at who leads')
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
