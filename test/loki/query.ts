import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'
import { readQueryAnswer, type ReadEntry } from '../../src/loki/query-answer.ts'
import { type QueryAnswer, QueryClient, type RangeQuery } from '../../src/loki/query-client.ts'
import { queryUrlOf } from '../../src/loki/query-url.ts'
import { readRange } from '../../src/loki/read-range.ts'
import { serve } from '../fixtures/http-server.ts'
import { lokiOptions } from '../fixtures/loki-client.ts'

const STREAM = { labels: { job: 'a' }, isExact: true }
const QUERY = { query: '{job="a"}', startNs: 0n, endNs: 1000n, tenant: '' }
const never = new AbortController().signal

/** Sleeps end at once and are remembered. */
const hastyClock = (): { clock: Clock; slept: number[] } => {
  const slept: number[] = []
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms)
    return Promise.resolve()
  }
  return { clock: { ...systemClock, sleep }, slept }
}

/** A Loki that holds entries at these times and answers as a script says first. */
const holding = (
  times: readonly number[],
  script: (query: RangeQuery, nth: number) => QueryAnswer | null = () => null,
): { client: { read(query: RangeQuery): Promise<QueryAnswer> }; limits: number[] } => {
  const limits: number[] = []
  const entries = times
    .toSorted((a, b) => a - b)
    .map((at, n): ReadEntry => ({ stream: STREAM, timestampNs: BigInt(at), line: `${n}` }))
  const read = (query: RangeQuery): Promise<QueryAnswer> => {
    limits.push(query.limit)
    const scripted = script(query, limits.length)
    if (scripted !== null) return Promise.resolve(scripted)
    const inside = entries.filter(({ timestampNs: at }) => at >= query.startNs && at < query.endNs)
    return Promise.resolve({ kind: 'entries', entries: inside.slice(0, query.limit) })
  }
  return { client: { read }, limits }
}

const linesOf = async (
  client: { read(query: RangeQuery): Promise<QueryAnswer> },
  clock: Clock = hastyClock().clock,
): Promise<{ lines: string[]; outcome: Awaited<ReturnType<typeof readRange>> }> => {
  const lines: string[] = []
  const outcome = await readRange({ client, clock, stop: never }, QUERY, ({ line }) => lines.push(line))
  return { lines, outcome }
}

t.test('every entry of a range is read once, wherever pages end', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 20 }), async (times, allowed) => {
      const limited = (query: RangeQuery): QueryAnswer | null =>
        query.limit > allowed
          ? {
              kind: 'refused',
              status: 400,
              text: `max entries limit per query exceeded, limit > max_entries_limit_per_query (${query.limit} > ${allowed})`,
            }
          : null
      const { lines, outcome } = await linesOf(holding(times, limited).client)
      const counts = new Map<number, number>()
      for (const at of times) counts.set(at, (counts.get(at) ?? 0) + 1)
      const full = [...counts.values()].some((n) => n >= allowed)
      if (outcome.kind === 'failed') return full && outcome.why.includes('of one nanosecond')
      return lines.length === times.length && new Set(lines).size === times.length
    }),
  )
})

t.test(
  'what is too much is asked for in halves; what may pass is asked for again; the rest is an answer',
  async (t) => {
    const large = holding([1, 2, 3], ({ limit }) => (limit > 1000 ? { kind: 'too_large' } : null))
    t.strictSame((await linesOf(large.client)).lines, ['0', '1', '2'])
    t.strictSame(large.limits, [5000, 2500, 1250, 625])

    const { clock, slept } = hastyClock()
    const flaky: readonly QueryAnswer[] = [
      { kind: 'failed', why: 'ECONNRESET' },
      { kind: 'refused', status: 500, text: 'busy' },
      { kind: 'refused', status: 429, text: 'too many outstanding requests' },
    ]
    const recovering = holding([1], (_, nth) => flaky[nth - 1] ?? null)
    t.strictSame((await linesOf(recovering.client, clock)).lines, ['0'])
    t.strictSame(slept, [500, 1000, 2000])

    const ends: readonly (readonly [QueryAnswer, RegExp, number])[] = [
      [{ kind: 'refused', status: 503, text: 'away' }, /Loki answered 503: away/, 5],
      [{ kind: 'refused', status: 401, text: 'no org id' }, /Loki answered 401: no org id/, 1],
      [{ kind: 'unusable', why: 'no certificate' }, /no certificate/, 1],
      [{ kind: 'too_large' }, /one entry alone/, 13],
    ]
    for (const [answer, why, requests] of ends) {
      const loki = holding([], () => answer)
      t.match((await linesOf(loki.client)).outcome, { kind: 'failed', why })
      t.equal(loki.limits.length, requests)
    }
  },
)

