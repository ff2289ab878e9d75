import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { LokiLimits } from '../../src/demo/loki-limits.ts'
import { startLokiServer, type LokiServer, type LokiServerOptions } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { push as proto } from '../../src/loki/push.generated.js'
import { compress } from '../../src/loki/snappy.ts'
import { handClock, type HandClock } from '../fixtures/clock.ts'

type Metadata = Record<string, string>
type Streams = {
  stream: Record<string, string>
  values: ([string, string] | [string, string, Metadata | { structuredMetadata: Metadata }])[]
}[]
type PushCase = {
  readonly id: string
  readonly request: { streams?: Streams; raw?: string; note?: string } | null
  readonly status: number | null
  readonly body: string | null
  readonly readBack: Streams | null
  readonly before?: { streams: Streams }
  readonly answers?: [number, string][]
}
type QueryCase = {
  readonly id: string
  readonly dataset: string
  readonly endpoint: 'log' | 'labels' | 'label_values' | 'series'
  readonly label?: string
  readonly match?: string[]
  readonly expected: { httpStatus: number; error?: string; result: unknown[] }
  readonly tiesMaySwap?: boolean
} & Record<string, unknown>

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

const start = async (
  test: Test,
  options: Omit<LokiServerOptions, 'store'> & { store?: LokiStore },
): Promise<LokiServer> => {
  const server = await startLokiServer({ store: new LokiStore(), ...options })
  test.teardown(() => server.close())
  return server
}

const pushJson = async (
  server: LokiServer,
  body: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> => {
  const answer = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return [answer.status, (await answer.text()).trimEnd()]
}

const bySortedLabels = (a: { stream: Metadata }, b: { stream: Metadata }): number => {
  const key = ({ stream }: { stream: Metadata }): string => JSON.stringify(Object.entries(stream).sort())
  return key(a) < key(b) ? -1 : 1
}

const readBack = async (server: LokiServer, selector: string, tenant: string): Promise<Streams> => {
  const query = new URLSearchParams({ query: selector, since: '200h', end: '1795480000', direction: 'forward' })
  query.set('limit', '5000')
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${query.toString()}`, {
    headers: { 'x-scope-orgid': tenant },
  })
  const { data } = (await answer.json()) as { data: { result: Streams } }
  return data.result.sort(bySortedLabels)
}

/** `xyz...(300000 characters)` stands for a text whose last character goes on to that length. */
const unfold = (text: string): string =>
  text.replace(/^(.*)\.\.\.\((\d+) characters\)$/s, (_, head: string, length: string) =>
    head.padEnd(Number(length), head.at(-1)),
  )

const unfoldAll = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, text: unknown) => (typeof text === 'string' ? unfold(text) : text))

/** How the recording was configured where it was not the default. */
const LIMITS: Readonly<Record<string, Partial<LokiLimits>>> = {
  truncate: { maxLineBytes: 100, truncateIdentifier: '' },
  'truncate-identifier': { maxLineBytes: 100, truncateIdentifier: '[cut]' },
  rate: { rateBytes: 1048.576, burstBytes: 2097 },
  sr: { streamRateBytes: 1024, streamBurstBytes: 2048 },
  slimit: { maxStreams: 5 },
}

/** Cases that share a tenant build on each other. */
const tenantOf = ({ id }: PushCase): string => {
  if (/^too-far-behind-(stream|both)/.test(id)) return 'ord'
  if (id.startsWith('too-')) return 'tfb'
  if (id.startsWith('stream-rate')) return 'sr'
  if (id === 'stream-count-limit') return 'slimit'
  if (['four-items', 'label-number', 'label-empty-value'].includes(id)) return 'odd'
  if (id.startsWith('rate-')) return 'rate'
  if (/^dup-(before|after)-flush/.test(id)) return 'dup'
  return id.replace(/[^a-z0-9-]/g, (character) => `.${character.codePointAt(0) ?? 0}`)
}

const one = (stream: Record<string, string>, ns: string, line: string): Streams => [{ stream, values: [[ns, line]] }]

/** What was pushed before a case and is told in its title only. */
const SETUP: Readonly<Record<string, Streams>> = {
  'dup-before-flush-not-adjacent': one({ job: 'dup' }, '1795472976000000000', 'other line'),
  'too-far-behind-stream-first': one({ job: 'o' }, '1795473377000000000', 'newest'),
}

/** 130 items of structured metadata, which the recording abbreviates. */
const MANY: Streams = [
  {
    stream: { job: 'p10' },
    values: [
      ['1795473096000000001', 'good 1'],
      ['1795473096000000007', 'many', Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`k${i}`, 'v']))],
      ['1795473096000000002', 'good 2'],
    ],
  },
]

/** JSON spaced as the recorded requests were: Loki quotes a part of the body in some answers. */
const spaced = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${spaced(field)}`)
  return `{${fields.join(', ')}}`
}

