import * as fc from 'fast-check'
import t from 'tap'
import { request } from 'undici'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/clock.ts'
import { answerQuery } from '../../src/demo/loki-query.ts'
import { startLokiServer } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { evaluateInstant } from '../../src/logql/evaluate.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import type { LokiAccess } from '../../src/loki/loki-access.ts'
import { QueryAnswerer } from '../../src/ui/answer-query.ts'
import { errorSpan } from '../../src/ui/error-span.ts'
import type { AsksLoki } from '../../src/ui/loki-reader.ts'
import type { PageQuery, PageResult } from '../../src/ui/page-query.ts'
import { readQueries } from '../../src/ui/page-query.ts'
import { refusedRequest } from '../../src/ui/request-guard.ts'
import { startUiServer, type UiServerOptions } from '../../src/ui/ui-server.ts'
import { handClock } from '../fixtures/clock.ts'
import { type IncomingMessage, serve } from '../fixtures/http-server.ts'

const START_MS = Date.UTC(2026, 10, 23, 12)
const STEP_MS = 60_000
const TENANT = 'fake'

const accessTo = (url: string, more: Partial<LokiAccess> = {}): LokiAccess => ({
  url: new URL(url),
  tenant: '',
  authorization: '',
  secrets: [],
  userAgent: 'eventail/test',
  ...more,
})

const page = async (
  access: LokiAccess,
  more: Partial<UiServerOptions> = {},
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const place = { address: '127.0.0.1', port: 0, allowedHosts: [], version: '0', from: 'now-30m', refresh: '10s' }
  const server = await startUiServer({ access, clock: systemClock, ...place, ...more })
  return { url: `http://127.0.0.1:${server.port}`, close: server.close }
}

const question = (more: Partial<PageQuery>): PageQuery => ({
  id: 0,
  kind: 'instant',
  expr: 'sum(count_over_time({job="a"}[10m]))',
  startMs: START_MS,
  endMs: START_MS + 10 * STEP_MS,
  stepMs: STEP_MS,
  limit: 100,
  ...more,
})

const ask = async (
  url: string,
  body: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<{ readonly status: number; readonly text: string }> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await request(`${url}/api/query`, { method: 'POST', headers, body: text })
  return { status: answer.statusCode, text: await answer.body.text() }
}

const get = async (
  url: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string; readonly headers: Record<string, unknown> }> => {
  const answer = await request(url, { headers })
  return { status: answer.statusCode, text: await answer.body.text(), headers: answer.headers }
}

type Event = {
  readonly atMs: number
  readonly name: string
  readonly reason: string
  readonly value: number
  readonly lateMs: number
}

const pushInto = (store: LokiStore, { atMs, name, reason, value }: Event, nth: number): void => {
  const entry = {
    timestampNs: BigInt(atMs) * 1_000_000n + BigInt(nth),
    line: `n=${nth} value=${value}`,
    metadata: [
      ['name', name],
      ['reason', reason],
    ] as const,
  }
  const answer = store.push(TENANT, [{ labels: '{job="a"}', entries: [entry] }])
  if (answer.status !== 204) throw new Error(answer.text)
}

