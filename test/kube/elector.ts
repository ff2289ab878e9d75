import { setImmediate as afterIo } from 'node:timers/promises'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { request } from 'undici'
import type { ApiRequest } from '../../src/demo/api-access.ts'
import { startApiServer, type Interception } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { LeaseStore } from '../../src/demo/lease-store.ts'
import type { SaveOutcome } from '../../src/kube/checkpoint.ts'
import type { KubeAnswer, KubeClient, KubeFailure } from '../../src/kube/client.ts'
import type { Connection } from '../../src/kube/connection.ts'
import { CURSORS_ANNOTATION } from '../../src/kube/cursors-annotation.ts'
import { createElectionMetrics } from '../../src/kube/election-metrics.ts'
import type { ElectionTiming } from '../../src/kube/election-timing.ts'
import { Elector } from '../../src/kube/elector.ts'
import { createKubeClient } from '../../src/kube/http-client.ts'
import { leaderIdentity } from '../../src/kube/leader-identity.ts'
import { createLog, silentLog } from '../../src/log.ts'
import { handClock, type HandClock } from '../fixtures/clock.ts'
import { randomOf } from '../fixtures/random.ts'
import { replicaClock, type ReplicaClock, type ReplicaClockOptions } from '../fixtures/replica-clock.ts'

const TIMING: ElectionTiming = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 }
const PATH = '/apis/coordination.k8s.io/v1/namespaces/monitoring/leases'
const STEP_MS = 50
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

type LeaseJson = {
  readonly metadata: {
    readonly resourceVersion: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}
type Script = (asked: ApiRequest) => Interception | null

/** One replica's elector, as a process would have it. */
type Replica = {
  readonly elector: Elector
  readonly clock: ReplicaClock
  readonly lost: string[]
  readonly logged: string[]
  /** Its requests to the API server, in order. */
  readonly asked: string[]
  /** How the campaign ended; undefined: it has not. */
  readonly won: () => boolean | undefined
  campaign(): void
  /** What the process does when it is told to stop. */
  stop(): Promise<void>
  metric(name: string): Promise<number>
}

type World = {
  readonly hand: HandClock
  lease(): Promise<LeaseJson>
  /** Another writer's update, with `kubectl edit`'s force. */
  edit(change: (lease: LeaseJson) => object): Promise<number>
  script(script: Script): void
  replica(name: string, clock?: ReplicaClockOptions): Replica
  /** Moves true time on; while a request is under way, and not left unanswered on purpose, time stands still. */
  move(ms: number): Promise<void>
  /** Requests that are never answered are no reason to wait. */
  readonly hang: Interception
}

const connectionTo = (server: string): Connection => ({
  server,
  proxy: '',
  inCluster: false,
  credentials: () => {
    const tls = { ca: null, cert: null, key: null, serverName: '', skipVerify: false, hash: '' }
    return Promise.resolve({ kind: 'ok', headers: {}, tls })
  },
  renew: () => Promise.resolve(null),
  close: () => undefined,
})

const json = { 'content-type': 'application/json' }

const begin = async (t: Test, spec: object = {}): Promise<World> => {
  const hand = handClock()
  let script: Script = () => null
  let underWay = 0
  let hanging = 0
  const server = await startApiServer({
    store: new EventStore({ clock: hand, revision: 1000n }),
    clock: hand,
    intercept: (asked) => (asked.headers['x-test'] === undefined ? script(asked) : null),
  })
  const url = `${server.url}${PATH}/eventail`
  const headers = { ...json, 'x-test': '1', connection: 'close' }
  const put = async (body: object): Promise<number> => {
    const answer = await request(url, { method: 'PUT', headers, body: JSON.stringify(body) })
    await answer.body.dump()
    return answer.statusCode
  }
  const lease = async (): Promise<LeaseJson> => (await (await request(url, { headers })).body.json()) as LeaseJson
  const made = { metadata: { name: 'eventail' }, spec }
  const created = await request(`${server.url}${PATH}`, { method: 'POST', headers, body: JSON.stringify(made) })
  await created.body.dump()
  const replicas: Replica[] = []

  const counted = (client: KubeClient, asked: string[]): KubeClient => {
    const count = async (verb: string, answer: Promise<KubeAnswer<unknown>>): Promise<KubeAnswer<unknown>> => {
      underWay += 1
      const outcome = await answer
      underWay -= 1
      asked.push(`${verb} ${outcome.kind === 'http' ? outcome.status : outcome.kind}`)
      return outcome
    }
    return {
      ...client,
      server: client.server,
      get: (path, options) => count('get', client.get(path, options)),
      put: (path, body, options) => count('put', client.put(path, body, options)),
      watch: (path, options) => client.watch(path, options),
      renewCredentials: () => client.renewCredentials(),
      close: () => client.close(),
    }
  }

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4 || underWay > hanging; turn += 1) await afterIo()
  }

  const replica: World['replica'] = (name, options) => {
    const clock = replicaClock(hand, options)
    const [lost, logged, asked]: string[][] = [[], [], []]
    const registry = new Registry()
    const elector = new Elector({
      client: counted(
        createKubeClient({ connection: connectionTo(server.url), clock, log: silentLog, watches: 0 }),
        asked!,
      ),
      lease: { namespace: 'monitoring', name: 'eventail' },
      identity: name,
      timing: TIMING,
      clock,
      log: createLog({ level: 'debug', format: 'logfmt', clock, write: (line) => logged!.push(line) }),
      metrics: createElectionMetrics(registry),
      random: () => 0.5,
      onLost: (why) => lost!.push(why),
    })
    const stopping = new AbortController()
    let won: boolean | undefined
    const self: Replica = {
      elector,
      clock,
      lost: lost!,
      logged: logged!,
      asked: asked!,
      won: () => won,
      campaign: () => {
        void elector.campaign(stopping.signal).then((outcome) => {
          won = outcome
        })
      },
      stop: async () => {
        stopping.abort()
        elector.hurry()
        await elector.release()
        await elector.close()
      },
      metric: async (name) => {
        const found = (await registry.metrics()).split('\n').find((line) => line.startsWith(`${name} `))
        return Number(found?.slice(name.length + 1) ?? NaN)
      },
    }
    replicas.push(self)
    return self
  }

  t.teardown(async () => {
    script = () => null
    server.resetConnections()
    for (const { clock } of replicas) clock.resume()
    await Promise.all([...replicas.map((each) => each.stop()), hand.advance(60_000)])
    await server.close()
  })

  return {
    hand,
    lease,
    edit: async (change) => {
      const now = await lease()
      return put({ ...now, ...change(now) })
    },
    script: (next) => {
      script = next
    },
    replica,
    move: async (ms) => {
      await settle()
      for (let moved = 0; moved < ms; moved += STEP_MS) {
        await hand.advance(Math.min(STEP_MS, ms - moved))
        await settle()
      }
    },
    hang: {
      kind: 'serve',
      serve: (_, response) => {
        hanging += 1
        response.once('close', () => {
          hanging -= 1
        })
      },
    },
  }
}

