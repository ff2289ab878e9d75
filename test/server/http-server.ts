import { connect } from 'node:net'
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { TLSSocket } from 'node:tls'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import t, { type Test } from 'tap'
import type { ServerOptions, ServerTlsOptions } from '../../src/config/config.ts'
import { silentLog, type Log } from '../../src/log.ts'
import { wantsJson } from '../../src/server/accept.ts'
import type { AgentStatus } from '../../src/server/agent-status.ts'
import { createHttpServer, type HttpServer } from '../../src/server/http-server.ts'
import { openMetricsWanted } from '../../src/server/open-metrics.ts'
import { PAGES } from '../../src/server/pages.ts'
import { handClock } from '../fixtures/clock.ts'
import { createAuthority } from '../fixtures/pki.ts'

const OPTIONS: ServerOptions = {
  disable: false,
  httpListenAddress: '127.0.0.1',
  httpListenPort: 0,
  httpPathPrefix: '',
  logLevel: 'info',
  logFormat: 'logfmt',
  healthCheckTarget: true,
  gracefulShutdownTimeoutMs: 30_000,
  tls: null,
  enableRuntimeReload: false,
  registerInstrumentation: true,
  connectionLimit: 100,
  readTimeoutMs: 30_000,
  readHeaderTimeoutMs: 10_000,
  stalledTimeoutMs: 120_000,
  idleTimeoutMs: 75_000,
}

const HOSTILE = `<script>alert("1 & 2")</script>'`

const STATUS: AgentStatus = {
  ready: true,
  reasons: [],
  configYaml: 'clients:\n  - url: http://loki/push\n',
  targets: [
    {
      job: 'events',
      scope: '*',
      state: 'stream',
      watched: '4711',
      owedIntervals: 2,
      lastActivityMs: 1_700_000_000_000,
      lastError: '',
    },
    {
      job: 'team',
      scope: 'shop',
      state: 'denied',
      watched: '',
      owedIntervals: 0,
      lastActivityMs: null,
      lastError: HOSTILE,
    },
  ],
  clients: [{ name: 'a1b2c3', queued: 17, ready: false, why: 'tenant refused' }],
}

const started = async (
  t: Test,
  {
    options = {},
    status = STATUS,
    metrics = () => Promise.resolve('# nothing\n'),
    log = silentLog,
  }: {
    readonly options?: Partial<ServerOptions>
    readonly status?: AgentStatus
    readonly metrics?: () => Promise<string>
    readonly log?: Log
  } = {},
): Promise<{ readonly server: HttpServer; readonly port: number }> => {
  const server = createHttpServer({ options: { ...OPTIONS, ...options }, metrics, log, status: () => status })
  const outcome = await server.listen()
  if (outcome.kind === 'failed') throw new Error(outcome.why)
  t.teardown(() => server.close())
  return { server, port: outcome.port }
}

type Answer = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }

