import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import { createApiHandler, startApiServer, type ApiServer, type ApiServerOptions } from '../../src/demo/api-server.ts'
import { eventKey, type EventObject } from '../../src/demo/event-object.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import type { EventWatch } from '../../src/demo/event-watch.ts'
import { handClock } from '../fixtures/clock.ts'

type Transcript = {
  readonly request: { readonly method: string; readonly path: string; readonly authorization: string }
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body: string }
}
type Listed = { metadata: { resourceVersion: string; continue?: string }; items: EventObject[] }
type Line = { type: string; object: { metadata: { name: string; resourceVersion: string }; [field: string]: unknown } }

const transcripts = JSON.parse(
  readFileSync(new URL('../fixtures/recorded/api-transcripts.json', import.meta.url), 'utf8'),
) as Record<string, Transcript>

const event = (namespace: string, name: string, more: Record<string, unknown> = {}): EventObject => ({
  metadata: { name, namespace },
  involvedObject: { kind: 'Pod', namespace, name },
  reason: 'Started',
  message: `Started ${name}`,
  source: { component: 'kubelet' },
  type: 'Normal',
  ...more,
})

const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

const watching = (store: EventStore, resourceVersion: string, fieldSelector = ''): EventWatch => {
  const answer = store.watch({ resourceVersion, fieldSelector })
  if (answer.kind !== 'watch') throw new Error(answer.kind)
  return answer.watch
}

/** A store that holds what the recorded server held, as far as its answers show it, at revision 11418. */
const recordedStore = (): EventStore => {
  const store = new EventStore({ revision: 1n })
  const seen = new Map<string, EventObject>()
  for (const name of [
    'list-probe',
    'list-page-1',
    'list-page-2',
    'list-rv-0',
    'list-field-selector',
    'list-namespace',
  ]) {
    const { items } = JSON.parse(transcripts[name]!.response.body) as Listed
    for (const item of items) seen.set(eventKey(item.metadata.namespace, item.metadata.name), item)
  }
  const { items } = JSON.parse(transcripts['list-continue-inconsistent']!.response.body) as Listed
  for (const item of items) seen.set(eventKey(item.metadata.namespace, item.metadata.name), item)
  const inOrder = [...seen.values()].sort(
    (a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion),
  )
  for (const item of inOrder) {
    store.bump(Number(item.metadata.resourceVersion) - 1 - Number(store.revision))
    store.create(item)
  }
  const inDefault = inOrder.filter((item) => item.metadata.namespace === 'default').length
  for (let i = inDefault; i < 145; i += 1) store.create(event('default', `zz-${i}`))
  for (let i = store.size; i < 719; i += 1) store.create(event('zz', `filler-${i}`))
  store.bump(11_418 - Number(store.revision))
  return store
}

const start = async (test: Test, options: ApiServerOptions): Promise<ApiServer> => {
  const server = await startApiServer(options)
  test.teardown(() => server.close())
  return server
}