/** Becomes the leader, and has written its first cursors, which go at once. */
const lead = async (world: World, replica: Replica): Promise<void> => {
  replica.campaign()
  await world.move(0)
  void replica.elector.save({ 'cursor-a': '0' })
  await world.move(0)
}

const refused = (status: number, reason: string, message: string): Interception => ({
  kind: 'answer',
  status,
  body: JSON.stringify({ kind: 'Status', status: 'Failure', reason, message, code: status }),
})

const held = (holder: string, over: object = {}): object => ({
  holderIdentity: holder,
  leaseDurationSeconds: 15,
  acquireTime: '2026-11-23T20:00:00.000000Z',
  renewTime: '2026-11-23T22:00:00.000000Z',
  leaseTransitions: 7,
  ...over,
})

t.test('a Lease that nobody holds is taken at once, with every time in six digits', async (t) => {
  const world = await begin(t)
  const a = world.replica('a')
  t.equal(a.elector.status().why, 'the Lease has not been read yet', 'and so a standby is not ready from the start')
  a.campaign()
  await world.move(0)
  t.equal(a.won(), true)
  t.ok(a.elector.mayPush())
  const { spec } = await world.lease()
  t.match(spec, {
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    leaseTransitions: 1,
    acquireTime: MICRO,
    renewTime: MICRO,
  })
  t.strictSame(await a.elector.load(), { kind: 'none' })
  t.strictSame(a.elector.status(), { role: 'leader', identity: 'a', holder: 'a', why: '' })
  t.strictSame(
    await Promise.all(['eventail_leader', 'eventail_leader_transitions_total'].map((name) => a.metric(name))),
    [1, 1],
  )
  t.equal(await a.metric('eventail_lease_last_renewal_timestamp_seconds'), world.hand.now() / 1000)
  t.equal(
    await world.edit((lease) => ({ spec: { ...lease.spec, renewTime: '2026-11-23T22:00:00.000Z' } })),
    400,
    'this server refuses three digits, so that the above means something',
  )
})