const ask = async (
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  let body = ''
  for await (const piece of response) body += String(piece)
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

const JSON_WANTED = { headers: { accept: 'application/json' } }

t.test('/metrics is the text of the registry, in its content type', async (t) => {
  const registry = new Registry()
  new Counter({ name: 'eventail_test_total', help: 'A test.', registers: [registry] }).inc(3)
  const { port } = await started(t, { metrics: () => registry.metrics() })
  const answer = await ask(port, '/metrics')
  t.equal(answer.status, 200)
  t.equal(answer.headers['content-type'], registry.contentType)
  t.match(answer.body, /^eventail_test_total 3$/m)
  const off = await started(t, { options: { registerInstrumentation: false } })
  t.equal((await ask(off.port, '/metrics')).status, 404)
})

t.test('/metrics is OpenMetrics for who prefers it, and the text is what it was afterwards', async (t) => {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'eventail_test_total', help: 'A "test" of \\.', labelNames: ['a'], registers }).inc(
    { a: '"\n' },
    3,
  )
  new Counter({ name: 'bare', help: 'b', registers }).inc()
  new Gauge({ name: 'eventail_info', help: 'g', registers }).set(1.5)
  new Histogram({ name: 'eventail_seconds', help: 'h', buckets: [0.5, 1, 10], registers }).observe(0.7)
  const { port } = await started(t, { metrics: () => registry.metrics() })
  const before = await ask(port, '/metrics')
  const prometheus =
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
  const answer = await ask(port, '/metrics', { headers: { accept: prometheus } })
  t.equal(answer.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.equal(
    answer.body,
    `# HELP eventail_test A \\"test\\" of \\\\.
# TYPE eventail_test counter
eventail_test_total{a="\\"\\n"} 3
# HELP bare b
# TYPE bare counter
bare_total 1
# HELP eventail_info g
# TYPE eventail_info gauge
eventail_info 1.5
# HELP eventail_seconds h
# TYPE eventail_seconds histogram
eventail_seconds_bucket{le="0.5"} 0
eventail_seconds_bucket{le="1.0"} 1
eventail_seconds_bucket{le="10.0"} 1
eventail_seconds_bucket{le="+Inf"} 1
eventail_seconds_sum 0.7
eventail_seconds_count 1
# EOF
`,
  )
  t.equal((await ask(port, '/metrics')).body, before.body)
  t.end()
})

t.test('what a scraper prefers is found as client_golang finds it', (t) => {
  const om = 'application/openmetrics-text'
  const cases: readonly (readonly [accept: string | undefined, wanted: string | null])[] = [
    [undefined, null],
    ['*/*', null],
    ['text/html', null],
    [om, '0.0.1'],
    [`${om}; version=0.0.1`, '0.0.1'],
    [`${om};version=1.0.0`, '1.0.0'],
    [`${om};version=2.0.0`, null],
    [`${om};version=2.0.0,${om};version=1.0.0;q=0.1`, '1.0.0'],
    [`text/plain,${om};version=1.0.0`, null],
    [`text/plain;q=0.4,${om};version=1.0.0;q=0.5`, '1.0.0'],
    [`text/plain;version=1.0.0,${om};version=1.0.0;q=0.1`, '1.0.0'],
    [`${om};version=1.0.0;q=0`, null],
  ]
  for (const [accept, wanted] of cases) t.equal(openMetricsWanted(accept), wanted, accept ?? 'nothing')
  t.end()
})

t.test('/ready is 200 Ready, or 500 with one reason on each line', async (t) => {
  const ready = await started(t)
  for (const path of ['/ready', '/-/ready']) {
    t.match(await ask(ready.port, path), { status: 200, body: 'Ready' }, path)
  }
  const reasons = ['events/*: connect', 'client a1b2c3: tenant\nrefused']
  const unready = await started(t, { status: { ...STATUS, ready: false, reasons } })
  t.match(await ask(unready.port, '/ready'), {
    status: 500,
    body: 'Not ready: events/*: connect\nclient a1b2c3: tenant refused\n',
  })
  const unchecked = await started(t, {
    status: { ...STATUS, ready: false, reasons },
    options: { healthCheckTarget: false },
  })
  t.match(await ask(unchecked.port, '/ready'), { status: 200, body: 'Ready' }, 'health_check_target: false')
})

t.test('/healthz says OK whatever the agent thinks', async (t) => {
  const { port } = await started(t, { status: { ...STATUS, ready: false, reasons: ['no Loki'] } })
  for (const path of ['/healthz', '/-/healthy']) t.match(await ask(port, path), { status: 200, body: 'OK' }, path)
})

t.test('/targets shows every scope and client as HTML, with hostile text escaped', async (t) => {
  const { port } = await started(t, { status: { ...STATUS, ready: false, reasons: [HOSTILE] } })
  const { status, headers, body } = await ask(port, '/targets')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  for (const text of [
    'events',
    'all namespaces',
    'stream',
    '4711',
    '2023-11-14T22:13:20.000Z',
    'never',
    'denied',
    '17',
  ]) {
    t.ok(body.includes(`<td>${text}</td>`), text)
  }
  t.notMatch(body, '<script')
  t.match(body, '&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;&#39;')
})