t.test('the page and what it asks for come with headers that let nothing else in', async (t) => {
  const loki = await startLokiServer({ store: new LokiStore() })
  const { url, close } = await page(accessTo(loki.url.replace('//', '//user:secret@')))
  for (const path of ['/', '/page.js', '/page-style.css', '/icon.svg', '/api/dashboards', '/api/status', '/nothing']) {
    const { status, headers } = await get(url + path)
    t.equal(status, path === '/nothing' ? 404 : 200, path)
    const policy = String(headers['content-security-policy'])
    t.match(
      policy,
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:/,
    )
    t.notMatch(policy, /unsafe|\*|https?:/, 'no inline code and no other origin')
    t.match(policy, "frame-ancestors 'none'")
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
  }
  const index = await get(`${url}/`)
  t.match(index.headers['content-type'], 'text/html')
  t.notMatch(index.text, /<script>|style=|\son\w+=|https?:/, 'nothing inline, nothing from elsewhere')
  t.match(JSON.parse((await get(`${url}/api/status`)).text), { loki: loki.url, from: 'now-30m', refresh: '10s' })
  const listed = JSON.parse((await get(`${url}/api/dashboards`)).text) as { uid: string; title: string }[]
  t.strictSame(
    listed.map(({ uid }) => uid),
    ['eventail-overview', 'eventail-timeline'],
    'those that ask Loki alone',
  )
  t.match(JSON.parse((await get(`${url}/api/dashboards/eventail-overview`)).text), { uid: 'eventail-overview' })
  t.equal((await get(`${url}/api/dashboards/..%2fagent`)).status, 404)
  t.equal((await request(url, { method: 'DELETE' })).statusCode, 405)
  t.equal(await (await request(`${url}/page.js`, { method: 'HEAD' })).body.text(), '')
  await close()
  await loki.close()
})