t.test(
  'one update in each retry period renews the Lease and carries the newest cursors, the first at once',
  async (t) => {
    const world = await begin(t, held('', { leaseTransitions: 3 }))
    const a = world.replica('a')
    a.campaign()
    await world.move(0)
    const first = (await world.lease()).spec
    let saves = 0
    const outcomes = new Set<string>()
    const saving = async (): Promise<void> => {
      for (let n = 1; n <= 12; n += 1) {
        await a.clock.sleep(1500)
        const outcome = await a.elector.save({ 'cursor-a': String(n) })
        outcomes.add(outcome.kind)
        saves = n
      }
    }
    void saving()
    await world.move(24_100)
    t.equal(saves, 12)
    t.strictSame([...outcomes], ['saved'])
    t.equal(a.asked.filter((each) => each === 'put ok').length, 13, 'one that took it, and 12 with cursors in 24 s')
    t.equal(a.asked.length, 14, 'and one look before all that')
    const { spec, metadata } = await world.lease()
    t.strictSame(JSON.parse(metadata.annotations?.[CURSORS_ANNOTATION] ?? ''), { 'cursor-a': '12' })
    t.strictSame(
      [spec['acquireTime'], spec['leaseTransitions']],
      [first['acquireTime'], 4],
      'these stay with the holder',
    )
    t.not(spec['renewTime'], first['renewTime'])
  },
)

t.test('a standby takes over when the Lease stood still on its own clock, whatever the times in it say', async (t) => {
  const year = 365 * 86_400_000
  for (const [wallSkewMs, renewTime] of [
    [0, '1970-01-01T00:00:00.000000Z'],
    [0, '2100-01-01T00:00:00.000000Z'],
    [year, '2026-11-23T22:00:00.000000Z'],
    [-year, '2026-11-23T22:00:00.000000Z'],
  ] as const) {
    await t.test(`own clock ${wallSkewMs / year} years ahead, ${renewTime} in the Lease`, async (t) => {
      const world = await begin(t, held('x', { renewTime }))
      const b = world.replica('b', { wallSkewMs })
      b.campaign()
      await world.move(9_000)
      t.strictSame(b.elector.status(), { role: 'standby', identity: 'b', holder: 'x', why: '' })
      await world.edit((lease) => ({ spec: { ...lease.spec, renewTime: '1980-01-01T00:00:00.000000Z' } }))
      await world.move(15_000)
      t.equal(b.won(), undefined, 'a change, though to an old time, starts the wait anew')
      t.equal(await b.metric('eventail_leader'), 0)
      await world.move(4_800)
      t.equal(b.won(), true)
      const { spec } = await world.lease()
      t.match(spec, { holderIdentity: 'b', leaseTransitions: 8 })
      t.equal(await b.metric('eventail_leader_transitions_total'), 1)
      t.ok(b.elector.mayPush())
    })
  }
})

t.test('a holder that asked for a longer time than we are configured for gets it', async (t) => {
  const world = await begin(t, held('x', { leaseDurationSeconds: 40 }))
  const b = world.replica('b')
  b.campaign()
  await world.move(39_000)
  t.equal(b.won(), undefined)
  await world.move(5_000)
  t.equal(b.won(), true)
  t.equal((await world.lease()).spec['leaseDurationSeconds'], 15)
})

t.test('a leader that stops writes its cursors at once and gives the Lease back', async (t) => {
  const world = await begin(t)
  const [a, b] = [world.replica('a'), world.replica('b')]
  a.campaign()
  await world.move(0)
  b.campaign()
  await world.move(3_000)
  t.match(b.elector.status(), { role: 'standby', holder: 'a' })
  const before = a.asked.length
  a.elector.hurry()
  const saved = a.elector.save({ 'cursor-a': 'last' })
  await world.move(0)
  t.strictSame(await saved, { kind: 'saved' }, 'without waiting for a renewal')
  await a.stop()
  t.strictSame(a.asked.slice(before), ['put ok', 'put ok'], 'the cursors, and the release')
  t.match((await world.lease()).spec, {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    leaseTransitions: 1,
    acquireTime: MICRO,
    renewTime: MICRO,
  })
  t.notOk(a.elector.mayPush())
  t.strictSame(a.lost, [], 'a release is no loss')
  t.match(await a.elector.save({ 'cursor-a': 'too late' }), { kind: 'conflict' })
  await world.move(2_400)
  t.equal(b.won(), true, 'taken at the next look, which is at most 1.2 retry periods away')
  t.strictSame(await b.elector.load(), { kind: 'found', cursors: { 'cursor-a': 'last' } })
})