t.test('the pages are JSON for who prefers it', async (t) => {
  const { port } = await started(t)
  const json = async (path: string): Promise<unknown> => JSON.parse((await ask(port, path, JSON_WANTED)).body)
  const { ready, reasons, targets, clients } = STATUS
  t.strictSame(await json('/targets'), { ready, reasons, targets, clients })
  t.strictSame(await json('/service-discovery'), [
    { job: 'events', scopes: ['*'] },
    { job: 'team', scopes: ['shop'] },
  ])
  t.strictSame(await json('/config'), { yaml: STATUS.configYaml })
  t.match((await ask(port, '/targets', JSON_WANTED)).headers['content-type'], 'application/json')
  t.match((await ask(port, '/service-discovery')).body, '<td>shop</td>')
  t.match((await ask(port, '/config')).body, '<pre>clients:\n  - url: http://loki/push\n</pre>')
})

t.test('Accept is weighed as RFC 9110 says', (t) => {
  const cases: readonly (readonly [accept: string | undefined, json: boolean])[] = [
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['text/html,application/xhtml+xml,*/*;q=0.8', false],
    ['application/json', true],
    ['application/json, */*;q=0.5', true],
    ['Application/JSON; charset=utf-8', true],
    ['text/html;q=0.5, application/json;q=0.9', true],
    ['text/html, application/json', false],
    ['application/*', true],
    ['application/json;q=0', false],
    ['application/json;q=nonsense', false],
  ]
  for (const [accept, json] of cases) t.equal(wantsJson(accept), json, String(accept))
  t.end()
})

t.test('/ leads to /targets, below the prefix', async (t) => {
  const plain = await started(t)
  t.match(await ask(plain.port, '/'), { status: 303, headers: { location: '/targets' } })
  const { port } = await started(t, { options: { httpPathPrefix: '/tail' } })
  for (const path of ['/tail', '/tail/']) {
    t.match(await ask(port, path), { status: 303, headers: { location: '/tail/targets' } }, path)
  }
  t.match(await ask(port, '/tail/ready?verbose=1'), { status: 200, body: 'Ready' })
  t.match((await ask(port, '/tail/targets')).body, 'href="/tail/config"')
  for (const path of ['/ready', '/tailor/ready', '/']) t.equal((await ask(port, path)).status, 404, path)
})

t.test('HEAD gives the headers of GET and no body', async (t) => {
  const { port } = await started(t)
  for (const path of PAGES.keys()) {
    const [head, get] = [await ask(port, path, { method: 'HEAD' }), await ask(port, path)]
    t.equal(head.body, '', path)
    t.equal(head.status, get.status)
    t.equal(head.headers['content-length'], get.headers['content-length'])
  }
})

t.test('other methods and other paths are refused', async (t) => {
  const { port } = await started(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    t.match(await ask(port, '/targets', { method }), { status: 405, headers: { allow: 'GET, HEAD' } }, method)
  }
  for (const path of ['/nothing', '/__proto__', '/constructor', '/../targets', '/metrics/', '*']) {
    t.equal((await ask(port, path)).status, 404, path)
  }
})

t.test(
  'every answer forbids scripts, framing, sniffing and caching, and shares nothing with other origins',
  async (t) => {
    const { port } = await started(t)
    for (const path of [...PAGES.keys(), '/nothing']) {
      const { headers } = await ask(port, path, { headers: { origin: 'http://elsewhere' } })
      t.match(headers['content-security-policy'], /^default-src 'none';/, path)
      t.equal(headers['x-content-type-options'], 'nosniff')
      t.equal(headers['cache-control'], 'no-store')
      t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control-')))
    }
  },
)

t.test('a request with a body is answered and its connection ended', async (t) => {
  const { port } = await started(t)
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('utf8')
  socket.write('POST /ready HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello')
  let text = ''
  for await (const piece of socket) text += String(piece)
  t.match(text, /^HTTP\/1\.1 405 /)
  t.match(text, /connection: close/i)
})

