import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Interception } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { bookmarkFrame } from '../../src/demo/api-watch.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { errorFrame, status, stream } from '../fixtures/api-server.ts'
import { handClock } from '../fixtures/clock.ts'
import { add, type Cluster, eventually, turns, watchCluster } from '../fixtures/watched-cluster.ts'

/** The agent has nothing left to do: the watch is open, nothing is owed. */
const atRest = (c: Cluster): boolean => c.status().state === 'stream' && c.status().owedIntervals === 0

const inStream = (c: Cluster) => (): boolean => c.status().state === 'stream'

const at = (watched: string): ScopePosition => ({ epoch: 0, watched, active: null, pending: [] })

/** Current revisions of everything stored, sorted. */
const storedIn = (store: EventStore): string[] => {
  const answer = store.list({})
  if (answer.kind !== 'ok') throw new Error('a list without limits is answered')
  const { items } = JSON.parse(answer.body) as { items: { metadata: { uid: string; resourceVersion: string } }[] }
  return items.map(({ metadata }) => `${metadata.uid}/${metadata.resourceVersion}`).sort()
}

const repeats = (revisions: readonly string[]): string[] => revisions.filter((each, i) => revisions[i - 1] === each)

const scope = 'job="events",scope="*"'
const restarts = (reason: string): string => `eventail_watch_restarts_total{${scope},reason="${reason}"}`
const gaps = (reason: string): string => `eventail_gaps_total{${scope},reason="${reason}"}`