t.test('the new leader begins with the cursors as they were when it took over', async (t) => {
  const world = await begin(t, held('x'))
  const b = world.replica('b')
  b.campaign()
  await world.move(14_000)
  await world.edit((lease) => ({ metadata: { ...lease.metadata, annotations: { [CURSORS_ANNOTATION]: '{"c":"1"}' } } }))
  let edits = 0
  world.script((asked) => {
    // Between the look and the attempt the old leader writes once more.
    if (asked.method !== 'PUT' || edits > 0) return null
    edits += 1
    return {
      kind: 'serve',
      serve: (_, response) => {
        const last = { [CURSORS_ANNOTATION]: '{"c":"2"}' }
        void world
          .edit((lease) => ({ metadata: { ...lease.metadata, annotations: last } }))
          .then(() => {
            response.writeHead(409, json).end('{"kind":"Status","reason":"Conflict","message":"modified","code":409}')
          })
      },
    }
  })
  await world.move(18_000)
  t.equal(edits, 1)
  t.equal(b.won(), undefined, 'refused by the lock, and the wait begins anew')
  t.match(b.logged.join(''), /another replica was faster/)
  await world.move(17_000)
  t.equal(b.won(), true)
  t.strictSame(await b.elector.load(), { kind: 'found', cursors: { c: '2' } })
})

t.test('a leader whose renewals fail', (t) => {
  t.test('goes on when one succeeds before the deadline', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    await lead(world, a)
    world.script(() => refused(500, 'InternalError', 'etcdserver: request timed out'))
    const saved = a.elector.save({ 'cursor-a': '1' })
    await world.move(7_900)
    t.match(await saved, { kind: 'failed', why: /lease\/monitoring\/eventail: HTTP 500 etcdserver/ })
    t.ok(a.elector.mayPush())
    world.script(() => null)
    await world.move(2_000)
    t.ok(a.elector.mayPush())
    t.strictSame(a.lost, [])
    t.equal(await a.metric('eventail_lease_renew_failures_total'), 3)
    t.match((await world.lease()).spec, { holderIdentity: 'a', leaseTransitions: 1 })
  })

  t.test('stands down at the deadline, and does not come back', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    await lead(world, a)
    await world.move(2_000)
    world.script(() => refused(503, 'ServiceUnavailable', 'away'))
    await world.move(9_900)
    t.ok(a.elector.mayPush())
    t.strictSame(a.lost, [])
    const saved = a.elector.save({ 'cursor-a': '1' })
    await world.move(150)
    t.notOk(a.elector.mayPush())
    t.strictSame(a.lost, ['the Lease was not renewed for 10 s: HTTP 503 away'])
    t.match(await saved, { kind: 'conflict', why: /not renewed/ }, 'nobody waits for a save that will not come')
    t.equal(await a.metric('eventail_leader'), 0)
    t.match(a.elector.status(), { role: 'ended', why: /not renewed/ })
    world.script(() => null)
    const requests = a.asked.length
    await world.move(30_000)
    await a.stop()
    t.equal(a.asked.length, requests, 'it asks for nothing more')
    t.notOk(a.elector.mayPush())
  })

  t.test('stands down at the deadline when the API server does not answer at all', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    await lead(world, a)
    world.script(() => world.hang)
    await world.move(9_900)
    t.strictSame(a.lost, [])
    await world.move(200)
    t.match(a.lost, [/not renewed for 10 s: no answer within/])
  })

  t.test('knows its own write again when the answer got lost', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    await lead(world, a)
    let lost = 0
    world.script((asked) => {
      if (asked.method !== 'PUT' || lost > 0) return null
      lost += 1
      return {
        kind: 'serve',
        serve: (incoming, response) => {
          let text = ''
          incoming.setEncoding('utf8').on('data', (part: string) => (text += part))
          incoming.on('end', () => {
            void world.edit(() => JSON.parse(text) as object).then(() => response.destroy())
          })
        },
      }
    })
    const first = a.elector.save({ 'cursor-a': '1' })
    await world.move(2_000)
    t.match(await first, { kind: 'failed' })
    t.equal((await world.lease()).metadata.annotations?.[CURSORS_ANNOTATION], '{"cursor-a":"1"}', 'it was written')
    const second = a.elector.save({ 'cursor-a': '2' })
    await world.move(2_000)
    t.strictSame(await second, { kind: 'saved' })
    t.strictSame(a.asked.slice(-3), ['put 409', 'get ok', 'put ok'])
    t.strictSame(a.lost, [])
  })
  t.end()
})