t.test('headers beyond the bound are refused', async (t) => {
  const { port } = await started(t)
  const answer = await ask(port, '/ready', { headers: { 'x-large': 'x'.repeat(9000) } })
  t.equal(answer.status, 431)
})

t.test('a page that fails is 500 and logged, and the server goes on', async (t) => {
  const errors: unknown[] = []
  const log: Log = { ...silentLog, error: (message, fields) => errors.push([message, fields]) }
  const { port } = await started(t, { log, metrics: () => Promise.reject(new Error('collector broke')) })
  t.match(await ask(port, '/metrics'), { status: 500, body: 'internal error\n' })
  t.match(errors, [['page failed', { path: '/metrics', error: 'Error: collector broke' }]])
  t.equal((await ask(port, '/ready')).status, 200)
})

t.test('a port in use is a value that says why', async (t) => {
  const { port } = await started(t)
  const second = createHttpServer({
    options: { ...OPTIONS, httpListenPort: port },
    metrics: () => Promise.resolve(''),
    log: silentLog,
    status: () => STATUS,
  })
  t.match(await second.listen(), { kind: 'failed', why: /EADDRINUSE/ })
})

t.test('closing waits for open answers, but not longer than graceful_shutdown_timeout', async (t) => {
  const clock = handClock()
  const server = createHttpServer({
    options: { ...OPTIONS, gracefulShutdownTimeoutMs: 5000 },
    metrics: () => new Promise<string>(() => undefined),
    log: silentLog,
    status: () => STATUS,
    clock,
  })
  const outcome = await server.listen()
  if (outcome.kind === 'failed') return t.fail(outcome.why)
  const sent = request({ host: '127.0.0.1', port: outcome.port, path: '/metrics', agent: false })
  const [, broken] = [sent.end(), once(sent, 'error')]
  await once(sent, 'finish')
  await ask(outcome.port, '/ready')
  const closed = server.close()
  await clock.untilSleeping()
  await clock.advance(5000)
  await closed
  t.match(await broken, [{ code: 'ECONNRESET' }], 'the answer that never came was cut')
})

t.test('closing without open answers needs no wait', async (t) => {
  const { server, port } = await started(t)
  await ask(port, '/ready')
  await server.close()
  await t.rejects(ask(port, '/ready'), { code: 'ECONNREFUSED' })
})