const bodyOf = ({ request }: PushCase): string => {
  if (request?.raw !== undefined) return request.raw
  if (request?.note !== undefined) return spaced({ streams: MANY })
  return spaced(unfoldAll(request))
}

const NOT_REPLAYED = /^quirk-(unicode|scalar|last)|^dup-after-flush-later|^dup-flush-/

t.test('answers pushes as the real Loki did, and keeps what it kept', async (t) => {
  const clocks = new Map<string, HandClock>()
  const servers = new Map<string, LokiServer>()
  const serverOf = async (tenant: string): Promise<{ server: LokiServer; clock: HandClock }> => {
    const clock = clocks.get(tenant) ?? handClock(Date.parse('2026-11-23T22:34:55Z'))
    clocks.set(tenant, clock)
    const store = (): LokiStore => new LokiStore({ clock, limits: LIMITS[tenant] ?? {} })
    const server = servers.get(tenant) ?? (await start(t, { store: store(), clock, auth: true }))
    servers.set(tenant, server)
    return { server, clock }
  }
  for (const recorded of (fixture('push-errors.json') as PushCase[]).filter(({ id }) => !NOT_REPLAYED.test(id))) {
    const { id, status, body, answers, before } = recorded
    const tenant = tenantOf(recorded)
    const { server, clock } = await serverOf(tenant)
    const headers = { 'x-scope-orgid': tenant }
    const oldest = Date.parse(/oldest acceptable timestamp is: (2026-11-16[^;]*?Z)/.exec(body ?? '')?.[1] ?? '')
    if (!Number.isNaN(oldest)) await clock.advance(oldest + 7 * 86_400_000 - clock.now())
    for (const streams of [SETUP[id], before?.streams]) {
      if (streams !== undefined) await pushJson(server, spaced({ streams }), headers)
    }
    const text = bodyOf(recorded)
    if (answers !== undefined) {
      const got: [number, string][] = []
      for (let i = 0; i < answers.length; i += 1) {
        got.push(await pushJson(server, text.replace('1795473487000000205', `179547348700000020${i}`), headers))
      }
      t.strictSame(got, answers, `${id}: answers`)
      continue
    }
    const odd: Record<string, string> = id === 'content-type-text' ? { 'content-type': 'text/plain' } : {}
    if (id === 'no-tenant') odd['x-scope-orgid'] = ''
    t.strictSame(await pushJson(server, text, { ...headers, ...odd }), [status, body], `${id}: status and body`)

    if (recorded.readBack === null) continue
    const jobs = tenant === 'rate' || tenant === 'sr' ? (recorded.readBack[0]?.stream['job'] ?? 'none') : '.+'
    const got = await readBack(server, `{job=~"${jobs}"}`, tenant)
    const expected = recorded.readBack.filter(({ stream }) => jobs === '.+' || stream['job'] === jobs)
    if (expected.some((stream) => 'stored' in stream)) {
      const counts = expected.map((stream) => ('stored' in stream ? stream.stored : 0))
      t.strictSame(
        got.map(({ values }) => values.length),
        counts,
        `${id}: read back`,
      )
    } else {
      t.strictSame(got, unfoldAll(expected.sort(bySortedLabels)), `${id}: read back`)
    }
  }
})