t.test('a leader that was paused', (t) => {
  t.test('for longer than the Lease finds another leading: it may not push, and its cursors are refused', async (t) => {
    const world = await begin(t)
    const [a, b] = [world.replica('a'), world.replica('b', { wallSkewMs: -5000 })]
    await lead(world, a)
    b.campaign()
    await world.move(4_500)
    a.clock.pause()
    await world.move(40_000)
    t.equal(b.won(), true)
    void b.elector.save({ 'cursor-a': 'theirs' })
    await world.move(2_500)
    const before = await world.lease()
    // From here on as when it wakes up: code that runs before any timer asks first of all whether it may push.
    t.notOk(a.elector.mayPush(), 'before it has asked anybody')
    const saved = a.elector.save({ 'cursor-a': 'old' })
    a.clock.resume()
    await world.move(500)
    t.match(await saved, { kind: 'conflict', why: /the Lease is held by b/ })
    t.strictSame(a.asked.slice(-2), ['put 409', 'get ok'])
    t.strictSame(a.lost, ['the Lease is held by b'])
    t.notOk(a.elector.mayPush())
    const after = await world.lease()
    t.strictSame(after.metadata.annotations, before.metadata.annotations, "the new leader's cursors stand")
    t.match(after.spec, { holderIdentity: 'b', leaseTransitions: 2 })
    t.ok(b.elector.mayPush())
    t.strictSame(b.lost, [])
  })

  t.test('goes on after a renewal if nobody took over, and not before', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    a.campaign()
    await world.move(1_000)
    a.clock.pause()
    await world.move(40_000)
    t.notOk(a.elector.mayPush())
    a.clock.resume()
    await world.move(100)
    t.ok(a.elector.mayPush(), 'the lock proves that nobody held it meanwhile')
    t.strictSame(a.lost, [])
  })

  t.test('and whose first renewal then fails, leads no more', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    a.campaign()
    await world.move(1_000)
    a.clock.pause()
    await world.move(12_000)
    world.script(() => refused(500, 'InternalError', 'away'))
    a.clock.resume()
    await world.move(100)
    t.match(a.lost, [/not renewed for 1[23] s: HTTP 500 away/])
  })

  t.test('together with its monotonic clock does not push before a renewal either', async (t) => {
    const world = await begin(t)
    const a = world.replica('a')
    a.campaign()
    await world.move(500)
    a.clock.jump(3_600_000)
    t.notOk(a.elector.mayPush(), 'the wall clock tells')
    await world.move(1_600)
    t.ok(a.elector.mayPush())
    a.clock.jump(-86_400_000)
    t.ok(a.elector.mayPush(), 'a clock that was set back tells nothing')
    await world.move(6_000)
    t.ok(a.elector.mayPush())
    t.strictSame(a.lost, [])
  })
  t.end()
})

t.test('what others do to the Lease of a leader', (t) => {
  const leading = async (t: Test): Promise<{ world: World; a: Replica }> => {
    const world = await begin(t)
    const a = world.replica('a')
    a.campaign()
    await world.move(0)
    void a.elector.save({ 'cursor-a': '1' })
    await world.move(2_000)
    return { world, a }
  }

  t.test('is kept when it is none of our business', async (t) => {
    const { world, a } = await leading(t)
    await world.edit((lease) => ({ metadata: { ...lease.metadata, labels: { team: 'x' } } }))
    const saved = a.elector.save({ 'cursor-a': '2' })
    await world.move(2_000)
    t.strictSame(await saved, { kind: 'saved' })
    const { metadata } = await world.lease()
    t.strictSame(metadata.labels, { team: 'x' })
    t.strictSame(metadata.annotations, { [CURSORS_ANNOTATION]: '{"cursor-a":"2"}' })
  })

  t.test('deposes it when the holder or the cursors are no longer its own', async (t) => {
    const changes: [string, (lease: LeaseJson) => object, RegExp][] = [
      ['another', ({ spec }) => ({ spec: { ...spec, holderIdentity: 'mallory\nts=1' } }), /held by mallory ts=1$/],
      ['nobody', ({ spec }) => ({ spec: { ...spec, holderIdentity: '' } }), /nobody holds the Lease/],
      [
        'cursors',
        ({ metadata }) => ({ metadata: { ...metadata, annotations: { [CURSORS_ANNOTATION]: '{}' } } }),
        /another process wrote its cursors/,
      ],
      ['no cursors', ({ metadata }) => ({ metadata: { ...metadata, annotations: {} } }), /another process wrote/],
    ]
    for (const [what, change, why] of changes) {
      await t.test(what, async (t) => {
        const { world, a } = await leading(t)
        await world.edit(change)
        const stored = await world.lease()
        const saved = a.elector.save({ 'cursor-a': '2' })
        await world.move(2_000)
        t.match(await saved, { kind: 'conflict', why })
        t.match(a.lost, [why])
        await a.stop()
        t.strictSame(await world.lease(), stored, 'and it changes nothing any more, not even to give it back')
      })
    }
  })

  t.test('is followed by a renewal within the deadline when it was deleted', async (t) => {
    const { world, a } = await leading(t)
    world.script(() => refused(404, 'NotFound', 'leases "eventail" not found'))
    await world.move(10_100)
    t.match(a.lost, [/not renewed for 10 s: the Lease does not exist; it is part of the manifests/])
  })
  t.end()
})