t.test('answers the recorded requests as the real API server did', async (t) => {
  const clock = handClock(Date.parse('2026-11-23T22:16:03Z'))
  const store = recordedStore()
  store.compact('11000')
  const server = await start(t, { store, clock, token: () => 'right' })

  const ask = async (name: string, body?: string): Promise<{ status: number; text: string; headers: Headers }> => {
    const { request } = transcripts[name]!
    const token = name === 'list-unauthorized' ? 'wrong' : 'right'
    const headers: Record<string, string> = request.authorization === 'none' ? {} : { authorization: `Bearer ${token}` }
    const asked = fetch(server.url + request.path, { method: request.method, headers, ...(body ? { body } : {}) })
    if (request.path.includes('watch=true') && !/compacted|bad-rv/.test(name)) {
      await clock.untilSleeping()
      await clock.advance(10_000)
    }
    const answer = await asked
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }
  const same = async (name: string): Promise<void> => {
    const got = await ask(name)
    const { response } = transcripts[name]!
    t.equal(got.status, response.status, `${name}: status`)
    t.equal(got.text, response.body, `${name}: body`)
    for (const header of ['Cache-Control', 'Content-Type', 'X-Content-Type-Options']) {
      t.equal(got.headers.get(header), response.headers[header] ?? null, `${name}: ${header}`)
    }
  }

  for (const name of [
    'list-probe',
    'list-page-1',
    'list-page-2',
    'list-rv-0',
    'list-field-selector',
    'list-namespace',
    'list-anonymous-forbidden',
    'list-unauthorized',
    'list-bad-continue',
    'list-bad-field-selector',
    'list-continue-with-rv',
    'list-exact-compacted',
    'list-rv-future-exact',
    'watch-bad-rv',
    'watch-compacted',
    'watch-from-now',
    'watch-future-rv',
    'watch-short',
    'lease-get-missing',
  ]) {
    await same(name)
  }

  store.bump(31)
  store.compact()
  await same('list-continue-compacted')
  await same('list-continue-inconsistent')

  const lease = (renewTime: string, resourceVersion?: string): string =>
    JSON.stringify(
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'transcript', namespace: 'default', resourceVersion, annotations: { x: '1' } },
        spec: {
          holderIdentity: 'a',
          leaseDurationSeconds: 15,
          acquireTime: '2026-11-20T10:00:00.000000Z',
          renewTime,
          leaseTransitions: 0,
        },
      },
      null,
      1,
    )
      .replace(/\n */g, ' ')
      .replace(/\{ /g, '{')
      .replace(/ \}/g, '}')

  /** What the store makes up (uid) or does not keep (managedFields) is left out of the comparison. */
  const comparable = (body: string): unknown => {
    const object = JSON.parse(body) as { metadata: Record<string, unknown> }
    delete object.metadata['managedFields']
    delete object.metadata['uid']
    return object
  }
  const written = async (name: string, body: string): Promise<void> => {
    const got = await ask(name, body)
    t.equal(got.status, transcripts[name]!.response.status, `${name}: status`)
    t.strictSame(comparable(got.text), comparable(transcripts[name]!.response.body), `${name}: body`)
  }
  await written('lease-create', lease('2026-11-20T10:00:00.000000Z'))
  await written('lease-update', lease('2026-11-20T10:00:02.057000Z', '11450'))
  await written('lease-get', '')
  await written('lease-update-conflict', lease('2026-11-20T10:00:02.057000Z', '11450'))
  const short = await ask('lease-update-3-digits', lease('2026-11-20T10:00:02.057Z', '11451'))
  t.equal(short.status, 400)
  t.equal(short.text, transcripts['lease-update-3-digits']!.response.body)
  t.equal((await ask('lease-delete')).status, 200)
  t.equal((await ask('lease-get')).status, 404)
})

t.test('pages through one snapshot while the store changes', async (t) => {
  const store = new EventStore({ revision: 10n })
  for (const name of ['a', 'b', 'c', 'd']) store.create(event('ns', name))
  const server = await start(t, { store })
  const page = async (query: string): Promise<Listed & { metadata: { remainingItemCount?: number } }> =>
    (await (await fetch(`${server.url}/api/v1/events?limit=2${query}`)).json()) as Listed

  const first = await page('')
  t.strictSame(first.metadata.remainingItemCount, 2)
  store.update('ns/c', (before) => ({ ...before, count: 2 }))
  store.remove(['ns/d'])
  store.create(event('ns', 'bb'))
  const second = await page(`&continue=${first.metadata.continue!}`)
  t.strictSame(
    second.items.map((item) => [item.metadata.name, item.metadata.resourceVersion]),
    [
      ['c', '13'],
      ['d', '14'],
    ],
  )
  t.strictSame(second.metadata, { resourceVersion: '14' }, 'the revision of the first page, and the end')
  const now = await page('&resourceVersion=0')
  t.strictSame(
    now.items.map((item) => item.metadata.name),
    ['a', 'b'],
  )
  t.match(await page('&resourceVersion=99&resourceVersionMatch=NotOlderThan'), { code: 504, reason: 'Timeout' })
  const past = await page('&resourceVersion=12')
  t.strictSame(past.metadata, { resourceVersion: '12' }, 'a bare resourceVersion with a limit is that very revision')
})