t.test('answers queries as the real Loki did', async (t) => {
  const { datasets, cases } = fixture('recorded/loki-queries.json') as {
    datasets: Record<string, { streams: Streams }>
    cases: QueryCase[]
  }
  const clock = handClock(Date.parse('2026-11-20T12:30:00Z'))
  const store = new LokiStore({ clock, limits: { maxAgeMs: 30 * 86_400_000 } })
  const server = await start(t, { store, clock, auth: true })
  for (const [tenant, data] of Object.entries(datasets)) {
    for (const stream of data.streams) {
      t.strictSame(await pushJson(server, JSON.stringify({ streams: [stream] }), { 'x-scope-orgid': tenant }), [
        204,
        '',
      ])
    }
  }

  const path = ({ endpoint, label }: QueryCase): string =>
    ({ log: 'query_range', labels: 'labels', label_values: `label/${label ?? ''}/values`, series: 'series' })[endpoint]
  const asked = (recorded: QueryCase): string => {
    const query = new URLSearchParams()
    for (const name of ['query', 'start', 'end', 'limit', 'direction', 'interval']) {
      const value = recorded[name]
      if (typeof value === 'string' || typeof value === 'number') query.set(name, `${value}`)
    }
    for (const match of recorded.match ?? []) query.append('match[]', match)
    return `${server.url}/loki/api/v1/${path(recorded)}?${query.toString()}`
  }
  const sorted = (result: unknown[]): unknown[] =>
    result.toSorted((a, b) =>
      JSON.stringify(Object.entries(a as object).sort()) < JSON.stringify(Object.entries(b as object).sort()) ? -1 : 1,
    )
  for (const recorded of cases) {
    const headers: Record<string, string> = { 'x-scope-orgid': recorded.dataset }
    if (typeof recorded['encodingFlags'] === 'string') {
      headers['x-loki-response-encoding-flags'] = recorded['encodingFlags']
    }
    const answer = await fetch(asked(recorded), { headers })
    t.equal(answer.status, recorded.expected.httpStatus, `${recorded.id}: status`)
    if (recorded.expected.error !== undefined) {
      t.equal((await answer.text()).trimEnd(), recorded.expected.error, `${recorded.id}: error`)
      continue
    }
    const { data = [] } = (await answer.json()) as { data?: unknown[] | { result: Streams } }
    if (Array.isArray(data)) t.strictSame(sorted(data), sorted(recorded.expected.result), `${recorded.id}: data`)
    else
      t.strictSame(
        data.result.sort(bySortedLabels),
        (recorded.expected.result as Streams).sort(bySortedLabels),
        `${recorded.id}: result`,
      )
  }
})

t.test('takes protobuf and compressed JSON, absorbs repeats, and forgets the oldest above its bound', async (t) => {
  const clock = handClock()
  const store = new LokiStore({ clock, maxBytes: 3000 })
  const server = await start(t, { store, clock, maxBodyBytes: 10_000 })
  const push = async (body: Uint8Array | string, headers: Record<string, string>): Promise<[number, string]> => {
    const answer = await fetch(`${server.url}/loki/api/v1/push`, { method: 'POST', body: Buffer.from(body), headers })
    return [answer.status, (await answer.text()).trimEnd()]
  }
  const seconds = clock.now() / 1000
  const message = proto.PushRequest.encode({
    streams: [
      {
        labels: '{job="a", kind="Pod"}',
        entries: [
          { timestamp: { seconds, nanos: 5 }, line: 'one', structuredMetadata: [{ name: 'reason', value: 'Killing' }] },
          { timestamp: { seconds, nanos: 5 }, line: 'one', structuredMetadata: [{ name: 'reason', value: 'BackOff' }] },
        ],
      },
    ],
  }).finish()
  const protobuf = { 'content-type': 'application/x-protobuf' }
  t.strictSame(await push(compress(message), protobuf), [204, ''])
  t.strictSame(await push(compress(message), { ...protobuf, 'content-encoding': 'snappy' }), [204, ''])
  t.strictSame(await push(gzipSync(compress(message)), { ...protobuf, 'content-encoding': 'gzip' }), [204, ''])
  const json = JSON.stringify({ streams: [{ stream: { job: 'b' }, values: [[`${seconds}000000000`, 'two']] }] })
  t.strictSame(
    await push(gzipSync(json), { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'gzip' }),
    [204, ''],
  )
  t.strictSame(store.counts, { received: 7, stored: 3, storedApart: 0, duplicates: 4, refused: 0, forgotten: 0 })

  t.strictSame(await push(message, { ...protobuf, 'content-encoding': 'br' }), [
    400,
    'Content-Encoding "br" not supported',
  ])
  t.strictSame(await push('no gzip', { ...protobuf, 'content-encoding': 'gzip' }), [400, 'gzip: invalid header'])
  t.strictSame(await push(compress(Buffer.from([0xff, 0xff])), protobuf), [400, 'proto: illegal wireType'])
  t.strictSame(await push(json, {}), [400, 'mime: no media type'])
  t.match(await push('x'.repeat(20_000), protobuf), [413, /^request body too large/])
  const noTime = proto.PushRequest.encode({ streams: [{ labels: '{job="a"}', entries: [{ line: 'x' }] }] }).finish()
  t.match(await push(compress(noTime), protobuf), [400, /timestamp too old: 0001-01-01T00:00:00Z/])

  const line = 'z'.repeat(500)
  for (let i = 0; i < 20; i += 1) {
    const streams = [{ stream: { job: 'c' }, values: [[`${seconds}00000000${i % 10}`, `${line}${i}`]] }]
    await push(JSON.stringify({ streams }), { 'content-type': 'application/json' })
  }
  t.match(store.counts, { stored: 23, forgotten: 18 }, 'counted although forgotten')
  const left = (await readBack(server, '{job=~".+"}', 'fake')).flatMap(({ values }) =>
    values.map(([, text]) => text.slice(500)),
  )
  t.strictSame(left, ['15', '16', '17', '18', '19'])
})