t.test('a standby', (t) => {
  t.test('that cannot read the Lease says why, and goes on asking', async (t) => {
    const world = await begin(t, held('x'))
    const b = world.replica('b')
    world.script(() => refused(404, 'NotFound', 'leases "eventail" not found'))
    b.campaign()
    await world.move(0)
    t.match(b.elector.status(), { role: 'standby', why: /does not exist; it is part of the manifests/ })
    world.script(() => refused(403, 'Forbidden', 'cannot get leases'))
    await world.move(2_400)
    t.match(b.elector.status(), { why: 'HTTP 403 cannot get leases' })
    world.script(() => null)
    await world.move(2_400)
    t.strictSame(b.elector.status(), { role: 'standby', identity: 'b', holder: 'x', why: '' })
    world.script(() => refused(500, 'InternalError', 'away'))
    await world.move(20_000)
    t.equal(b.won(), undefined, 'what it cannot read it does not take')
    t.notOk(b.elector.mayPush())
    t.match(await b.elector.load(), { kind: 'unreadable' })
  })

  t.test('shows a holder of any text as one short line', async (t) => {
    const world = await begin(t, held(`evil\nlevel=error\u0007${'x'.repeat(5000)}`))
    const b = world.replica('b')
    b.campaign()
    await world.move(0)
    const { holder } = b.elector.status()
    t.match(holder, /^evil level=error x+…$/)
    t.ok(holder.length <= 300)
  })

  t.test('whose attempt was answered by nobody knows at its next look that it leads', async (t) => {
    const world = await begin(t, held('', { leaseTransitions: 4 }))
    const b = world.replica('b')
    let attempts = 0
    world.script((asked) => {
      if (asked.method !== 'PUT') return null
      attempts += 1
      if (attempts > 1) return null
      return {
        kind: 'serve',
        serve: (incoming, response) => {
          let text = ''
          incoming.setEncoding('utf8').on('data', (part: string) => (text += part))
          incoming.on('end', () => {
            void world.edit(() => JSON.parse(text) as object).then(() => response.destroy())
          })
        },
      }
    })
    b.campaign()
    await world.move(0)
    t.equal(b.won(), undefined)
    const taken = (await world.lease()).spec
    t.match(taken, { holderIdentity: 'b', leaseTransitions: 5 })
    await world.move(2_400)
    t.equal(b.won(), true)
    const { spec } = await world.lease()
    t.strictSame([spec['leaseTransitions'], spec['acquireTime']], [5, taken['acquireTime']], 'counted once')
    t.equal(await b.metric('eventail_leader_transitions_total'), 1)
  })

  t.test('that is stopped in the middle of an attempt gives back what it took', async (t) => {
    const world = await begin(t)
    const b = world.replica('b')
    let stopped: Promise<void> | undefined
    world.script((asked) => {
      if (asked.method === 'PUT') stopped ??= b.stop()
      return null
    })
    b.campaign()
    await world.move(0)
    await stopped
    t.equal(b.won(), false)
    t.match((await world.lease()).spec, { holderIdentity: '', leaseTransitions: 1 })
    t.notOk(b.elector.mayPush())
  })

  t.test('that is stopped while it waits asks for nothing more', async (t) => {
    const world = await begin(t, held('x'))
    const b = world.replica('b')
    b.campaign()
    await world.move(3_000)
    const requests = b.asked.length
    await b.stop()
    await world.move(60_000)
    t.equal(b.won(), false)
    t.equal(b.asked.length, requests)
    t.equal((await world.lease()).spec['holderIdentity'], 'x')
  })
  t.end()
})

t.test('cursors that do not fit an annotation are not written, and the Lease is renewed all the same', async (t) => {
  const world = await begin(t)
  const a = world.replica('a')
  a.campaign()
  await world.move(0)
  t.match(await a.elector.save({ 'cursor-a': 'x'.repeat(300_000) }), { kind: 'failed', why: /do not fit/ })
  await world.move(12_000)
  t.ok(a.elector.mayPush())
})

t.test('an identity is the pod and something that no other process has', (t) => {
  t.match(leaderIdentity({ POD_NAME: 'eventail-6d5f-abcde' }), /^eventail-6d5f-abcde_[0-9a-f-]{36}$/)
  t.match(leaderIdentity({}), /^.+_[0-9a-f-]{36}$/)
  t.not(leaderIdentity({ POD_NAME: 'a' }), leaderIdentity({ POD_NAME: 'a' }))
  t.end()
})