/** The frame of the newest stored event with this key, as a watch gives it. */
const frameOf = (event: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ type: 'ADDED', object: { kind: 'Event', apiVersion: 'v1', ...event } })}\n`

const plain = (n: number, rv: string, message = 'm'): Readonly<Record<string, unknown>> => ({
  metadata: {
    name: `n${n}`,
    namespace: 'shop',
    uid: `u-${n}`,
    resourceVersion: rv,
    creationTimestamp: '2026-11-23T22:00:00Z',
  },
  involvedObject: { kind: 'Pod', name: 'p' },
  message,
})

/** A page of a store that holds events of the revisions 1 to `total`, rendered without a store: 200,000 take a while. */
const renderedPage = (query: URLSearchParams, total: number): Interception => {
  const first = Number(query.get('continue') ?? 1)
  const last = Math.min(total, first + Number(query.get('limit')) - 1)
  const items: string[] = []
  for (let rv = first; rv <= last; rv += 1) {
    items.push(
      `{"metadata":{"name":"e-${rv}","namespace":"shop","uid":"u-${rv}","resourceVersion":"${rv}",` +
        '"creationTimestamp":"2026-11-23T22:00:00Z"},"involvedObject":{"kind":"Pod","name":"p"},"reason":"Pulled",' +
        '"message":"Container image already present on machine","type":"Normal","count":1}',
    )
  }
  const metadata =
    last < total ? `{"resourceVersion":"${total}","continue":"${last + 1}"}` : `{"resourceVersion":"${total}"}`
  return { kind: 'answer', status: 200, body: `{"metadata":${metadata},"items":[${items.join(',')}]}` }
}

t.test('case 1: 200,000 stored events are given once, a page at a time, beside the watch', async (t) => {
  const total = 200_000
  const store = new EventStore({ revision: BigInt(total) })
  let during = ''
  const c = await watchCluster(t, {
    store,
    script: ({ verb, nth, query }) => {
      if (verb !== 'page') return null
      if (nth === 100) during = add(store)
      return renderedPage(query, total)
    },
  })
  await eventually(() => c.sink.given.length === total + 1 && atRest(c))
  const revisions = new Set(c.sink.revisions())
  t.equal(revisions.size, total + 1)
  t.ok(revisions.has(during))
  t.equal(c.server.mostPages(), 1, 'one page in flight')
  t.equal(c.server.count('page'), 400)
  const order = c.server.asked.map((each) => each.verb)
  t.ok(order.indexOf('watch') < order.indexOf('page', order.indexOf('page') + 1), 'the watch is opened before page 2')
  t.equal(await c.metric(`eventail_backfill_pages_total{${scope}}`), 400)
  t.equal(await c.metric(`eventail_owed_intervals{${scope}}`), 0)
  t.equal(await c.metric(`eventail_watch_up{${scope}}`), 1)
})

t.test('case 2: what is created, changed and deleted while paging is given once, or was superseded', async (t) => {
  const store = new EventStore({ revision: 500n })
  for (let i = 0; i < 60; i += 1) add(store)
  const c = await watchCluster(t, { store, pageItems: 5 })
  const keys = storedKeys(store)
  let n = 0
  c.server.script(({ verb }) => {
    if (verb !== 'page' || n >= 12) return null
    n += 1
    // Behind the page that is read and before it.
    for (const key of [keys[n], keys[59 - n]]) if (key !== undefined) store.update(key, bump)
    store.remove([keys[n * 2 + 13] ?? ''])
    add(store)
    return null
  })
  await eventually(() => n === 12 && atRest(c) && c.status().watched === store.revision)
  const given = c.sink.revisions()
  t.strictSame(repeats(given), [], 'no re-send')
  t.strictSame(
    storedIn(store).filter((each) => !given.includes(each)),
    [],
    'everything that is stored was given',
  )
})

const storedKeys = (store: EventStore): string[] => {
  const answer = store.list({})
  if (answer.kind !== 'ok') throw new Error('a list without limits is answered')
  const { items } = JSON.parse(answer.body) as { items: { metadata: { namespace: string; name: string } }[] }
  return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

const bump = <E extends Readonly<Record<string, unknown>>>(event: E): E => ({
  ...event,
  count: Number(event['count'] ?? 0) + 1,
})

t.test('case 3: after a 410 on the third page the list goes on with the inconsistent token', async (t) => {
  const store = new EventStore({ revision: 500n })
  for (let i = 0; i < 50; i += 1) add(store)
  const c = await watchCluster(t, { store, pageItems: 10 })
  let compacted = false
  c.server.script(({ verb, nth }) => {
    if (verb === 'page' && nth === 3) {
      store.update(storedKeys(store)[45] ?? '', bump)
      store.compact()
      compacted = true
    }
    return null
  })
  await eventually(() => compacted && atRest(c) && c.status().watched === store.revision)
  t.strictSame(
    c.sink.revisions().filter((each) => storedIn(store).includes(each)),
    storedIn(store),
  )
  t.strictSame(repeats(c.sink.revisions()), [])
  const tokens = c.server.asked.filter(({ verb }) => verb === 'page').map(({ query }) => query.get('continue') ?? '')
  t.equal(tokens.length, 6, 'one page had to be asked for twice')
  t.equal(tokens.filter((token) => token === '').length, 1, 'the list did not begin again')
  t.match(Buffer.from(tokens[3] ?? '', 'base64url').toString(), /"rv":-1/)
  t.equal(await c.metric(restarts('expired')), 0, 'the watch had nothing to do with it')
})

t.test('case 4: a token that is worth nothing makes the pass begin again, and nothing is lost', async (t) => {
  for (const answer of [status(410, 'Expired'), status(400, 'BadRequest')]) {
    const store = new EventStore({ revision: 500n })
    for (let i = 0; i < 50; i += 1) add(store)
    const c = await watchCluster(t, { store, pageItems: 10 })
    c.server.script(({ verb, nth }) => (verb === 'page' && nth === 3 ? answer : null))
    await eventually(() => c.server.count('page') === 3)
    await turns()
    t.equal(c.server.count('page'), 3, 'not at once')
    await c.pass(1000)
    await eventually(() => atRest(c))
    t.strictSame([...new Set(c.sink.revisions())], storedIn(store))
    t.equal(c.server.count('page'), 8)
    t.equal(c.sink.given.length, 70, 'only two pages of this pass were read twice')
    await c.stop()
  }
})

t.test(
  'case 5: a compaction on every page ends the back-fill all the same, and the watch goes on meanwhile',
  async (t) => {
    const store = new EventStore({ revision: 500n })
    for (let i = 0; i < 50; i += 1) add(store)
    const live: string[] = []
    const c = await watchCluster(t, { store, pageItems: 5 })
    c.server.script(({ verb, nth }) => {
      if (verb !== 'page' || nth > 30) return null
      live.push(add(store))
      store.compact()
      return null
    })
    await eventually(() => atRest(c) && c.status().watched === store.revision)
    t.strictSame(c.sink.revisions(), storedIn(store))
    t.ok(live.length >= 10)
    t.strictSame(c.sink.revisions('watch'), live.sort(), 'live events came by the watch')
    await c.stop()
  },
)

t.test(
  'case 6: after a clean end the watch goes on at the last revision; one that gives nothing backs off',
  async (t) => {
    const store = new EventStore({ revision: 500n })
    const c = await watchCluster(t, { store, resume: { '*': at('500') } })
    const wanted: string[] = []
    for (let k = 1; k <= 4; k += 1) {
      for (let i = 0; i < k; i += 1) wanted.push(add(store))
      await eventually(() => c.sink.given.length === wanted.length && inStream(c)())
      c.server.endWatches()
      await eventually(() => c.server.count('watch') === k + 1 && inStream(c)())
    }
    t.strictSame(c.sink.revisions(), wanted.sort())
    t.strictSame(c.server.watchedFrom(), ['500', '501', '503', '506', '510'])
    t.equal(await c.metric(restarts('eof')), 4)

    c.server.script(({ verb }) => (verb === 'watch' ? stream((response) => response.end()) : null))
    await c.pass(2000)
    c.server.endWatches()
    await eventually(() => c.status().state === 'backoff')
    t.equal(c.server.count('watch'), 6)
    // Waits of 0.8, 1.6, 3.2, 6.4 and 12.8 s, and no more requests than that.
    await c.pass(24_000, 200)
    t.equal(c.server.count('watch'), 10)
    t.equal(await c.metric(restarts('short')), 5)
    t.equal(await c.metric(`eventail_watch_up{${scope}}`), 0)
    await c.stop()
  },
)

t.test('case 7: a line cut anywhere is whole again, and one that was torn off is read again', async (t) => {
  const store = new EventStore({ revision: 100n })
  const line = Buffer.from(frameOf(plain(0, '101', 'Größe 漢字 🙂')))
  const inPieces = (response: ServerResponse): void => {
    const writeNext = (i: number): void => {
      if (i >= line.length) {
        // Cut off in the middle: what came is worth nothing.
        response.write(Buffer.from(frameOf(plain(i, String(101 + i), 'torn'))).subarray(0, 100), () => {
          response.socket?.resetAndDestroy()
        })
        return
      }
      const frame = Buffer.from(frameOf(plain(i, String(101 + i), 'Größe 漢字 🙂')))
      response.write(frame.subarray(0, i))
      setImmediate(() => {
        response.write(frame.subarray(i))
        setImmediate(writeNext, i + 1)
      })
    }
    writeNext(0)
  }
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('100') },
    script: ({ verb, nth }) => (verb === 'watch' && nth === 1 ? stream(inPieces) : null),
  })
  await eventually(() => c.status().state === 'backoff')
  t.equal(c.sink.given.length, line.length)
  t.ok(c.sink.given.every(({ event }) => event.message === 'Größe 漢字 🙂'))
  store.bump(line.length)
  const next = add(store)
  await c.pass(1000)
  await eventually(() => c.sink.revisions().includes(next))
  t.strictSame(c.server.watchedFrom(), ['100', String(100 + line.length)])
  t.equal(await c.metric(restarts('reset')), 1)
})

t.test(
  'case 8: 410 as a status or as an ERROR frame is a gap: the watch goes on at once, the list fills in',
  async (t) => {
    for (const answer of [status(410, 'Gone'), stream((response) => response.end(errorFrame(410, 'Expired')))]) {
      const clock = handClock()
      const store = new EventStore({ clock, revision: 500n })
      const old = add(store)
      const missed = [add(store), add(store)]
      const c = await watchCluster(t, {
        clock,
        store,
        resume: { '*': { ...at('501'), lastCurrentMs: clock.now() - 240_000 } },
        script: ({ verb, nth }) => (verb === 'watch' && nth === 1 ? answer : null),
      })
      await eventually(() => atRest(c))
      t.strictSame(c.sink.revisions(), missed, 'what lay between, by the list')
      t.notOk(c.sink.revisions().includes(old), 'and nothing older')
      t.strictSame(c.server.watchedFrom(), ['501', '503'])
      const live = add(store)
      await eventually(() => c.sink.revisions('watch').includes(live))
      t.equal(await c.metric(gaps('expired')), 1)
      t.equal(await c.metric(`eventail_gap_seconds_total{${scope}}`), 240)
      t.equal(await c.metric(restarts('eof')), 0, 'no clean end')
      await c.stop()
    }
  },
)

t.test('case 9: a 500 that repeats at one revision is taken for a gap the third time', async (t) => {
  const store = new EventStore({ revision: 500n })
  const missed = [add(store), add(store)]
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb, query }) =>
      verb === 'watch' && query.get('resourceVersion') === '500'
        ? stream((response) => response.end(errorFrame(500, 'InternalError', 'etcd event received with PrevKv=nil')))
        : null,
  })
  await eventually(() => c.status().state === 'backoff')
  t.match(c.status().lastError, 'PrevKv=nil')
  await c.pass(3000, 400)
  await eventually(() => atRest(c))
  t.strictSame(c.server.watchedFrom(), ['500', '500', '500', '502'])
  t.strictSame(c.sink.revisions(), missed)
  t.equal(await c.metric(gaps('internal_error')), 1)
  t.equal(c.status().lastError, '')
})

t.test('case 10: a connection that is only half open is found out within 90 s', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb, nth }) => (verb === 'watch' && nth === 1 ? stream(() => undefined) : null),
  })
  await eventually(inStream(c))
  const unseen = [add(store), add(store)]
  await c.pass(89_000)
  t.equal(c.server.count('probe'), 1)
  t.equal(c.sink.given.length, 0)
  await c.pass(2000)
  await eventually(() => c.sink.given.length === 2)
  t.strictSame(c.sink.revisions(), unseen)
  t.strictSame(c.server.watchedFrom(), ['500', '500'])
  t.equal(c.server.count('page'), 0, 'no list was needed')
  t.equal(await c.metric(restarts('idle')), 1)
})

t.test('a quiet watch stays open while the probe says that there is nothing to give', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, resume: { '*': at('500') } })
  await eventually(inStream(c))
  await c.pass(280_000)
  t.equal(c.server.count('watch'), 1)
  t.equal(c.server.count('probe'), 4, 'one to begin, one for each 90 s')
  const live = add(store)
  await eventually(() => c.sink.revisions().includes(live))
})

t.test('case 11: headers that a proxy holds back are waited for, without a storm of requests', async (t) => {
  const store = new EventStore({ revision: 500n })
  let held: ServerResponse[] = []
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb }) =>
      verb === 'watch'
        ? {
            kind: 'serve',
            serve: (_request, response) => {
              held.push(response)
            },
          }
        : null,
  })
  await eventually(() => held.length === 1)
  await c.pass(59_000)
  t.equal(c.server.count('watch'), 1, 'still waiting')
  store.bump()
  held[0]?.writeHead(200, { 'Content-Type': 'application/json' })
  held[0]?.write(frameOf(plain(1, '501')))
  await eventually(() => c.sink.given.length === 1)
  t.equal(c.status().state, 'stream')

  held = []
  c.server.resetConnections()
  await eventually(() => c.status().state === 'backoff')
  await c.pass(10 * 60_000)
  t.ok(held.length <= 10, `${held.length} watches in ten minutes`)
  const timedOut = await c.metric(restarts('unreachable'))
  t.ok(timedOut >= held.length - 1 && timedOut >= 6, `${timedOut} of them were given up after a minute`)
})

t.test('case 13: a restart within the window lists nothing; behind it, only the interval', async (t) => {
  const store = new EventStore({ revision: 500n })
  const before = [add(store), add(store)]
  const first = await watchCluster(t, { store })
  await eventually(() => first.sink.given.length === 2 && atRest(first))
  const saved = first.sink.settled
  await first.stop()
  t.strictSame(first.sink.revisions(), before)
  t.strictSame(saved, at('502'))

  const meanwhile = [add(store), add(store)]
  const second = await watchCluster(t, { store, resume: { '*': saved ?? at('0') } })
  await eventually(() => second.sink.given.length === 2)
  t.strictSame(second.sink.revisions('watch'), meanwhile)
  t.equal(second.server.count('page'), 0)
  const savedAgain = second.sink.settled
  await second.stop()

  const missed = [add(store), add(store)]
  store.bump(10)
  store.compact()
  const third = await watchCluster(t, { store, resume: { '*': savedAgain ?? at('0') } })
  await eventually(() => third.sink.given.length === 2 && atRest(third))
  t.strictSame(third.sink.revisions('list'), missed)
  t.strictSame(third.sink.settled, at(store.revision))
  // Killed in the middle of such a pass: the interval and the token are in the position.
  const halfWay = third.sink.positions.find(({ active }) => active !== null) ?? at('0')
  await third.stop()
  t.strictSame(halfWay.active?.intervals, [{ after: '504', upTo: '516', notBeforeMs: null }])
  const fourth = await watchCluster(t, { store, resume: { '*': halfWay } })
  await eventually(() => fourth.sink.given.length === 2 && atRest(fourth))
  t.strictSame(fourth.sink.revisions('list'), missed)
  await fourth.stop()
})

t.test('case 14: a store behind the position was restored: a new epoch, everything listed, an alarm', async (t) => {
  const store = new EventStore({ revision: 500n })
  const stored = [add(store), add(store)]
  const c = await watchCluster(t, { store, resume: { '*': at('9000') } })
  await eventually(() => atRest(c))
  t.strictSame(c.sink.revisions(), stored)
  t.strictSame(c.server.watchedFrom(), ['502'], 'no watch from the future, which would give nothing and never say so')
  const live = add(store)
  await eventually(() => c.sink.revisions('watch').includes(live))
  t.equal(c.sink.settled?.epoch, 1)
  t.equal(await c.metric(`eventail_store_epoch{${scope}}`), 1)
  t.equal(await c.metric(gaps('restored')), 1)
  t.ok(c.log.some((line) => line.includes('level=error') && line.includes('restored')))
})

t.test(
  'case 14: a restore while the agent is away is told by what an earlier life saw, beyond its position',
  async (t) => {
    const store = new EventStore({ revision: 500n })
    const stored = [add(store), add(store)]
    const c = await watchCluster(t, { store, resume: { '*': { ...at('501'), seen: '900' } } })
    await eventually(() => atRest(c))
    t.strictSame(c.sink.revisions(), stored, 'also what the position had passed')
    t.equal(c.sink.settled?.epoch, 1)
  },
)

t.test('case 14: a store that goes back while the watch stays open is found by the idle check', async (t) => {
  const clock = handClock()
  const store = new EventStore({ clock, revision: 500n })
  const back = [add(store), add(store)]
  const backup = store.snapshot()
  for (let i = 0; i < 10; i += 1) add(store)
  // A proxy that keeps its side open hides the restart of the API server.
  const c = await watchCluster(t, {
    clock,
    store,
    resume: { '*': at('512') },
    script: ({ verb, nth }) => (verb === 'watch' && nth === 1 ? stream(() => undefined) : null),
  })
  await eventually(inStream(c))
  store.restore(backup)
  await c.pass(91_000)
  await eventually(() => atRest(c))
  t.strictSame(c.sink.revisions(), back)
  t.equal(c.sink.settled?.epoch, 1)
})

t.test('case 14: pages of a later state betray a restore that the position does not', async (t) => {
  const store = new EventStore({ revision: 500n })
  for (let i = 0; i < 30; i += 1) add(store)
  const keys = storedKeys(store)
  const backup = store.snapshot()
  let restored = false
  const c = await watchCluster(t, { store, pageItems: 10 })
  c.server.script(({ verb, nth, query }) => {
    // Deleted when the first page was read, and brought back after it.
    if (verb === 'page' && nth === 1) {
      store.remove([keys[3] ?? ''])
      store.bump(100)
    }
    if (verb === 'page' && query.get('continue') !== null && !restored) {
      restored = true
      store.restore(backup)
    }
    return verb === 'watch' && nth === 1 ? stream(() => undefined) : null
  })
  await eventually(() => restored)
  await c.pass(100_000)
  await eventually(() => atRest(c))
  t.strictSame([...new Set(c.sink.revisions())], storedIn(store))
  t.equal(c.sink.settled?.epoch, 1)
})

t.test('case 17: a thousand deletions of one revision move the position and are not shipped', async (t) => {
  const store = new EventStore({ revision: 500n })
  const old: string[] = []
  for (let i = 0; i < 1000; i += 1) old.push(add(store))
  const doomed = storedKeys(store)
  const c = await watchCluster(t, { store, resume: { '*': at(store.revision) } })
  await eventually(inStream(c))
  const before = add(store)
  store.remove(doomed)
  const after = add(store)
  await eventually(() => c.sink.given.length === 2)
  t.strictSame(c.sink.revisions(), [before, after].sort())
  t.strictSame(c.sink.settled, at(store.revision))
  store.remove(storedKeys(store))
  await eventually(() => c.sink.settled?.watched === store.revision)
  t.equal(await c.metric(`eventail_malformed_frames_total{${scope},reason="no_revision"}`), 0)
})

t.test('case 17: a watch cut off inside such a batch loses nothing that is shipped', async (t) => {
  const store = new EventStore({ revision: 500n })
  for (let i = 0; i < 100; i += 1) add(store)
  const from = store.revision
  store.remove(storedKeys(store))
  const after = add(store)
  const half: string[] = []
  const answer = store.watch({ resourceVersion: from })
  if (answer.kind === 'watch') half.push(...answer.watch.read(10_000_000).split('\n').slice(0, 50))
  const c = await watchCluster(t, {
    store,
    resume: { '*': at(from) },
    script: ({ verb, nth }) =>
      verb === 'watch' && nth === 1
        ? stream((response) => {
            response.end(`${half.join('\n')}\n`)
          })
        : null,
  })
  await eventually(() => c.sink.given.length === 1)
  t.strictSame(c.server.watchedFrom(), [from, String(Number(from) + 1)])
  t.strictSame(c.sink.revisions(), [after])
})

t.test(
  'case 18: half an hour without events, while other resources move the revision, costs one empty pass',
  async (t) => {
    const store = new EventStore({ revision: 500n })
    add(store)
    const c = await watchCluster(t, { store, resume: { '*': at('501') } })
    await eventually(inStream(c))
    for (let minute = 0; minute < 30; minute += 1) {
      store.bump(100)
      await c.pass(60_000, 5000)
    }
    t.equal(c.server.count('page'), 0)
    const watches = c.server.count('watch')
    t.ok(watches >= 15 && watches <= 21, `${watches} watches: one for each 90 s`)
    store.compact()
    await c.pass(120_000, 5000)
    await eventually(() => atRest(c))
    t.equal(c.server.count('page'), 1)
    t.equal(c.sink.given.length, 0)
    t.equal(await c.metric(gaps('expired')), 1)
    const seconds = await c.metric(`eventail_gap_seconds_total{${scope}}`)
    t.ok(seconds > 0 && seconds <= 181, `${seconds} s: since the watch before was opened`)
    const live = add(store)
    await eventually(() => c.sink.revisions().includes(live))
    await c.stop()
  },
)

t.test('case 20: Retry-After is waited for', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb, nth }) =>
      verb === 'watch' && nth === 1 ? status(429, 'TooManyRequests', { headers: { 'Retry-After': '7' } }) : null,
  })
  await eventually(() => c.status().state === 'backoff')
  await c.pass(6900, 100)
  t.equal(c.server.asked.length, 2, 'the probe and the watch, nothing else')
  await c.pass(200, 100)
  await eventually(inStream(c))
  t.equal(c.server.asked.length, 4)
  t.equal(await c.metric(restarts('throttled')), 1)
})

t.test('case 20: a server that answers 503 is asked less and less often', async (t) => {
  const store = new EventStore({ revision: 500n })
  add(store)
  const c = await watchCluster(t, { store, script: () => status(503, 'ServiceUnavailable') })
  await eventually(() => c.status().state === 'backoff')
  await c.pass(120_000, 200)
  // 0.8 + 1.6 + 3.2 + 6.4 + 12.8 + 25.6 + 30 + 30 s.
  t.ok(c.server.asked.length >= 8 && c.server.asked.length <= 9, `${c.server.asked.length} requests in two minutes`)
  t.equal(c.status().watched, '', 'a position is never made up')
  t.match(c.status().lastError, 'HTTP 503')
  c.server.script(() => null)
  await c.pass(31_000, 200)
  await eventually(() => atRest(c))
  t.equal(c.sink.given.length, 1)
})

t.test('case 20: a 401 renews the credentials, at most once in 10 s', async (t) => {
  const store = new EventStore({ revision: 500n })
  let wanted = 'rotated'
  const c = await watchCluster(t, {
    store,
    token: { wanted: () => wanted, renewed: 'rotated' },
    resume: { '*': at('500') },
  })
  await eventually(inStream(c))
  t.equal(c.renewals(), 1)
  t.equal(c.server.asked.length, 3, 'refused, probe, watch')
  wanted = 'what nobody has'
  await c.pass(2000)
  c.server.endWatches()
  await eventually(() => c.status().state === 'auth')
  const before = c.server.asked.length
  await c.pass(60_000, 500)
  t.ok(c.renewals() <= 8, `${c.renewals()} renewals in a minute`)
  t.ok(c.server.asked.length - before <= 7, `${c.server.asked.length - before} requests in a minute`)
  t.notOk(
    c.log.some((line) => line.includes('rotated')),
    'no token in the log',
  )
  wanted = 'rotated'
  await c.pass(11_000, 500)
  await eventually(inStream(c))
})

t.test('case 20: a 403 waits for somebody to give the right back', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, resume: { '*': at('500') }, script: () => status(403, 'Forbidden') })
  await eventually(() => c.status().state === 'denied')
  await c.pass(29_000)
  t.equal(c.server.asked.length, 1)
  await c.pass(62_000)
  t.equal(c.server.asked.length, 4)
  t.equal(await c.metric(`eventail_source_state{${scope},state="denied"}`), 1)
  c.server.script(() => null)
  await c.pass(31_000)
  await eventually(inStream(c))
  t.equal(await c.metric(`eventail_source_state{${scope},state="denied"}`), 0)
  t.equal(await c.metric(restarts('forbidden')), 4)
})

t.test(
  'case 20, an API server that starts anew: what was allowed and is refused is asked for again soon',
  async (t) => {
    const store = new EventStore({ revision: 500n })
    const c = await watchCluster(t, { store, resume: { '*': at('500') } })
    await eventually(inStream(c))
    c.server.script(() => status(403, 'Forbidden'))
    c.server.endWatches()
    await c.pass(2500, 500)
    t.equal(c.status().state, 'backoff')
    c.server.script(() => null)
    await c.pass(4000, 500)
    await eventually(inStream(c))
    t.notOk(c.log.some((line) => line.includes('check the Role')))
    await c.pass(125_000, 5000)
    await eventually(inStream(c))
    c.server.script(() => status(403, 'Forbidden'))
    c.server.endWatches()
    await c.pass(10_000, 500)
    await eventually(() => c.status().state === 'denied')
    t.equal(c.log.filter((line) => line.includes('check the Role')).length, 1)
    t.ok((await c.metric(restarts('forbidden'))) >= 5)
  },
)

t.test('case 20: pages that are refused beside an open watch are asked for again soon, then every 30 s', async (t) => {
  const store = new EventStore({ revision: 500n })
  const stored = add(store)
  let refused = 2
  const c = await watchCluster(t, {
    store,
    script: ({ verb }) => {
      if (verb !== 'page' || refused === 0) return null
      refused -= 1
      return status(403, 'Forbidden')
    },
  })
  await eventually(() => refused === 1)
  await c.pass(10_000, 500)
  await eventually(() => c.sink.given.length === 1 && atRest(c))
  t.strictSame(c.sink.revisions(), [stored], 'well before 30 s')

  const lasting = await watchCluster(t, {
    store,
    script: ({ verb }) => (verb === 'page' ? status(403, 'Forbidden') : null),
  })
  await eventually(() => lasting.server.count('page') === 1)
  await lasting.pass(20_000, 500)
  await eventually(() => lasting.server.count('page') === 4)
  await lasting.pass(5000, 500)
  t.equal(lasting.server.count('page'), 4)
  await lasting.pass(30_000, 1000)
  await eventually(() => lasting.server.count('page') === 5)
})

t.test('case 21: pages that are too large are asked for in halves', async (t) => {
  const store = new EventStore({ revision: 500n })
  const message = 'x'.repeat(1_500_000)
  for (let i = 0; i < 40; i += 1) add(store, { message })
  const small = add(store)
  const c = await watchCluster(t, { store })
  await eventually(() => c.sink.given.length === 41 && atRest(c))
  const limits = c.server.asked.filter(({ verb }) => verb === 'page').map(({ query }) => Number(query.get('limit')))
  t.strictSame(limits.slice(0, 7), [500, 250, 125, 63, 32, 16, 8])
  t.strictSame(c.sink.revisions(), storedIn(store))
  t.ok(c.sink.revisions().includes(small))
})

t.test('case 21: a line of 9 MiB becomes a dead letter with its identity, its neighbours are given', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, resume: { '*': at('500') } })
  await eventually(inStream(c))
  const before = add(store)
  const huge = add(store, { message: 'y'.repeat(9 * 1024 * 1024) })
  const after = add(store)
  await eventually(() => c.sink.given.length === 2)
  t.strictSame(c.sink.revisions(), [before, after].sort())
  const [letter] = c.sink.letters
  t.equal(letter?.why, 'line_too_long')
  t.equal(`${letter?.uid ?? ''}/${letter?.resourceVersion ?? ''}`, huge)
  t.match(letter?.creationTimestamp, /^2026-/)
  t.ok((letter?.sizeBytes ?? 0) > 9 * 1024 * 1024)
  t.ok((letter?.head.length ?? 0) <= 1024)
  t.equal(await c.metric(`eventail_malformed_frames_total{${scope},reason="line_too_long"}`), 1)
  t.equal(c.server.count('watch'), 1, 'the watch was not given up for it')
})

t.test('case 24: every change of an event is given, and so is one that was created again', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, resume: { '*': at('500') } })
  await eventually(inStream(c))
  add(store, { lastTimestamp: '2026-11-23T22:00:00Z' })
  const [key = ''] = storedKeys(store)
  store.update(key, bump)
  store.update(key, bump)
  store.remove([key])
  const [namespace = '', name = ''] = key.split('/')
  store.create({ metadata: { namespace, name, uid: 'another' }, count: 7, lastTimestamp: '2026-11-23T22:00:00Z' })
  await eventually(() => c.sink.given.length === 4)
  t.strictSame(
    c.sink.given.map(({ event }) => event.count),
    [1, 2, 3, 7],
  )
  t.strictSame(
    c.sink.given.map(({ event }) => event.resourceVersion),
    ['501', '502', '503', '505'],
  )
  t.equal(c.sink.given[3]?.event.uid, 'another')
})

t.test('case 27: bookmarks move the position; 504 is tried again; a kick is a clean end', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, bookmarkEveryMs: 1000, resume: { '*': at('500') } })
  await eventually(inStream(c))
  store.bump(40)
  await c.pass(2000)
  await eventually(() => c.sink.settled?.watched === '540')
  t.equal(c.sink.given.length, 0)
  c.server.script(({ verb, nth }) => (verb === 'watch' && nth === 2 ? status(504, 'Timeout') : null))
  c.server.endWatches()
  await eventually(() => c.status().state === 'backoff')
  const missed = add(store)
  await c.pass(2000, 200)
  await eventually(() => c.sink.revisions().includes(missed))
  t.strictSame(c.server.watchedFrom(), ['500', '540', '540'])
  t.equal(c.server.count('page'), 0)
  // An old bookmark does not take the position back.
  c.server.script(({ verb, nth }) =>
    verb === 'watch' && nth === 4
      ? stream((response) => response.write(bookmarkFrame('541') + bookmarkFrame('3')))
      : null,
  )
  c.server.endWatches()
  await eventually(() => c.server.count('watch') === 4 && inStream(c)())
  await turns()
  t.equal(c.sink.settled?.watched, '541')
})

t.test('a sink that is full for 20 s closes the watch, and it goes on where it was', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, resume: { '*': at('500') } })
  await eventually(inStream(c))
  c.sink.fill()
  const wanted = [add(store)]
  await eventually(() => c.sink.given.length === 1)
  for (let i = 0; i < 50; i += 1) wanted.push(add(store))
  await c.pass(19_000)
  t.equal(c.status().state, 'stream')
  t.equal(store.watchers, 1)
  await c.pass(2000)
  await eventually(() => c.status().state === 'paused' && store.watchers === 0)
  await c.pass(600_000, 60_000)
  t.equal(c.server.asked.length, 2, 'nothing is asked for while nothing can be taken')
  t.equal(await c.metric(restarts('stalled')), 1)
  t.equal(await c.metric(`eventail_source_state{${scope},state="paused"}`), 1)
  c.sink.drain()
  await eventually(() => c.sink.given.length === 51)
  t.strictSame(c.sink.revisions(), wanted.sort())
})

t.test('a page is handed on only as far as there is room, and the source stops in the middle of it', async (t) => {
  const store = new EventStore({ revision: 500n })
  for (let i = 0; i < 20; i += 1) add(store)
  const c = await watchCluster(t, { store, script: ({ verb }) => (verb === 'page' ? (c.sink.fill(), null) : null) })
  await eventually(() => c.server.count('page') === 1)
  await turns()
  t.equal(c.sink.given.length, 0)
  t.strictSame(c.sink.settled?.active?.continueToken, null, 'the page is still owed')
  await c.stop()
  t.equal(c.status().state, 'stopped')
  t.equal(c.sink.given.length, 0)
})

t.test('start: new takes nothing that is stored; start: <duration> only what is young enough', async (t) => {
  const clock = handClock()
  const minutesAgo = (minutes: number): string => new Date(clock.now() - minutes * 60_000).toISOString()
  const store = new EventStore({ clock, revision: 500n })
  add(store, { lastTimestamp: minutesAgo(30) })
  const young = [
    add(store, { firstTimestamp: minutesAgo(90), lastTimestamp: minutesAgo(5) }),
    add(store, { series: { count: 2, lastObservedTime: minutesAgo(1) }, eventTime: minutesAgo(80) }),
    // No time of its own: the server's.
    add(store),
  ]
  const since = await watchCluster(t, { clock, store, start: { kind: 'since', durationMs: 10 * 60_000 } })
  await eventually(() => atRest(since) && since.sink.given.length > 0)
  t.strictSame(since.sink.revisions(), [...young].sort())
  const [owed] = since.sink.positions.flatMap(({ pending }) => pending)
  t.strictSame(owed, { after: '0', upTo: '504', notBeforeMs: clock.now() - 600_000 }, 'the limit is in the checkpoint')
  await since.stop()

  const fresh = await watchCluster(t, { store, start: { kind: 'new' } })
  await eventually(() => atRest(fresh))
  t.equal(fresh.server.count('page'), 0)
  const live = add(store)
  await eventually(() => fresh.sink.given.length === 1)
  t.strictSame(fresh.sink.revisions(), [live])
  await fresh.stop()
})

t.test('namespaces have a watch each; selectors and exceptions are passed on', async (t) => {
  const store = new EventStore({ revision: 500n })
  const wanted = [add(store, {}, 'shop'), add(store, {}, 'batch')]
  add(store, {}, 'other')
  const some = await watchCluster(t, {
    store,
    source: { namespaces: { kind: 'only', names: ['shop', 'batch', 'shop'] } },
    resume: { batch: at('500') },
  })
  await eventually(() => some.sink.given.length === 2)
  t.strictSame(some.sink.revisions(), wanted.sort())
  t.strictSame([...new Set(some.server.asked.map(({ path }) => path))].sort(), [
    '/api/v1/namespaces/batch/events',
    '/api/v1/namespaces/shop/events',
  ])
  const byScope = Object.fromEntries(some.sink.given.map((each) => [each.scope, each.via]))
  t.strictSame(byScope, { batch: 'watch', shop: 'list' }, 'each namespace has its own position')
  await some.stop()

  const rest = await watchCluster(t, {
    store,
    source: {
      namespaces: { kind: 'all', except: ['shop', 'batch'] },
      fieldSelector: 'type!=Warning',
      labelSelector: 'team!=a b',
    },
  })
  await eventually(() => rest.server.count('page') === 1 && rest.server.count('watch') === 1)
  for (const { verb, query } of rest.server.asked) {
    const selected = verb !== 'probe'
    const fields = 'type!=Warning,metadata.namespace!=shop,metadata.namespace!=batch'
    t.equal(query.get('fieldSelector'), selected ? fields : null, verb)
    t.equal(query.get('labelSelector'), selected ? 'team!=a b' : null)
  }
  await rest.stop()
})

t.test('a selector that the server does not take is no reason to ask without pause', async (t) => {
  const store = new EventStore({ revision: 500n })
  const c = await watchCluster(t, { store, source: { fieldSelector: 'spec.nodeName=x' } })
  await eventually(() => c.status().state === 'backoff')
  await c.pass(60_000, 500)
  t.ok(c.server.asked.length <= 30, `${c.server.asked.length} requests in a minute`)
  t.match(c.status().lastError, 'field label not supported')
  t.ok((await c.metric(gaps('bad_request'))) <= 1)
})

t.test('a line that is not JSON is read again twice, then let go with what identifies it', async (t) => {
  const store = new EventStore({ revision: 500n })
  const broken = frameOf(plain(1, '501')).replace('"message"', '"mess')
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb, query }) =>
      verb === 'watch' && query.get('resourceVersion') === '500'
        ? stream((response) => response.write(broken + frameOf(plain(2, '502'))))
        : null,
  })
  store.bump(2)
  await eventually(() => c.status().state === 'backoff')
  t.equal(c.sink.letters.length, 0)
  await c.pass(4000, 400)
  await eventually(() => c.sink.given.length === 1)
  t.equal(c.server.count('watch'), 3)
  t.strictSame(
    c.sink.letters.map(({ why, uid, resourceVersion, namespace }) => ({ why, uid, resourceVersion, namespace })),
    [{ why: 'invalid_json', uid: 'u-1', resourceVersion: '501', namespace: 'shop' }],
  )
  t.equal(c.sink.settled?.watched, '502')
  t.equal(await c.metric(restarts('bad_frame')), 2)
})

t.test('frames that are no events are counted and passed by, whatever they hold', async (t) => {
  const store = new EventStore({ revision: 500n })
  const strange = [
    '{"type":"PATCHED","object":{}}',
    '[]',
    'null',
    '{"type":"DELETED","object":{}}',
    '{"type":"DELETED","object":{"kind":"Event","apiVersion":"v1","metadata":{"labels":{"resourceVersion":"999"}}}}',
    '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"-5"}}}',
    '{"type":"ADDED","object":{"metadata":{"uid":"u","resourceVersion":7}}}',
    '{"type":"ADDED","object":{"metadata":{"uid":"u","resourceVersion":"12"}}}',
    '{"__proto__":{"type":"ADDED"},"object":{}}',
  ]
  const c = await watchCluster(t, {
    store,
    resume: { '*': at('500') },
    script: ({ verb, nth }) =>
      verb === 'watch' && nth === 1
        ? stream((response) => response.write(`${strange.join('\n')}\n${frameOf(plain(1, '501'))}`))
        : null,
  })
  await eventually(() => c.sink.given.length === 1)
  t.strictSame(c.sink.revisions(), ['u-1/501'])
  t.equal(c.status().watched, '501')
  const counted = async (reason: string): Promise<number> =>
    c.metric(`eventail_malformed_frames_total{${scope},reason="${reason}"}`)
  t.equal(await counted('unknown_type'), 4)
  t.equal(await counted('no_revision'), 3)
  t.equal(await counted('invalid_event'), 1)
  t.equal(await counted('stale'), 1, 'a revision from before the watch was opened')
  t.strictSame(
    c.sink.letters.map(({ why }) => why),
    ['invalid_event'],
  )
})

t.test('an item of a list that is no event is a dead letter once, when it is owed', async (t) => {
  const store = new EventStore({ revision: 500n })
  add(store)
  const items = [
    { metadata: { resourceVersion: '501', namespace: 'shop', creationTimestamp: '2026-11-23T22:00:00Z' } },
    { metadata: { resourceVersion: '9999' } },
    { metadata: null },
    'text',
  ]
  const c = await watchCluster(t, {
    store,
    script: ({ verb, nth }) =>
      verb === 'page' && nth === 1
        ? {
            kind: 'answer',
            status: 200,
            body: JSON.stringify({
              metadata: { resourceVersion: '501' },
              items,
            }),
          }
        : null,
  })
  await eventually(() => atRest(c))
  t.strictSame(
    c.sink.letters.map(({ why, resourceVersion }) => [why, resourceVersion]),
    [['invalid_event', '501']],
  )
  t.equal(c.sink.given.length, 0)
  t.equal(await c.metric(`eventail_malformed_frames_total{${scope},reason="no_revision"}`), 2)
})

t.test('an answer that is no list is not taken for an empty one', async (t) => {
  const store = new EventStore({ revision: 500n })
  const stored = [add(store)]
  const bodies = [
    '{}',
    '{"metadata":{"resourceVersion":"501"},"items":{}}',
    '<html>',
    '{"metadata":{"resourceVersion":"0"},"items":[]}',
  ]
  const c = await watchCluster(t, {
    store,
    script: ({ verb, nth }) => {
      const body = verb === 'page' ? bodies[nth - 1] : undefined
      return body === undefined ? null : { kind: 'answer', status: 200, body }
    },
  })
  await eventually(() => c.server.count('page') === 1)
  await c.pass(20_000, 400)
  await eventually(() => atRest(c))
  t.strictSame(c.sink.revisions(), stored)
  t.equal(c.server.count('page'), 5)
})

t.test('metrics are there from the beginning, and tell the state', async (t) => {
  const c = await watchCluster(t, { script: () => status(503, 'ServiceUnavailable') })
  await eventually(() => c.status().state === 'backoff')
  t.equal(await c.metric(`eventail_watch_up{${scope}}`), 0)
  t.equal(await c.metric(`eventail_source_state{${scope},state="backoff"}`), 1)
  t.equal(await c.metric(`eventail_source_state{${scope},state="init"}`), 0)
  t.match(c.log.join(''), 'component=source')
  await c.stop()
  t.equal(await c.metric(`eventail_source_state{${scope},state="stopped"}`), 1)
})