t.test('is what Grafana and curl expect of a Loki', async (t) => {
  const clock = handClock(Date.parse('2026-11-23T22:00:00.500Z'))
  const store = new LokiStore({ clock })
  const server = await start(t, {
    store,
    clock,
    auth: true,
    intercept: (request, callNumber) => {
      if (callNumber === 1) return { kind: 'answer', status: 503, text: 'not yet', headers: { 'Retry-After': '3' } }
      return callNumber === 2 ? { kind: 'serve', serve: () => request.socket.destroy() } : null
    },
  })
  const values = [[`${clock.now()}000000`, 'level=warn msg="Back-off"', { reason: 'BackOff' }]]
  const body = JSON.stringify({ streams: [{ stream: { job: 'k', kind: 'Pod' }, values }] })
  const headers = { 'x-scope-orgid': 'one' }
  t.strictSame(await pushJson(server, body, headers), [503, 'not yet'])
  await t.rejects(pushJson(server, body, headers))
  t.strictSame(await pushJson(server, body, headers), [204, ''])
  await clock.advance(1000)
  t.strictSame(await pushJson(server, body), [401, 'no org id'])
  t.strictSame(await pushJson(server, body, { 'x-scope-orgid': 'a|b' }), [400, 'multiple org IDs present'])
  t.match(await pushJson(server, body, { 'x-scope-orgid': 'a/b' }), [400, /unsupported character '\/'/])
  t.match(await pushJson(server, body, { 'x-scope-orgid': 'a'.repeat(151) }), [400, /too long/])

  const get = async (path: string, init: RequestInit = {}): Promise<[number, unknown]> => {
    const answer = await fetch(`${server.url}${path}`, { headers, ...init })
    const text = await answer.text()
    return [
      answer.status,
      answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text.trim(),
    ]
  }
  const ask = (query: string): Promise<[number, unknown]> =>
    get(`/loki/api/v1/query_range?${new URLSearchParams({ query }).toString()}`)
  t.strictSame(await get('/ready'), [200, 'ready'])
  t.match(await get('/loki/api/v1/status/buildinfo'), [200, { version: /^3\./ }])
  t.match(await get('/loki/api/v1/query?query=vector(1)%2Bvector(1)'), [
    200,
    { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1795471201.5, '2'] }] } },
  ])
  const form = new URLSearchParams({ query: '{job="k"} |= "Back-off"', limit: '1' })
  t.match(await get('/loki/api/v1/query_range', { method: 'POST', body: form, headers }), [
    200,
    { data: { resultType: 'streams', result: [{ stream: { job: 'k', kind: 'Pod', reason: 'BackOff' } }] } },
  ])
  t.match(await get('/loki/api/v1/index/stats?query=%7Bjob%3D%22k%22%7D'), [200, { streams: 1, entries: 1, bytes: 25 }])
  t.strictSame(await get('/loki/api/v1/labels', { headers: { 'x-scope-orgid': 'two' } }), [200, { status: 'success' }])
  t.strictSame(await get('/loki/api/v1/nothing'), [404, '404 page not found'])
  t.strictSame((await get('/loki/api/v1/query_range?query=%7Bjob%3D%22k%22%7D&since=nope'))[0], 400)
  t.match(
    await get(
      '/loki/api/v1/query_range?query=%7Bjob%3D%22k%22%7D&start=2026-11-23T22:00:00.5Z&end=2026-11-24T00:00:00%2B01:00',
    ),
    [200, { data: { result: [{ values: [['1795471200500000000', /Back-off/]] }] } }],
  )
  t.match(await get('/loki/api/v1/query_range?query=%7Bjob%3D%22k%22%7D&start=1795471200.6&end=1795471201'), [
    200,
    { data: { result: [] } },
  ])

  for (const [query, type] of [
    ['count_over_time({job="k"}[5m])', 'matrix'],
    ['sum by (kind) (rate({job="k"}[5m]))', 'matrix'],
    ['{job="k"} | logfmt | level="warn" | reason="BackOff"', 'streams'],
  ] as const) {
    t.match(await ask(query), [200, { data: { resultType: type, result: [{}] } }], query)
  }
  for (const [query, why] of [
    ['{job="k"} | nosuch', /unexpected \$end/],
    ['sum(1)', /queries require at least one/],
    ['holt_winters({job="k"}[5m])', /unexpected IDENTIFIER/],
  ] as const) {
    t.match(await ask(query), [400, why], query)
  }
})