t.test('an answer that is not what it should be is refused', (t) => {
  const ok = {
    status: 'success',
    data: { resultType: 'streams', result: [{ stream: { a: 'b' }, values: [['2', 'x']] }] },
  }
  t.strictSame(readQueryAnswer(ok), [{ stream: { labels: { a: 'b' }, isExact: false }, timestampNs: 2n, line: 'x' }])
  const bent = (change: (copy: typeof ok) => void): unknown => {
    const copy = structuredClone(ok)
    change(copy)
    return copy
  }
  const wrong = (value: unknown) => value as never
  for (const body of [
    null,
    [],
    'text',
    {},
    { __proto__: ok },
    bent((b) => (b.status = 'error')),
    bent((b) => (b.data.resultType = 'matrix')),
    bent((b) => (b.data.result = wrong({}))),
    bent((b) => (b.data.result = wrong([null]))),
    bent((b) => (b.data.result = wrong([{ stream: { a: 1 }, values: [] }]))),
    bent((b) => (b.data.result = wrong([{ stream: [], values: [] }]))),
    bent((b) => (b.data.result = wrong([{ stream: {}, values: {} }]))),
    bent((b) => (b.data.result = wrong([{ stream: {}, values: ['x'] }]))),
    bent((b) => (b.data.result = wrong([{ stream: {}, values: [['1e9', 'x']] }]))),
    bent((b) => (b.data.result = wrong([{ stream: {}, values: [[1, 'x']] }]))),
    bent((b) => (b.data.result = wrong([{ stream: {}, values: [['1']] }]))),
  ]) {
    t.equal(readQueryAnswer(body), null, JSON.stringify(body))
  }
  t.end()
})

t.test('where to ask follows from where to push', (t) => {
  const cases: readonly (readonly [push: string, query: string | null])[] = [
    ['http://loki:3100/loki/api/v1/push', 'http://loki:3100/loki/api/v1/query_range'],
    ['https://u:p@gw/team/loki/api/v1/push?a=b', 'https://gw/team/loki/api/v1/query_range?a=b'],
    ['http://loki/api/prom/push', 'http://loki/loki/api/v1/query_range'],
    ['http://loki/push', null],
    ['http://loki/', null],
  ]
  for (const [push, query] of cases) t.equal(queryUrlOf(new URL(push))?.href ?? null, query, push)
  t.end()
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const answering = async (
  t: Test,
  handler: Handler,
  over: Parameters<typeof lokiOptions>[1] = {},
): Promise<QueryClient> => {
  const server = await serve(null, handler)
  const options = lokiOptions(`${server.url}/loki/api/v1/push`, over)
  const client = new QueryClient(options, { clock: systemClock, log: silentLog, userAgent: 'eventail/1.2.3' })
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  return client
}

t.test('a query goes out as a push does: credentials, tenant, headers', async (t) => {
  let seen: IncomingMessage | undefined
  const client = await answering(
    t,
    (request, response) => {
      seen = request
      response.end('{"status":"success","data":{"resultType":"streams","result":[]}}')
    },
    {
      authorization: {
        kind: 'basic',
        username: { kind: 'inline', value: 'u' },
        password: { kind: 'inline', value: 'hunter2-password' },
      },
      headers: { 'X-Route': 'a' },
    },
  )
  t.strictSame(await client.read({ ...QUERY, limit: 7, tenant: 'team' }, never), { kind: 'entries', entries: [] })
  const url = new URL(seen?.url ?? '', 'http://loki')
  t.equal(url.pathname, '/loki/api/v1/query_range')
  t.strictSame(Object.fromEntries(url.searchParams), {
    query: '{job="a"}',
    start: '0',
    end: '1000',
    limit: '7',
    direction: 'forward',
  })
  t.match(seen?.headers, {
    authorization: `Basic ${Buffer.from('u:hunter2-password').toString('base64')}`,
    'x-scope-orgid': 'team',
    'x-route': 'a',
    'user-agent': 'eventail/1.2.3',
    'x-loki-response-encoding-flags': 'categorize-labels',
  })
  t.equal(seen?.headers['content-type'], undefined)
})

t.test('hostile answers end in a value, bounded and without secrets', async (t) => {
  const secret = 'hunter2-password'
  const over = {
    authorization: { kind: 'header', type: 'Bearer', credentials: { kind: 'inline', value: secret } },
  } as const
  const cases: readonly (readonly [Handler, object])[] = [
    [
      (_, response) => response.writeHead(403).end(`you sent ${secret}`),
      { kind: 'refused', status: 403, text: 'you sent <secret>' },
    ],
    [(_, response) => response.end('<html>'), { kind: 'failed', why: /not JSON/ }],
    [(_, response) => response.end('{"status":"success"}'), { kind: 'failed', why: /not one of log entries/ }],
    [(request) => request.socket.resetAndDestroy(), { kind: 'failed' }],
  ]
  for (const [handler, expected] of cases) {
    const client = await answering(t, handler, over)
    t.match(await client.read({ ...QUERY, limit: 1 }, never), expected)
  }
  const endless = await answering(t, (_, response) => {
    const blank = Buffer.alloc(1024 * 1024, ' ')
    Readable.from(
      (function* () {
        for (;;) yield blank
      })(),
    ).pipe(response)
  })
  t.strictSame(await endless.read({ ...QUERY, limit: 1 }, never), { kind: 'too_large' })
  const stop = new AbortController()
  const hanging = await answering(t, () => {
    stop.abort()
  })
  t.match(await hanging.read({ ...QUERY, limit: 1 }, stop.signal), { kind: 'failed' })
  const nowhere = new QueryClient(lokiOptions('http://127.0.0.1:1/push'), {
    clock: systemClock,
    log: silentLog,
    userAgent: '',
  })
  t.match(await nowhere.read({ ...QUERY, limit: 1 }, never), { kind: 'unusable', why: /does not end in/ })
  const missing = await answering(t, () => undefined, {
    authorization: { kind: 'header', type: 'Bearer', credentials: { kind: 'file', path: '/nowhere/token' } },
  })
  t.match(await missing.read({ ...QUERY, limit: 1 }, never), { kind: 'unusable', why: /\/nowhere\/token: ENOENT/ })
})