// A schedule of pauses, clocks that differ and requests that get lost, against the same rules in memory.

type Schedule = {
  readonly seed: number
  readonly clocks: readonly ReplicaClockOptions[]
  readonly pauses: readonly { readonly who: number; readonly atMs: number; readonly forMs: number }[]
  /** Of requests, and of answers. */
  readonly lost: number
  readonly slow: number
  readonly stops: readonly { readonly who: number; readonly atMs: number }[]
}

const CALM_MS = 60_000
const STORM_MS = 120_000
const replicas = 3

const schedules: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  clocks: fc.array(
    fc.record({
      wallSkewMs: fc.integer({ min: -86_400_000, max: 86_400_000 }),
      rate: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
    }),
    { minLength: replicas, maxLength: replicas },
  ),
  pauses: fc.array(
    fc.record({
      who: fc.nat(replicas - 1),
      atMs: fc.nat(STORM_MS),
      forMs: fc.oneof(fc.nat(3000), fc.integer({ min: 5000, max: 45_000 })),
    }),
    { maxLength: 8 },
  ),
  lost: fc.constantFrom(0, 0.05, 0.3),
  slow: fc.constantFrom(0, 0.1, 0.3),
  stops: fc.array(fc.record({ who: fc.nat(replicas - 1), atMs: fc.nat(STORM_MS) }), { maxLength: 4 }),
})

const failure: KubeFailure = { kind: 'transport', why: 'no answer' }

/** What was accepted by the store, in order. */
type Write = { readonly holder: string; readonly transitions: number; readonly cursors: string }