t.test('over HTTPS with certificates that are replaced, and clients that must show one', async (t) => {
  const folder = t.testdir({})
  const authority = createAuthority(folder, 'first')
  const [old, renewed] = [authority.issue('old', 'IP:127.0.0.1'), authority.issue('renewed', 'IP:127.0.0.1')]
  const scraper = authority.issue('scraper', '')
  const [certFile, keyFile] = [`${folder}/tls.crt`, `${folder}/tls.key`]
  const install = (pair: typeof old): void => {
    copyFileSync(pair.certFile, certFile)
    copyFileSync(pair.keyFile, keyFile)
  }
  install(old)
  const file = (path: string) => ({ kind: 'file', path }) as const
  const clock = handClock()
  const logged: string[] = []
  const log: Log = { ...silentLog, warn: (message) => void logged.push(message) }
  const tls = {
    cert: file(certFile),
    key: file(keyFile),
    clientAuth: 'RequireAndVerifyClientCert',
    clientCa: file(authority.caFile),
    minVersion: 'TLS12',
  } as const
  const server = createHttpServer({
    options: { ...OPTIONS, tls },
    metrics: () => Promise.resolve(''),
    log,
    clock,
    status: () => STATUS,
  })
  const listening = await server.listen()
  if (listening.kind === 'failed') throw new Error(listening.why)
  t.teardown(() => server.close())
  const subject = async (client: typeof scraper | null): Promise<string> => {
    const sent = requestTls({
      host: '127.0.0.1',
      port: listening.port,
      path: '/ready',
      agent: false,
      ca: readFileSync(authority.caFile),
      ...(client !== null && { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }),
    })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    const { socket } = response
    if (!(socket instanceof TLSSocket)) throw new Error('not over TLS')
    return [response.statusCode, socket.getPeerCertificate().subject.CN].join(' ')
  }
  t.equal(await subject(scraper), '200 old')
  await t.rejects(subject(null), 'a client without a certificate is turned away')
  writeFileSync(keyFile, 'half written')
  for (let tries = 0; logged.length === 0 && tries < 100; tries += 1) {
    await clock.advance(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(await subject(scraper), '200 old')
  install(renewed)
  // Files may still be read when a minute is over; then the next one counts.
  for (let tries = 0; (await subject(scraper)) !== '200 renewed' && tries < 100; tries += 1) {
    await clock.advance(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(await subject(scraper), '200 renewed')
  t.match(logged, [/new certificate of the HTTP pages is not usable/])

  const unreadable = createHttpServer({
    options: { ...OPTIONS, tls: { ...tls, cert: file(`${folder}/none`) } },
    metrics: () => Promise.resolve(''),
    log,
    status: () => STATUS,
  })
  t.match(await unreadable.listen(), { kind: 'failed', why: /http_tls_config: .*none: ENOENT/ })
})

t.test('clients show certificates as client_auth_type asks for them', async (t) => {
  const folder = t.testdir({ ours: {}, theirs: {} })
  const [ours, theirs] = [createAuthority(`${folder}/ours`, 'ours'), createAuthority(`${folder}/theirs`, 'theirs')]
  const pair = ours.issue('pages', 'IP:127.0.0.1')
  const clients = { nobody: null, known: ours.issue('known', ''), stranger: theirs.issue('stranger', '') }
  const file = (path: string) => ({ kind: 'file', path }) as const
  const welcome = async (clientAuth: ServerTlsOptions['clientAuth']): Promise<readonly string[]> => {
    const verifies = clientAuth.includes('Verify')
    const { port } = await started(t, {
      options: {
        tls: {
          cert: file(pair.certFile),
          key: file(pair.keyFile),
          clientAuth,
          clientCa: verifies ? file(ours.caFile) : null,
          minVersion: 'TLS12',
        },
      },
    })
    const served: string[] = []
    for (const [name, client] of Object.entries(clients)) {
      const sent = requestTls({
        host: '127.0.0.1',
        port,
        path: '/healthz',
        agent: false,
        ca: readFileSync(ours.caFile),
        ...(client !== null && { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }),
      })
      sent.end()
      const [answer] = (await Promise.race([once(sent, 'response'), once(sent, 'close')]).catch(() => [])) as unknown[]
      if (answer instanceof IncomingMessage) served.push(name)
      sent.destroy()
    }
    return served
  }
  t.strictSame(await welcome('NoClientCert'), ['nobody', 'known', 'stranger'])
  t.strictSame(await welcome('RequestClientCert'), ['nobody', 'known', 'stranger'])
  t.strictSame(await welcome('RequireAnyClientCert'), ['known', 'stranger'])
  t.strictSame(await welcome('VerifyClientCertIfGiven'), ['nobody', 'known'])
  t.strictSame(await welcome('RequireAndVerifyClientCert'), ['known'])
})

t.test('/reload reads the configuration again, if it is asked for', async (t) => {
  const results = [null, 'it is not valid']
  const server = createHttpServer({
    options: OPTIONS,
    metrics: () => Promise.resolve(''),
    log: silentLog,
    status: () => STATUS,
    reload: () => Promise.resolve(results.shift() ?? null),
  })
  const listening = await server.listen()
  if (listening.kind === 'failed') throw new Error(listening.why)
  t.teardown(() => server.close())
  t.match(await ask(listening.port, '/reload', { method: 'POST' }), { status: 200, body: '' })
  t.match(await ask(listening.port, '/reload'), { status: 500, body: 'failed to reload config: it is not valid\n' })
  const { port } = await started(t)
  t.match(await ask(port, '/reload', { method: 'POST' }), { status: 404 })
})