t.test('watches replay, follow, filter and end as those of etcd', async (t) => {
  await t.test('history behind the revision, then live, a deletion with its own revision', async (t) => {
    const store = new EventStore({ revision: 10n })
    store.create(event('ns', 'a'))
    store.create(event('ns', 'b'))
    const watch = watching(store, '11')
    store.update('ns/a', (before) => ({ ...before, count: 2 }))
    t.equal(
      store.update('ns/a', (before) => before),
      null,
      'a change of nothing makes no revision',
    )
    store.bump(5)
    t.equal(store.remove(['ns/a', 'ns/b', 'ns/none']), '19')
    t.strictSame(
      lines(watch.read()).map(({ type, object }) => [type, object.metadata.name, object.metadata.resourceVersion]),
      [
        ['ADDED', 'b', '12'],
        ['MODIFIED', 'a', '13'],
        ['DELETED', 'a', '19'],
        ['DELETED', 'b', '19'],
      ],
    )
    const waiting = watch.ready()
    store.create(event('ns', 'c'))
    await waiting
    t.match(lines(watch.read()), [{ type: 'ADDED', object: { kind: 'Event', apiVersion: 'v1' } }])
  })

  await t.test('without a revision: what is stored, as ADDED, then live', (t) => {
    const store = new EventStore()
    store.create(event('ns', 'b'))
    store.create(event('ns', 'a'))
    const watch = watching(store, '')
    store.create(event('ns', 'c'))
    t.strictSame(
      lines(watch.read()).map(({ object }) => object.metadata.name),
      ['a', 'b', 'c'],
    )
    t.end()
  })

  await t.test('a future revision is silent until it has passed', (t) => {
    const store = new EventStore({ revision: 10n })
    const watch = watching(store, '12')
    store.create(event('ns', 'a'))
    store.create(event('ns', 'b'))
    t.equal(watch.read(), '')
    store.create(event('ns', 'c'))
    t.strictSame(
      lines(watch.read()).map(({ object }) => object.metadata.resourceVersion),
      ['13'],
    )
    t.end()
  })

  await t.test('an event that begins or ceases to match a selector is added or deleted', (t) => {
    const store = new EventStore()
    const watch = watching(store, store.revision, 'type!=Normal,involvedObject.kind=Pod')
    store.create(event('ns', 'a'))
    store.update('ns/a', (before) => ({ ...before, type: 'Warning' }))
    store.update('ns/a', (before) => ({ ...before, count: 2 }))
    store.update('ns/a', (before) => ({ ...before, type: 'Normal' }))
    store.remove(['ns/a'])
    t.strictSame(
      lines(watch.read()).map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'DELETED'],
    )
    t.end()
  })

  await t.test('labels select too, and what cannot be understood is refused', (t) => {
    const store = new EventStore()
    store.create({ ...event('ns', 'a'), metadata: { name: 'a', namespace: 'ns', labels: { app: 'x' } } })
    store.create(event('ns', 'b'))
    const names = (labelSelector: string): unknown => {
      const answer = store.list({ labelSelector })
      return answer.kind === 'ok'
        ? (JSON.parse(answer.body) as Listed).items.map((item) => item.metadata.name)
        : answer.status.code
    }
    t.strictSame(names('app=x'), ['a'])
    t.strictSame(names('app!=x'), ['b'])
    t.strictSame(names('app'), ['a'])
    t.equal(names('app in (x)'), 400)
    t.strictSame(store.watch({ fieldSelector: 'reason' }).kind, 'refused')
    t.end()
  })

  await t.test('compaction expires what is before it, not what is open', (t) => {
    const store = new EventStore({ revision: 10n })
    for (const name of ['a', 'b', 'c']) store.create(event('ns', name))
    const open = watching(store, '10')
    store.remove(['ns/a'])
    store.compact('13')
    t.equal(store.watch({ resourceVersion: '11' }).kind, 'expired')
    t.strictSame(
      lines(watching(store, '12').read()).map(({ object }) => object.metadata.name),
      ['c', 'a'],
    )
    t.equal(lines(open.read()).length, 4)
    t.match(store.list({ resourceVersion: '12', resourceVersionMatch: 'Exact' }), { status: { code: 410 } })
    t.match(store.list({ resourceVersion: '13', resourceVersionMatch: 'Exact' }), { count: 3 })
    t.match(store.list(), { count: 2 })
    t.end()
  })

  await t.test('a history at its bound compacts itself; a reader too far behind is cut off', (t) => {
    const store = new EventStore({ revision: 0n, maxHistory: 10, maxLagFrames: 20 })
    const late = watching(store, '0')
    for (let i = 0; i < 25; i += 1) store.create(event('ns', `e${i}`))
    t.equal(store.watch({ resourceVersion: '1' }).kind, 'expired')
    t.match(lines(late.read()), [{ type: 'ERROR', object: { code: 410 } }])
    t.ok(late.ended)
    t.equal(store.watchers, 0)
    t.end()
  })

  await t.test('a restore from backup drops the revision and ends every watch', (t) => {
    const store = new EventStore({ revision: 10n })
    store.create(event('ns', 'a'))
    store.create(event('ns', 'b'))
    store.remove(['ns/b'])
    const backup = store.snapshot()
    store.create(event('ns', 'c'))
    store.update('ns/a', (before) => ({ ...before, count: 7 }))
    const open = watching(store, '10')
    store.restore(backup)
    t.ok(open.ended)
    t.equal(store.revision, '13')
    t.equal(store.size, 1)
    t.equal(store.get('ns/a')?.['count'], undefined)
    const watch = watching(store, '11')
    store.create(event('ns', 'd'))
    t.strictSame(
      lines(watch.read()).map(
        ({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`,
      ),
      ['ADDED b 12', 'DELETED b 13', 'ADDED d 14'],
    )
    t.end()
  })
})

t.test('every snapshot and every replay is what a model of the store says', (t) => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('write' as const), key: fc.nat(11) }),
    fc.record({ op: fc.constant('remove' as const), key: fc.nat(11) }),
    fc.record({ op: fc.constant('compact' as const), key: fc.nat(3) }),
    fc.record({ op: fc.constant('bump' as const), key: fc.nat(3) }),
  )
  const property = fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, pick) => {
    const store = new EventStore({ revision: 1n })
    const past = new Map<string, Map<string, string>>([['1', new Map()]])
    let model = new Map<string, string>()
    let compacted = 0
    for (const { op, key } of steps) {
      const name = `k${key}`
      model = new Map(model)
      if (op === 'bump') store.bump(key)
      else if (op === 'compact') {
        compacted = Math.max(compacted, Number(store.revision) - key)
        if (compacted > 0) store.compact(String(compacted))
      } else if (op === 'write') {
        const version = model.has(name)
          ? store.update(`ns/${name}`, (before) => ({ ...before, count: Number(store.revision) }))
          : store.create(event('ns', name))
        if (version !== null) model.set(name, version)
      } else if (store.remove([`ns/${name}`, `ns/k${key + 1}`]) !== null) {
        model.delete(name)
        model.delete(`k${key + 1}`)
      }
      past.set(store.revision, model)
    }

    const readable = [...past.keys()].filter((revision) => Number(revision) >= compacted)
    const revision = readable[pick % readable.length]!
    const expected = past.get(revision)!
    const found = new Map<string, string>()
    let token = ''
    do {
      const first = token === '' ? { resourceVersion: revision, resourceVersionMatch: 'Exact' } : {}
      const answer = store.list({ limit: 1 + (pick % 3), continueToken: token, ...first })
      if (answer.kind !== 'ok') return false
      const { items, metadata } = JSON.parse(answer.body) as Listed & { metadata: { remainingItemCount?: number } }
      for (const { metadata: item } of items) found.set(item.name, item.resourceVersion!)
      if (found.size + (metadata.remainingItemCount ?? 0) !== expected.size) return false
      token = answer.continueToken
    } while (token !== '')

    const byVersion = (map: Map<string, string>): string => JSON.stringify([...map].sort())
    if (byVersion(found) !== byVersion(expected)) return false
    for (const { type, object } of lines(watching(store, revision).read(Infinity))) {
      if (type === 'DELETED') found.delete(object.metadata.name)
      else found.set(object.metadata.name, object.metadata.resourceVersion)
    }
    return byVersion(found) === byVersion(model)
  })
  t.doesNotThrow(() => {
    fc.assert(property, { numRuns: 300 })
  })
  t.end()
})

t.test('keys stay in order and counts stay right through thousands of inserts', (t) => {
  const store = new EventStore()
  for (let i = 0; i < 3000; i += 1) store.create(event(`ns${i % 3}`, `e${String((i * 7919) % 3000).padStart(4, '0')}`))
  const before = store.revision
  store.remove(
    Array.from({ length: 1000 }, (_, i) => eventKey(`ns${i % 3}`, `e${String((i * 7919) % 3000).padStart(4, '0')}`)),
  )
  const names = (resourceVersion: string): string[] => {
    const answer = store.list({ namespace: 'ns1', resourceVersion, resourceVersionMatch: 'Exact' })
    return answer.kind === 'ok' ? (JSON.parse(answer.body) as Listed).items.map((item) => item.metadata.name) : []
  }
  t.equal(names(before).length, 1000)
  t.equal(names(store.revision).length, 667)
  t.strictSame(names(before), names(before).toSorted())
  t.match(store.list({ namespace: 'ns1', limit: 1 }), { body: /"remainingItemCount":666}/ })
  store.compact()
  t.match(store.list({ namespace: 'ns1', limit: 1 }), { body: /"remainingItemCount":666}/ })
  t.end()
})

t.test('a client that does not read stops the writing, and loses nothing', async (t) => {
  const store = new EventStore({ revision: 1n })
  let held: ServerResponse | null = null
  const handler = createApiHandler({ store })
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    held = response
    handler.handle(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const message = 'm'.repeat(4000)
  for (let i = 0; i < 4000; i += 1) store.create(event('ns', `e${i}`, { message }))
  const request = get(`http://127.0.0.1:${port}/api/v1/events?watch=true&resourceVersion=1`)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const full = async (): Promise<void> => {
    while (held?.writableNeedDrain !== true) await new Promise((resolve) => setImmediate(resolve))
  }
  await full()
  t.ok(held!.writableLength < 1_000_000, 'a bounded part waits in the server')
  const chunks: Buffer[] = []
  let seen = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    for (const byte of chunk) if (byte === 0x0a) seen += 1
    if (seen === 4000) break
  }
  const text = Buffer.concat(chunks).toString()
  t.strictSame(
    lines(text).map(({ object }) => object.metadata.resourceVersion),
    Array.from({ length: 4000 }, (_, i) => String(i + 2)),
  )
})

t.test('serves what tests script, bookmarks when asked, and ends watches cleanly', async (t) => {
  const clock = handClock()
  const store = new EventStore({ revision: 41n, clock })
  const server = await start(t, {
    store,
    clock,
    bookmarkEveryMs: 60_000,
    intercept: ({ isWatch, query }, callNumber) => {
      if (callNumber === 1) return { kind: 'answer', status: 429, headers: { 'Retry-After': '7' }, body: 'slow down' }
      if (isWatch && query.get('resourceVersion') === '7') {
        return { kind: 'serve', serve: (request) => request.socket.destroy() }
      }
      return null
    },
  })
  const first = await fetch(`${server.url}/version`)
  t.strictSame([first.status, first.headers.get('retry-after'), await first.text()], [429, '7', 'slow down'])
  t.match(await (await fetch(`${server.url}/version`)).json(), { major: '1' })
  await t.rejects(fetch(`${server.url}/api/v1/events?watch=true&resourceVersion=7`))

  const namespace = `${server.url}/api/v1/namespaces/shop`
  const uid = async (): Promise<unknown> =>
    ((await (await fetch(namespace)).json()) as { metadata: { uid: string } }).metadata.uid
  t.match(await uid(), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  t.equal(await uid(), await uid(), 'a namespace keeps its uid')
  t.equal((await fetch(`${server.url}/api/v1/pods`)).status, 404)
  t.equal((await fetch(`${server.url}/api/v1/namespaces/%zz/events`)).status, 200, 'malformed escapes do no harm')
  t.equal((await fetch(`${server.url}/api/v1/events?limit=x`)).status, 400)
  const lease = `${server.url}/apis/coordination.k8s.io/v1/namespaces/shop/leases`
  t.equal((await fetch(lease, { method: 'PATCH', body: '{}' })).status, 405)
  t.equal((await fetch(lease, { method: 'POST', body: 'x'.repeat(2_000_000) })).status, 413)
  t.equal((await fetch(lease, { method: 'POST', body: '{"metadata":{"name":"l"}}' })).status, 201)
  t.equal((await fetch(lease, { method: 'POST', body: '{"metadata":{"name":"l"}}' })).status, 409)
  t.equal((await fetch(`${lease}/l`, { method: 'PUT', body: '{"metadata":{"name":"l"}}' })).status, 422)

  const watch = await fetch(`${server.url}/api/v1/events?watch=true&resourceVersion=41&allowWatchBookmarks=true`)
  await clock.untilSleeping(2)
  store.bump(100)
  await clock.advance(60_000)
  server.endWatches()
  t.match(lines(await watch.text()), [{ type: 'BOOKMARK', object: { metadata: { resourceVersion: '142' } } }])

  const reset = await fetch(`${server.url}/api/v1/events?watch=true&resourceVersion=41`)
  server.resetConnections()
  await t.rejects(reset.text(), 'a reset is not a clean end')
  await clock.untilSleeping(0)
})