t.test('tails what comes, and tells Grafana what there is', async (t) => {
  const clock = handClock(Date.parse('2026-11-23T22:00:00Z'))
  const store = new LokiStore({ clock })
  const server = await start(t, { store, clock })
  const push = (line: string, job = 'k'): Promise<[number, string]> => {
    const values = [[`${clock.now()}000000`, line, { reason: 'BackOff' }]]
    return pushJson(server, JSON.stringify({ streams: [{ stream: { job, kind: 'Pod' }, values }] }))
  }
  await push('level=warn msg=before count=3')
  const query = new URLSearchParams({ query: '{job="k"} |= "level=warn" | logfmt', delay_for: '0' })
  const address = `${server.url.replace('http', 'ws')}/loki/api/v1/tail?${query.toString()}`
  const socket = new WebSocket(address, { headers: { 'x-loki-response-encoding-flags': 'categorize-labels' } })
  const messages: unknown[] = []
  const heard = (count: number): Promise<void> =>
    new Promise((resolve) => {
      socket.on('message', () => {
        if (messages.length >= count) resolve()
      })
    })
  socket.on('message', (text: Buffer) => messages.push(JSON.parse(text.toString('utf8'))))
  await heard(1)
  await clock.advance(1000)
  await push('level=warn msg=other', 'not-tailed')
  await push('level=info msg=filtered')
  const next = heard(2)
  await push('level=warn msg=after')
  await next
  const told = (time: number, msg: string, more: Metadata = {}): unknown => {
    const line = `level=warn msg=${msg}${more['count'] === undefined ? '' : ` count=${more['count']}`}`
    const labels = { structuredMetadata: { reason: 'BackOff' }, parsed: { level: 'warn', msg, ...more } }
    return { streams: [{ stream: { job: 'k', kind: 'Pod' }, values: [[`${time}000000`, line, labels]] }] }
  }
  t.strictSame(messages, [told(clock.now() - 1000, 'before', { count: '3' }), told(clock.now(), 'after')])

  const refused = new WebSocket(address.replace('logfmt', 'nosuch'))
  const status = await new Promise((resolve) => {
    refused.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode)
    })
    refused.on('error', resolve)
  })
  t.equal(status, 400, 'a bad query is no tail')

  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}/loki/api/v1/${path}query=${encodeURIComponent('{job="k"}')}`)).json()
  t.strictSame(await get('detected_labels?'), {
    detectedLabels: [
      { label: 'job', cardinality: 1 },
      { label: 'kind', cardinality: 1 },
    ],
  })
  t.match(await get('detected_fields?end=1795474900&'), {
    fields: [
      { label: 'reason', type: 'string', cardinality: 1, parsers: null },
      { label: 'level', type: 'string', cardinality: 2, parsers: ['logfmt'] },
      { label: 'msg', cardinality: 3 },
      { label: 'count', type: 'int', cardinality: 1 },
    ],
  })
  t.strictSame(await get('detected_field/level/values?end=1795474900&'), { values: ['info', 'warn'], limit: 1000 })
  t.match(await get('index/volume?end=1795474900&'), {
    data: { resultType: 'vector', result: [{ metric: { job: 'k' }, value: [1795474900, '111'] }] },
  })
  t.match(await get('index/volume?end=1795474900&aggregateBy=labels&targetLabels=kind&'), {
    data: { result: [{ metric: { kind: '' } }] },
  })
  t.match(await get('index/volume_range?end=1795474900&step=10m&'), {
    data: { resultType: 'matrix', result: [{ metric: { job: 'k' }, values: [[1795471200, '111']] }] },
  })
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await server.close()
  await closed
})