class Simulation {
  readonly hand = handClock()
  readonly writes: Write[] = []
  readonly broken: string[] = []
  readonly #random: () => number
  readonly #schedule: Schedule
  readonly #leases: LeaseStore
  readonly #clocks: readonly ReplicaClock[]
  readonly #electors: Elector[] = []
  readonly #stops: (() => void)[] = []
  readonly #over = new AbortController()
  #incarnations = 0

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.#random = randomOf(schedule.seed)
    let revision = 1
    this.#leases = new LeaseStore(
      () => String(++revision),
      () => '2026-11-23T22:00:00Z',
    )
    this.#leases.create('n', JSON.stringify({ metadata: { name: 'l' }, spec: {} }))
    this.#clocks = schedule.clocks.map((options) => replicaClock(this.hand, options))
  }

  async run(): Promise<void> {
    for (let who = 0; who < replicas; who += 1) this.#live(who)
    const events = [
      ...this.#schedule.pauses.flatMap(({ who, atMs, forMs }) => [
        { atMs, act: () => this.#clocks[who]?.pause() },
        { atMs: atMs + forMs, act: () => this.#clocks[who]?.resume() },
      ]),
      ...this.#schedule.stops.map(({ who, atMs }) => ({ atMs, act: () => this.#stops[who]?.() })),
    ].sort((a, b) => a.atMs - b.atMs)
    for (let atMs = 0; atMs < STORM_MS + CALM_MS; atMs += 200) {
      while (events[0] !== undefined && events[0].atMs <= atMs) events.shift()?.act()
      if (atMs === STORM_MS) for (const clock of this.#clocks) clock.resume()
      await this.hand.advance(200)
      this.#check(atMs)
    }
    if (this.#leaders().length !== 1) this.broken.push(`${this.#leaders().length} leaders in calm`)
    this.#over.abort()
    await Promise.all([...this.#electors.map((elector) => elector.release()), this.hand.advance(CALM_MS)])
  }

  #leaders(): Elector[] {
    return this.#electors.filter((elector) => elector.mayPush())
  }

  #check(atMs: number): void {
    const leaders = this.#leaders()
    if (leaders.length > 1) {
      this.broken.push(`at ${atMs}: ${leaders.map((each) => each.status().identity).join(' and ')} may push`)
    }
  }

  /** One pod: campaigns, leads and saves, and begins anew as another process when it has ended. */
  #live(who: number): void {
    const clock = this.#clocks[who]!
    const identity = `${who}_${(this.#incarnations += 1)}`
    const stopping = new AbortController()
    const elector = new Elector({
      client: this.#client(clock),
      lease: { namespace: 'n', name: 'l' },
      identity,
      timing: TIMING,
      clock,
      log: silentLog,
      metrics: createElectionMetrics(new Registry()),
      random: this.#random,
      onLost: () => undefined,
    })
    this.#electors[who] = elector
    this.#stops[who] = (): void => {
      stopping.abort()
      void elector.release()
    }
    const signal = AbortSignal.any([stopping.signal, this.#over.signal])
    void this.#lead(elector, { clock, identity, signal }).then(async () => {
      await this.hand.sleep(1000)
      if (!this.#over.signal.aborted) this.#live(who)
    })
  }

  async #lead(
    elector: Elector,
    { clock, identity, signal }: { clock: ReplicaClock; identity: string; signal: AbortSignal },
  ): Promise<void> {
    if (!(await elector.campaign(signal))) return
    const isOurs = (n: number): boolean => this.writes[n]?.holder === identity
    const first = this.writes.findLastIndex((_, n) => isOurs(n) && !isOurs(n - 1))
    const before = this.writes[first - 1]?.cursors ?? ''
    const loaded = await elector.load()
    const found = (loaded.kind === 'found' ? loaded.cursors['c'] : undefined) ?? ''
    if (elector.mayPush() && found !== before) this.broken.push(`${identity} began with ${found} after ${before}`)
    for (let n = 1; ; n += 1) {
      const outcome: SaveOutcome = await elector.save({ c: `${identity}/${n}` })
      if (outcome.kind === 'conflict') return
      await clock.sleep(1500, signal)
      if (signal.aborted) return
    }
  }

  #client(clock: ReplicaClock): KubeClient {
    const exchange = async (
      timeoutMs: number,
      serve: () => ReturnType<LeaseStore['get']>,
    ): Promise<KubeAnswer<unknown>> => {
      const isCalm = this.hand.monotonicMs() >= STORM_MS
      const fails = (share: number): boolean => !isCalm && this.#random() < share
      const { lost, slow } = this.#schedule
      const [there, back] = [fails(slow), fails(slow)].map((isSlow) => (isSlow ? 8000 : 40) * this.#random())
      const [isLost, isAnswerLost] = [fails(lost), fails(lost)]
      const answer = async (): Promise<KubeAnswer<unknown>> => {
        await this.hand.sleep(there ?? 0)
        if (isLost) return new Promise(() => undefined)
        const served = serve()
        await this.hand.sleep(back ?? 0)
        if (isAnswerLost) return new Promise(() => undefined)
        if (!('status' in served)) return { kind: 'ok', body: served.body, sizeBytes: 0 }
        const { code, reason = '', message } = served
        return { kind: 'http', status: code, reason, message, continueToken: null, retryAfterMs: null }
      }
      const timedOut = clock.sleep(timeoutMs).then(() => failure)
      const outcome = await Promise.race([answer(), timedOut])
      await clock.running()
      return outcome
    }
    return {
      server: 'memory',
      get: (_, { timeoutMs }) => exchange(timeoutMs, () => this.#leases.get('n', 'l')),
      put: (_, body, { timeoutMs }) => exchange(timeoutMs, () => this.#update(body)),
      watch: () => Promise.resolve(failure),
      renewCredentials: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
  }

  #update(body: unknown): ReturnType<LeaseStore['update']> {
    const answer = this.#leases.update('n', 'l', JSON.stringify(body))
    if ('status' in answer) return answer
    const { metadata, spec } = answer.body as LeaseJson
    const text = metadata.annotations?.[CURSORS_ANNOTATION]
    const cursors = text === undefined ? '' : (JSON.parse(text) as { c: string }).c
    const write = { holder: String(spec['holderIdentity']), transitions: Number(spec['leaseTransitions']), cursors }
    const last = this.writes.at(-1)
    const grew = write.transitions - (last?.transitions ?? 0)
    const isSameHolder = write.holder === (last?.holder ?? '') || write.holder === ''
    if (grew !== (isSameHolder ? 0 : 1)) this.broken.push(`${JSON.stringify(write)} after ${JSON.stringify(last)}`)
    const author = write.cursors.split('/')[0]
    const isNews = write.cursors !== (last?.cursors ?? '')
    if (isNews && author !== (write.holder === '' ? last?.holder : write.holder)) {
      this.broken.push(`${write.holder} wrote ${write.cursors}`)
    }
    this.writes.push(write)
    return answer
  }
}

t.test('in any schedule there are never two leaders, and no cursors of an old one', async (t) => {
  let handovers = 0
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const simulation = new Simulation(schedule)
      await simulation.run()
      handovers += new Set(simulation.writes.map((write) => write.transitions)).size - 1
      if (simulation.broken.length > 0) throw new Error(simulation.broken.slice(0, 5).join('\n'))
    }),
    { numRuns: 30, endOnFailure: true },
  )
  t.ok(handovers > 30, `leadership changed ${handovers} times`)
})