t.test('a request under a foreign name, or from a foreign page, is refused', async (t) => {
  const good = [
    '127.0.0.1:8090',
    'localhost:8090',
    'localhost',
    '[::1]:8090',
    '10.0.0.7:80',
    'a.localhost:1',
    'ui.corp:80',
  ]
  for (const host of good) t.equal(refusedRequest({ host }, ['ui.corp']), null, host)
  const bad = [
    'evil.example:8090',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
    'user@localhost',
    'localhost:x',
  ]
  for (const host of bad) t.type(refusedRequest({ host }, ['ui.corp']), 'string', host)
  const host = 'localhost:8090'
  t.equal(refusedRequest({ host, origin: 'http://localhost:8090', 'sec-fetch-site': 'same-origin' }, []), null)
  t.equal(refusedRequest({ host, 'sec-fetch-site': 'none' }, []), null, 'typed by hand')
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  t.equal(refusedRequest({ host, ...link }, []), null, 'a link in a chat')
  t.type(refusedRequest({ host, origin: 'http://localhost:3000' }, []), 'string')
  t.type(refusedRequest({ host, origin: 'null' }, []), 'string')
  t.type(refusedRequest({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, []), 'string')

  const loki = await startLokiServer({ store: new LokiStore() })
  const { url, close } = await page(accessTo(loki.url))
  t.equal((await get(`${url}/api/status`, { host: 'evil.example' })).status, 403)
  const foreign = { 'content-type': 'application/json', origin: 'http://evil.example' }
  t.equal((await ask(url, { queries: [] }, foreign)).status, 403)
  const tail = new WebSocket(`${url.replace('http', 'ws')}/api/tail?query={job="a"}`, { origin: 'http://evil.example' })
  t.match(
    await new Promise((resolve) =>
      tail.on('error', (error) => {
        resolve(error.message)
      }),
    ),
    '400',
  )
  await close()
  await loki.close()
})

t.test('asks Loki for reads alone, with its own credentials and tenant', async (t) => {
  const seen: IncomingMessage[] = []
  const loki = await serve(null, (incoming, response) => {
    seen.push(incoming)
    response.setHeader('content-type', 'application/json')
    if (incoming.url?.includes('/values')) response.writeHead(400).end('not by stream')
    else if (incoming.url?.includes('/series')) {
      response.end(JSON.stringify({ data: [{ namespace: 'b' }, { namespace: 'a' }, { namespace: 'a' }, {}] }))
    } else if (incoming.url?.includes('/alerts')) response.writeHead(404).end('404 page not found')
    else response.end(JSON.stringify({ data: { resultType: 'matrix', result: [] } }))
  })
  const secrets = ['Bearer hidden']
  const { url, close } = await page(
    accessTo(`${loki.url}/gate/`, { tenant: 'prod', authorization: 'Bearer hidden', secrets }),
  )
  await ask(url, { queries: [question({}), question({ id: 1, kind: 'lines', expr: '{job="a"}' })] })
  const values = await get(`${url}/api/values?label=namespace&stream=%7Bjob%3D%22a%22%7D&start=1&end=2`, {
    cookie: 'session=1',
    authorization: 'Basic mine',
    'x-scope-orgid': 'other',
  })
  t.strictSame(
    JSON.parse(values.text),
    { values: ['a', 'b'] },
    'from series, where values cannot be asked for by stream',
  )
  t.strictSame(JSON.parse((await get(`${url}/api/alerts`)).text), { alerts: [], absent: true })
  t.equal((await get(`${url}/api/values?label=a%2Fb`)).status, 400)
  for (const { method, url: path = '', headers } of seen) {
    t.equal(method, 'GET')
    t.match(
      path,
      /^\/gate\/(?:loki\/api\/v1\/(?:query|query_range|series|label\/\w+\/values)|prometheus\/api\/v1\/alerts)(?:\?|$)/,
    )
    t.match(headers, { authorization: 'Bearer hidden', 'x-scope-orgid': 'prod', 'user-agent': 'eventail/test' })
    t.equal(headers.cookie, undefined)
  }
  t.ok(seen.length >= 5)
  for (const path of ['/loki/api/v1/push', '/loki/api/v1/query?query=x', '/gate/loki/api/v1/labels', '/config']) {
    t.equal((await get(url + path)).status, 404, path)
  }
  await close()
  await loki.close()
})

t.test('takes no more than a page asks', async (t) => {
  const loki = await startLokiServer({ store: new LokiStore() })
  const { url, close } = await page(accessTo(loki.url))
  const bad: readonly Partial<Record<keyof PageQuery, unknown>>[] = [
    { kind: 'push' },
    { expr: 'x'.repeat(200_000) },
    { startMs: START_MS + 1 },
    { startMs: START_MS + 10 * STEP_MS },
    { stepMs: 0 },
    { stepMs: -1000 },
    { startMs: 0 },
    { endMs: 1e300 },
    { limit: 1_000_000 },
    { limit: 0.5 },
    { expr: null },
  ]
  for (const one of bad) {
    t.equal((await ask(url, { queries: [{ ...question({}), ...one }] })).status, 400, JSON.stringify(one).slice(0, 60))
  }
  t.equal((await ask(url, { queries: Array.from({ length: 201 }, () => question({})) })).status, 400)
  t.equal((await ask(url, 'null')).status, 400)
  t.equal((await ask(url, '{')).status, 400)
  t.equal((await ask(url, { queries: [] }, { 'content-type': 'text/plain' })).status, 415, 'no form of another page')
  t.equal((await ask(url, { queries: [], junk: 'x'.repeat(5_000_000) })).status, 400)
  t.strictSame(await ask(url, { queries: [] }), { status: 200, text: '' })
  t.equal(readQueries([]), null)
  await close()
  await loki.close()
})

t.test('tells what Loki says, and the place of a mistake', async (t) => {
  const loki = await startLokiServer({ store: new LokiStore() })
  const { url, close } = await page(accessTo(loki.url))
  const expr = 'sum(count_over_time({job="a"} | reason==Foo [10m]))'
  const result = JSON.parse((await ask(url, { queries: [question({ expr })] })).text) as Extract<
    PageResult,
    { kind: 'error' }
  >
  t.match(result, { kind: 'error', message: /^parse error at line 1, col \d+/ })
  t.equal(expr.slice(result.span?.from, result.span?.to), 'Foo')
  const lines = await ask(url, {
    queries: [question({ kind: 'lines' }), question({ kind: 'range', expr: '{job="a"}' })],
  })
  t.match(lines.text, /gives numbers, not lines/)
  t.match(lines.text, /gives lines, not numbers/)
  await loki.close()
  t.match(
    (await ask(url, { queries: [question({})] })).text,
    /"kind":"error","message":"http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  )
  t.match((await get(`${url}/api/alerts`)).text, 'ECONNREFUSED')
  await close()
  const strange = await serve(null, (_, response) => response.end('<html>'))
  const other = await page(accessTo(strange.url))
  t.match((await ask(other.url, { queries: [question({})] })).text, 'the answer is not JSON')
  await other.close()
  await strange.close()
  // What only a newer Loki refuses has its place from its words.
  t.strictSame(errorSpan('{a="b"}\n| x="é"', 'parse error at line 2, col 3: syntax error'), { from: 10, to: 11 })
  t.equal(errorSpan('{a="b"}', 'too many outstanding requests'), null)
  t.strictSame(errorSpan('{a="b"}', 'parse error at line 0, col 0: syntax error: unexpected $end'), { from: 7, to: 7 })
  t.end()
})

t.test('passes a tail on, and ends it with the page', async (t) => {
  const store = new LokiStore()
  const loki = await startLokiServer({ store })
  const { url, close } = await page(accessTo(loki.url))
  const address = `${url.replace('http', 'ws')}/api/tail`
  const refused = (query: string): Promise<string> =>
    new Promise((resolve) => {
      new WebSocket(`${address}${query}`).on('error', ({ message }) => {
        resolve(message)
      })
    })
  t.match(await refused('?query=sum(count_over_time({job="a"}[1m]))'), '400', 'numbers have no tail')
  const tail = new WebSocket(`${address}?query=${encodeURIComponent('{job="a"} | name="b"')}`)
  await new Promise((resolve) => tail.on('open', resolve))
  const message = new Promise<string>((resolve) =>
    tail.on('message', (data: Buffer) => {
      resolve(data.toString())
    }),
  )
  const nowMs = Date.now()
  // Loki takes the tail on a moment after the page is told that there is one.
  let got: string | null = null
  for (let nth = 0; got === null; nth += 1) {
    pushInto(store, { atMs: nowMs + nth, name: 'b', reason: '<b>', value: 1, lateMs: 0 }, nth)
    got = await Promise.race([message, systemClock.sleep(20).then(() => null)])
  }
  t.match(JSON.parse(got), { lines: [{ labels: { job: 'a', name: 'b', reason: '<b>' }, line: /^n=\d+ value=1$/ }] })
  const ended = new Promise((resolve) => tail.on('close', resolve))
  await loki.close()
  await ended
  const away = new WebSocket(`${address}?query=${encodeURIComponent('{job="a"}')}`)
  const code = await new Promise((resolve) => away.on('close', resolve))
  t.equal(code, 1011, 'Loki is away')
  await close()
})

/** A Loki in this process, and how often it was asked for what. */
const lokiOf = (store: LokiStore, nowMs: () => number): AsksLoki & { readonly asked: URLSearchParams[] } => {
  const asked: URLSearchParams[] = []
  return {
    asked,
    ask: (path, parameters) => {
      const query = new URLSearchParams(parameters)
      asked.push(query)
      const nowNs = BigInt(nowMs()) * 1_000_000n
      const answer = answerQuery(store, { path, query, tenant: TENANT, nowNs, encodingFlags: 'categorize-labels' })
      return Promise.resolve(
        answer.status === 200
          ? { kind: 'json', json: answer.json }
          : { kind: 'refused', status: answer.status, text: answer.text },
      )
    },
  }
}

const QUERIES = [
  'sum(count_over_time({job="a"} [W]))',
  'sum by (reason) (count_over_time({job="a"} [W]))',
  'count(sum by (name, reason) (count_over_time({job="a"} [W])))',
  'sum without (name) (count_over_time({job="a"} | reason != "x" [W]))',
  'max(max_over_time({job="a"} | logfmt value | unwrap value [W]))',
  'max(max_over_time({job="a"} | logfmt value | unwrap value [W]) by (name))',
  'min by (reason) (min_over_time({job="a"} | logfmt value | unwrap value [W]))',
  'sum by (name) (sum_over_time({job="a"} | logfmt value | unwrap value [W]))',
  'sum(bytes_over_time({job="a"} [W]))',
  'last_over_time({job="a"} | logfmt value | unwrap value [W]) by (name)',
  'first_over_time({job="a"} | logfmt value | unwrap value [W]) by (name)',
  'sum by (reason) (rate({job="a"} [W]))',
  'avg_over_time({job="a"} | logfmt value | unwrap value [W]) by (name)',
  'sum(count_over_time({job="a"} [1m]))',
  'sum(count_over_time({job="a"} [W])) / 2',
]

const shown = (series: readonly { labels: unknown; value: number | null }[]): readonly string[] =>
  series.map(({ labels, value }) => `${JSON.stringify(labels)} ${Number(value?.toPrecision(12))}`).sort()

/** What the engine says without any cache. */
const truth = (store: LokiStore, expr: string, endMs: number): readonly string[] => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error(expr)
  const at = { timeNs: BigInt(endMs) * 1_000_000n, by: 'frontend' } as const
  const outcome = evaluateInstant(store.source(TENANT), parsed.query, at)
  if (outcome.kind !== 'vector') throw new Error(outcome.kind)
  return shown(outcome.samples.map(({ metric, value }) => ({ labels: Object.fromEntries(metric.pairs), value })))
}

const answered = (result: PageResult): readonly string[] => {
  if (result.kind !== 'vector') throw new Error(JSON.stringify(result))
  return shown(result.series.map(({ labels, points }) => ({ labels, value: points[0]?.[1] ?? null })))
}

const eventArbitrary = (maxLateMs: number): fc.Arbitrary<Event> =>
  fc.record({
    atMs: fc.integer({ min: START_MS, max: START_MS + 40 * STEP_MS }),
    name: fc.constantFrom('p', 'q', 'r'),
    reason: fc.constantFrom('x', 'y'),
    value: fc.integer({ min: -5, max: 50 }),
    lateMs: fc.integer({ min: 0, max: maxLateMs }),
  })

const stop = new AbortController().signal
const WINDOW = 10

t.test('what is remembered answers as the engine does that looks at everything, at every moment', async (t) => {
  const property = fc.asyncProperty(
    fc.array(eventArbitrary(0), { maxLength: 60 }),
    fc.array(fc.record({ waitMs: fc.integer({ min: 1, max: 4 * STEP_MS }), query: fc.nat(QUERIES.length - 1) }), {
      minLength: 4,
      maxLength: 14,
    }),
    async (events, visits) => {
      const clock = handClock(START_MS)
      const store = new LokiStore({ clock })
      const answerer = new QueryAnswerer(
        lokiOf(store, () => clock.now()),
        clock,
      )
      const waiting = events.toSorted((a, b) => a.atMs - b.atMs)
      let nth = 0
      for (const { waitMs, query } of visits) {
        await clock.advance(waitMs)
        while (nth < waiting.length && (waiting[nth]?.atMs ?? 0) <= clock.now()) pushInto(store, waiting[nth]!, nth++)
        const endMs = Math.ceil(clock.now() / STEP_MS) * STEP_MS
        const times = { startMs: endMs - WINDOW * STEP_MS, endMs, stepMs: STEP_MS }
        const expr = (QUERIES[query] ?? '').replace('[W]', `[${WINDOW}m]`)
        const result = await answerer.answer(question({ expr, ...times }), stop)
        t.strictSame(answered(result), truth(store, expr, endMs), expr)
      }
    },
  )
  await fc.assert(property, { numRuns: 150 })
})

t.test('an entry that comes late is seen after its lateness once more', async (t) => {
  const property = fc.asyncProperty(
    fc.array(eventArbitrary(3 * STEP_MS), { maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 2 * STEP_MS }), { minLength: 3, maxLength: 10 }),
    async (events, waits) => {
      const clock = handClock(START_MS)
      const store = new LokiStore({ clock })
      const answerer = new QueryAnswerer(
        lokiOf(store, () => clock.now()),
        clock,
      )
      const arrival = ({ atMs, lateMs }: Event): number => atMs + lateMs
      const waiting = events.toSorted((a, b) => arrival(a) - arrival(b))
      const expr = `sum by (name) (count_over_time({job="a"} [${WINDOW}m]))`
      const visit = async (): Promise<readonly [readonly string[], readonly string[]]> => {
        const endMs = Math.ceil(clock.now() / STEP_MS) * STEP_MS
        const times = { startMs: endMs - WINDOW * STEP_MS, endMs, stepMs: STEP_MS }
        const result = await answerer.answer(question({ expr, ...times }), stop)
        return [answered(result), truth(store, expr, endMs)]
      }
      let nth = 0
      for (const waitMs of waits) {
        await clock.advance(waitMs)
        while (nth < waiting.length && arrival(waiting[nth]!) <= clock.now()) pushInto(store, waiting[nth]!, nth++)
        await visit()
      }
      await clock.advance(3 * STEP_MS)
      const [cached, real] = await visit()
      t.strictSame(cached, real)
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

t.test('a refresh asks for the end of the range alone, and asking anew asks for all of it', async (t) => {
  const clock = handClock(START_MS + 10 * STEP_MS)
  const store = new LokiStore({ clock })
  for (let nth = 0; nth < 10; nth += 1) {
    pushInto(store, { atMs: START_MS + nth * STEP_MS, name: 'p', reason: 'x', value: 1, lateMs: 0 }, nth)
  }
  const loki = lokiOf(store, () => clock.now())
  const answerer = new QueryAnswerer(loki, clock)
  const asked = async (more: Partial<PageQuery> = {}): Promise<number> => {
    const before = loki.asked.length
    await answerer.answer(question({ kind: 'range', expr: 'sum(count_over_time({job="a"}[1m]))', ...more }), stop)
    const [query] = loki.asked.slice(before)
    if (query === undefined) return 0
    return Number(BigInt(query.get('end') ?? '0') - BigInt(query.get('start') ?? '0')) / 1e6 / STEP_MS + 1
  }
  t.equal(await asked(), 10, 'steps')
  await clock.advance(STEP_MS / 2)
  const moved = { startMs: START_MS + STEP_MS, endMs: START_MS + 11 * STEP_MS }
  t.equal(await asked(moved), 2, 'the step that was not over, and the new one')
  answerer.forget()
  t.equal(await asked(moved), 10)
  const [one, two] = await Promise.all([asked({ stepMs: 2 * STEP_MS }), asked({ stepMs: 2 * STEP_MS })])
  t.strictSame([one, two].map(Math.sign), [1, 0], 'two panels that ask the same at once ask once')
})

t.test('what Loki refuses in pieces is asked as it is', async (t) => {
  const endMs = START_MS + 120 * STEP_MS
  const clock = handClock(endMs)
  const store = new LokiStore({ clock })
  for (let nth = 0; nth < 600; nth += 1) {
    pushInto(
      store,
      { atMs: START_MS + 60 * STEP_MS + nth * 900, name: `p${nth}`, reason: 'x', value: 1, lateMs: 0 },
      nth,
    )
  }
  const loki = lokiOf(store, () => clock.now())
  const answerer = new QueryAnswerer(loki, clock)
  // More series than Loki gives (max_query_series) in the pieces, of which the whole has one.
  const expr = 'count(sum by (name) (count_over_time({job="a"} [2h])))'
  const asked = async (): Promise<number> => {
    const before = loki.asked.length
    t.strictSame(answered(await answerer.answer(question({ expr, endMs }), stop)), ['{} 600'])
    return loki.asked.length - before
  }
  t.equal(await asked(), 2)
  t.equal(await asked(), 1, 'it is remembered that pieces are too many')
  await clock.advance(11 * STEP_MS)
  t.equal(await asked(), 2, 'for a while')
})
