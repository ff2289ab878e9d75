import { generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { PushAnswer } from '../../src/loki/classify.ts'
import type { ClientOptions, JwtGrantOptions, TlsOptions } from '../../src/loki/client-options.ts'
import { Endpoint } from '../../src/loki/endpoint.ts'
import { handClock } from '../fixtures/clock.ts'
import { entryAt, lokiOptions, recordingLog, testClient } from '../fixtures/loki-client.ts'
import { startLoki, type LokiServer } from '../fixtures/loki-server.ts'
import { serve } from '../fixtures/http-server.ts'
import { createAuthority } from '../fixtures/pki.ts'

type Pusher = { readonly push: (tenant?: string) => Promise<PushAnswer>; readonly logged: string[] }

const body = Buffer.from([0])

const pusherTo = (t: Test, url: string, over: Partial<ClientOptions> = {}): Pusher => {
  const clock = handClock()
  const { log, logged } = recordingLog(clock)
  const endpoint = new Endpoint(lokiOptions(url, over), { clock, log, userAgent: 'eventail/1.2.3' })
  t.teardown(() => endpoint.close())
  return { push: (tenant = '') => endpoint.push(body, tenant, new AbortController().signal), logged }
}

const lokiFor = async (t: Test, options: Parameters<typeof startLoki>[0] = {}): Promise<LokiServer> => {
  const loki = await startLoki({ answer: () => ({ status: 204 }), ...options })
  t.teardown(() => loki.close())
  return loki
}

/** Requests of one byte are no pushes, so the fake does not decode them. */
const tls = (over: Partial<TlsOptions>): TlsOptions => ({ ...lokiOptions('http://x').tls, ...over })
const file = (path: string) => ({ kind: 'file', path }) as const
const inline = (value: string) => ({ kind: 'inline', value }) as const

t.test('a push has exactly the headers that Loki wants, and configured ones do not replace them', async (t) => {
  const loki = await lokiFor(t, { answer: () => ({ status: 500 }) })
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'other',
    'content-encoding': 'gzip',
    'X-Scope-OrgID': 'other',
    'X-Extra': 'yes',
    'Bad Name': 'x',
    'X-Bad': 'a\r\nX-Evil: 1',
  }
  const { push, logged } = pusherTo(t, loki.url, { headers })
  await push('team')
  await push('team')
  const sent = loki.requests[0]?.headers ?? {}
  const { host, connection, 'content-length': length, ...rest } = sent
  t.same([host, connection, length], [loki.host, 'keep-alive', '1'])
  t.same(rest, {
    'content-type': 'application/x-protobuf',
    'user-agent': 'eventail/1.2.3',
    'x-scope-orgid': 'team',
    'x-extra': 'yes',
  })
  t.equal(loki.requests[0]?.path, '/loki/api/v1/push')
  t.equal(logged.length, 1, 'repeats are folded')
  t.notMatch(logged.join(''), /other|Evil/)
  await push('')
  t.equal(loki.requests[2]?.tenant, 'other', 'without a tenant the configured header counts')
})

t.test('headers from files are read again for each push, and hold it up when they cannot be read', async (t) => {
  const dir = t.testdir({ key: 'first key\n' })
  const loki = await lokiFor(t, { answer: () => ({ status: 500, body: 'you sent second key' }) })
  const fileHeaders = { 'X-Key': [inline('zero'), file(join(dir, 'key'))] }
  const { push } = pusherTo(t, loki.url, { fileHeaders })
  await push()
  writeFileSync(join(dir, 'key'), 'second key')
  t.match(await push(), { text: /^you sent <secret>$|^you sent second key$/ })
  t.strictSame(
    loki.requests.map(({ headers }) => headers['x-key']),
    ['zero, first key', 'zero, second key'],
  )
  rmSync(join(dir, 'key'))
  t.match(await push(), { kind: 'unsent', setting: 'http_headers', why: /key: ENOENT/ })
  t.equal(loki.requests.length, 2)
})

t.test('basic, bearer and other schemes; a file is read again when it changes', async (t) => {
  const dir = t.testdir({ token: 'first\n', password: 'päss:word' })
  const loki = await lokiFor(t)
  const bearer = pusherTo(t, loki.url, {
    authorization: { kind: 'header', type: 'Bearer', credentials: file(join(dir, 'token')) },
  })
  await bearer.push()
  writeFileSync(join(dir, 'token'), 'second')
  await bearer.push()
  const basic = pusherTo(t, loki.url, {
    authorization: { kind: 'basic', username: inline('me'), password: file(join(dir, 'password')) },
  })
  await basic.push()
  t.same(
    loki.requests.map((r) => r.headers.authorization),
    ['Bearer first', 'Bearer second', `Basic ${Buffer.from('me:päss:word').toString('base64')}`],
  )
  rmSync(join(dir, 'token'))
  const gone = await bearer.push()
  t.match(gone, { kind: 'unsent', setting: 'authorization', why: /token: ENOENT/ })
  t.equal(loki.requests.length, 3, 'nothing is sent without the credentials')
})

t.test('credentials in the URL become basic authentication and are sent nowhere else', async (t) => {
  const loki = await lokiFor(t)
  const { push } = pusherTo(t, loki.url.replace('http://', 'http://user:p%40ss%zz@'))
  await push()
  t.equal(loki.requests[0]?.headers.authorization, `Basic ${Buffer.from('user:p@ss%zz').toString('base64')}`)
  t.equal(loki.requests[0]?.headers.host, loki.host)
})

t.test('TLS: the authority is checked, the server name may be set, and certificates are read again', async (t) => {
  const dir = t.testdir({})
  const ours = createAuthority(dir, 'ours')
  const theirs = createAuthority(dir, 'theirs')
  const server = ours.issue('loki', 'DNS:loki.example')
  const loki = await lokiFor(t, { tls: { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) } })

  t.match(await pusherTo(t, loki.url).push(), { kind: 'unsent', setting: 'tls_config' }, 'unknown authority')
  const wrongName = pusherTo(t, loki.url, { tls: tls({ ca: file(ours.caFile) }) })
  t.match(await wrongName.push(), { kind: 'unsent', why: /ERR_TLS_CERT_ALTNAME_INVALID/ })
  const named = pusherTo(t, loki.url, { tls: tls({ ca: file(ours.caFile), serverName: 'loki.example' }) })
  t.match(await named.push(), { kind: 'answered', status: 204 })
  t.match(await pusherTo(t, loki.url, { tls: tls({ insecureSkipVerify: true }) }).push(), { status: 204 })

  const bundle = join(dir, 'bundle.crt')
  copyFileSync(theirs.caFile, bundle)
  const renewed = pusherTo(t, loki.url, { tls: tls({ ca: file(bundle), serverName: 'loki.example' }) })
  t.match(await renewed.push(), { kind: 'unsent', setting: 'tls_config' })
  copyFileSync(ours.caFile, bundle)
  t.match(await renewed.push(), { kind: 'answered', status: 204 })
  writeFileSync(bundle, '-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n')
  t.match(await renewed.push(), { kind: 'answered', status: 204 }, 'a broken file leaves the old connections')
  t.match(renewed.logged.join(''), /new certificate is not usable/)
  const broken = pusherTo(t, loki.url, { tls: tls({ ca: file(bundle) }) })
  t.match(await broken.push(), { kind: 'unsent', setting: 'tls_config' })
  const missing = pusherTo(t, loki.url, { tls: tls({ ca: file(join(dir, 'none')) }) })
  t.match(await missing.push(), { kind: 'unsent', setting: 'tls_config', why: /none: ENOENT/ })
})

t.test('no newer TLS is spoken than max_version', async (t) => {
  const authority = createAuthority(t.testdir({}), 'ours')
  const issued = authority.issue('loki', 'IP:127.0.0.1')
  const certificate = { cert: readFileSync(issued.certFile), key: readFileSync(issued.keyFile) }
  const spoken: (string | null)[] = []
  const server = await serve(certificate, (request, response) => {
    if (request.socket instanceof TLSSocket) spoken.push(request.socket.getProtocol())
    request.resume()
    response.writeHead(204).end()
  })
  t.teardown(() => server.close())
  for (const maxVersion of ['TLS12', 'TLS13', null] as const) {
    await pusherTo(t, server.url, { tls: tls({ ca: file(authority.caFile), maxVersion }) }).push()
  }
  t.strictSame(spoken, ['TLSv1.2', 'TLSv1.3', 'TLSv1.3'])
})

t.test('mTLS: the client certificate is shown, and a renewed one is shown next', async (t) => {
  const dir = t.testdir({})
  const authority = createAuthority(dir, 'ours')
  const server = authority.issue('loki', 'IP:127.0.0.1')
  const [first, second] = [authority.issue('first', ''), authority.issue('second', '')]
  const [cert, key] = [join(dir, 'tls.crt'), join(dir, 'tls.key')]
  const shown: string[] = []
  const loki = await lokiFor(t, {
    tls: {
      cert: readFileSync(server.certFile),
      key: readFileSync(server.keyFile),
      ca: readFileSync(authority.caFile),
      requestCert: true,
      rejectUnauthorized: true,
    },
    watch: (request: IncomingMessage) => {
      const { socket } = request
      if (socket instanceof TLSSocket) shown.push([socket.getPeerCertificate().subject.CN].flat()[0] ?? '')
    },
  })
  copyFileSync(first.certFile, cert)
  copyFileSync(first.keyFile, key)
  const options = { tls: tls({ ca: file(authority.caFile), cert: file(cert), key: file(key) }) }
  const { push } = pusherTo(t, loki.url, options)
  t.match(await push(), { status: 204 })
  copyFileSync(second.certFile, cert)
  t.match(await push(), { status: 204 }, 'half renewed: still the old pair')
  copyFileSync(second.keyFile, key)
  t.match(await push(), { status: 204 })
  t.same(shown, ['first', 'first', 'second'])
  t.match(await pusherTo(t, loki.url, { tls: tls({ ca: file(authority.caFile) }) }).push(), { kind: 'unanswered' })
})

t.test('307 and 308 are followed with the body; credentials stay with their origin', async (t) => {
  const other = await lokiFor(t)
  const loki = await lokiFor(t, {
    answer: ({ path }) => {
      if (path === '/loki/api/v1/push') return { status: 307, headers: { location: '/second' } }
      if (path === '/second') return { status: 308, headers: { location: other.url } }
      if (path === '/loop') return { status: 308, headers: { location: '/loop' } }
      if (path === '/get') return { status: 302, headers: { location: '/login?token=hidden' } }
      return { status: 204 }
    },
  })
  const options: Partial<ClientOptions> = {
    authorization: { kind: 'header', type: 'Bearer', credentials: inline('abcdef') },
    headers: { 'X-Token': 'secret-token' },
  }
  const { push } = pusherTo(t, loki.url, options)
  t.match(await push('team'), { kind: 'answered', status: 204 })
  t.match(
    loki.requests.map((r) => [r.method, r.path, r.headers.authorization]),
    [
      ['POST', '/loki/api/v1/push', 'Bearer abcdef'],
      ['POST', '/second', 'Bearer abcdef'],
    ],
  )
  const strange = other.requests[0]
  t.equal(strange?.method, 'POST')
  t.equal(strange?.body.length, 1)
  t.equal(strange?.tenant, 'team')
  t.equal(strange?.headers.authorization, undefined)
  t.equal(strange?.headers['x-token'], undefined)

  const at = (path: string) => pusherTo(t, loki.url.replace('/loki/api/v1/push', path), options).push()
  t.match(await at('/loop'), { kind: 'unsent', setting: 'url', why: 'more than 5 redirects' })
  const asGet = await at('/get')
  t.match(asGet, { kind: 'unsent', setting: 'url', why: /status 302 to http:\/\/.*\/login would lose the push/ })
  t.notMatch(JSON.stringify(asGet), 'hidden')
})

t.test('without follow_redirects a redirect is an answer like any other', async (t) => {
  const final = await lokiFor(t)
  const loki = await lokiFor(t, { answer: () => ({ status: 307, headers: { location: final.url } }) })
  t.match(await pusherTo(t, loki.url, { followRedirects: false }).push(), { kind: 'answered', status: 307 })
  t.equal(final.requests.length, 0)
})

t.test('no redirect leads from https to http', async (t) => {
  const dir = t.testdir({})
  const server = createAuthority(dir, 'ours').issue('loki', 'IP:127.0.0.1')
  const plain = await lokiFor(t)
  const loki = await lokiFor(t, {
    tls: { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) },
    answer: () => ({ status: 307, headers: { location: plain.url } }),
  })
  const { push } = pusherTo(t, loki.url, { tls: tls({ insecureSkipVerify: true }) })
  t.match(await push(), { kind: 'unsent', setting: 'url', why: /would leave https/ })
  t.equal(plain.requests.length, 0)
})

type Proxy = {
  readonly url: string
  readonly seen: string[]
  readonly authorizations: (string | undefined)[]
  readonly teams: (string | undefined)[]
}

/** A proxy that answers plain requests itself and tunnels CONNECT to `host`, whatever name was asked for. */
const startProxy = async (t: Test, host: string): Promise<Proxy> => {
  const seen: string[] = []
  const authorizations: (string | undefined)[] = []
  const teams: (string | undefined)[] = []
  const note = ({ headers }: IncomingMessage): void => {
    authorizations.push(headers['proxy-authorization'])
    teams.push([headers['x-team']].flat()[0])
  }
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`)
    note(request)
    request.resume()
    response.writeHead(204).end()
  })
  server.on('connect', (request, socket, head) => {
    seen.push(`CONNECT ${request.url ?? ''}`)
    note(request)
    const [name, port] = host.split(':')
    const upstream = connect(Number(port), name ?? '', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [upstream, socket]) end.on('error', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, authorizations, teams }
}

t.test('a proxy: plain requests for http, a tunnel for https, exceptions by name', async (t) => {
  const dir = t.testdir({})
  const authority = createAuthority(dir, 'ours')
  const server = authority.issue('loki', 'DNS:loki.example')
  const loki = await lokiFor(t, { tls: { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) } })
  const plain = await lokiFor(t)
  const proxy = await startProxy(t, loki.host)
  const through = {
    kind: 'url',
    url: proxy.url.replace('//', '//me:pass@'),
    noProxy: '127.0.0.1',
    connectHeaders: { 'x-team': 'a, b', 'proxy-authorization': 'less than that of the URL' },
  } as const

  t.match(await pusherTo(t, 'http://loki.example:3100/push', { proxy: through }).push(), { status: 204 })
  const secure = pusherTo(t, 'https://loki.example/push', { proxy: through, tls: tls({ ca: file(authority.caFile) }) })
  t.match(await secure.push(), { status: 204 })
  t.match(await pusherTo(t, plain.url, { proxy: through }).push(), { status: 204 })
  t.same(proxy.seen, ['POST http://loki.example:3100/push', 'CONNECT loki.example:443'])
  const credentials = `Basic ${Buffer.from('me:pass').toString('base64')}`
  t.same(proxy.authorizations, [credentials, credentials])
  t.same(proxy.teams, [undefined, 'a, b'], 'proxy_connect_header goes with CONNECT only')
  t.equal(loki.requests.length, 1)
  t.equal(loki.requests[0]?.headers['proxy-authorization'], undefined)
  t.equal(loki.requests[0]?.headers['x-team'], undefined)
  t.equal(plain.requests.length, 1)
})

t.test('a proxy named by the environment is used, but never for this machine', async (t) => {
  const plain = await lokiFor(t)
  const proxy = await startProxy(t, plain.host)
  const saved = { ...process.env }
  t.teardown(() => {
    for (const name of ['http_proxy', 'no_proxy']) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = saved[name]
    }
  })
  process.env['http_proxy'] = proxy.url
  process.env['no_proxy'] = ''
  const environment = { proxy: { kind: 'environment', connectHeaders: {} } } as const
  t.match(await pusherTo(t, 'http://loki.example/push', environment).push(), { status: 204 })
  t.match(await pusherTo(t, plain.url, environment).push(), { status: 204 })
  t.same(proxy.seen, ['POST http://loki.example/push'])
  t.equal(plain.requests.length, 1)
})

t.test('failures are values: refused, reset, cut off, an endless body, a stop', async (t) => {
  const loki = await lokiFor(t, {
    answer: ({ n }) => (n === 0 ? 'reset' : { status: 500, body: n === 1 ? 'x'.repeat(200_000) : 'short' }),
  })
  const { push } = pusherTo(t, loki.url)
  t.match(await push(), { kind: 'unanswered' })
  const long = await push()
  t.equal(long.kind === 'answered' && long.text.length, 65_536)
  t.match(await push(), { kind: 'answered', status: 500, text: 'short' })
  const port = (await lokiFor(t)).url
  const closed = await startLoki()
  await closed.close()
  t.match(await pusherTo(t, closed.url).push(), { kind: 'unanswered', why: /ECONNREFUSED/ })
  t.match(await pusherTo(t, port).push(), { kind: 'answered', status: 204 })

  const clock = handClock()
  const { log } = recordingLog(clock)
  const silent = await lokiFor(t, { answer: () => 'hang' })
  const endpoint = new Endpoint(lokiOptions(silent.url), { clock, log, userAgent: 'x' })
  t.teardown(() => endpoint.close())
  const stop = new AbortController()
  const answer = endpoint.push(body, '', stop.signal)
  await silent.received(1)
  stop.abort()
  t.match(await answer, { kind: 'unanswered' })
  t.equal(clock.sleepers, 0)
})

t.test('no secret reaches a log line, a metric or a reason, even if the server repeats what it was sent', async (t) => {
  const secrets = ['S3cr3tPassw0rd', 'hdr-t0ken', Buffer.from('me:S3cr3tPassw0rd').toString('base64')]
  const loki = await lokiFor(t, {
    answer: ({ headers, n }) => ({
      status: [401, 500, 400, 429, 404][n] ?? 204,
      body: JSON.stringify(headers) + secrets.join(),
    }),
  })
  const tc = testClient(
    lokiOptions(loki.url.replace('http://', 'http://me:S3cr3tPassw0rd@'), {
      host: loki.host,
      headers: { 'X-Api-Key': 'hdr-t0ken', 'Content-Length': 'hdr-t0ken' },
    }),
  )
  t.teardown(() => tc.stop())
  const whys: string[] = []
  tc.client.start()
  tc.client.offer(entryAt(tc.clock.now(), 'a line that is not for the log'), 0)
  await tc.until(() => {
    whys.push(tc.client.readiness().why)
    return tc.fates.size > 0
  })
  const said = tc.logged.join('') + (await tc.registry.metrics()) + whys.join('')
  t.match(said, '<secret>', 'the text is shown without them')
  for (const secret of secrets) t.notOk(said.includes(secret), secret)
  t.notMatch(said, 'a line that is not for the log')
})

type Asked = { readonly authorization: string | undefined; readonly form: Readonly<Record<string, string>> }

/** A token endpoint, scripted by call number; @returns what it was asked. */
const tokenServer = async (
  t: Test,
  answer: (call: number, asked: Asked) => { readonly status: number; readonly body: string },
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> => {
  const asked: Asked[] = []
  const server = await serve(null, (request, response) => {
    void (async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      const one = { authorization: request.headers.authorization, form }
      asked.push(one)
      const { status, body: text } = answer(asked.length, one)
      response.writeHead(status).end(text)
    })()
  })
  t.teardown(() => server.close())
  return { url: `${server.url}/token`, asked }
}

const clientCredentials = (tokenUrl: string): ClientOptions['authorization'] => ({
  kind: 'oauth2',
  clientId: 'me and you',
  grant: { kind: 'client_credentials', secret: inline('s3cret') },
  scopes: ['write', 'more'],
  tokenUrl,
  endpointParams: { audience: 'loki' },
  tls: tls({}),
  proxy: { kind: 'none' },
})

t.test('oauth2: one token for many pushes, a new one shortly before it ends, and after a 401', async (t) => {
  const idp = await tokenServer(t, (call) => ({
    status: 200,
    body: JSON.stringify({ access_token: `token-${call}`, token_type: 'bearer', expires_in: 60 }),
  }))
  const statuses = [204, 204, 401, 204, 204]
  const loki = await lokiFor(t, { answer: () => ({ status: statuses.shift() ?? 204 }) })
  const clock = handClock()
  const { log } = recordingLog(clock)
  const authorization = clientCredentials(idp.url)
  const endpoint = new Endpoint(lokiOptions(loki.url, { authorization }), { clock, log, userAgent: 'eventail/1.2.3' })
  t.teardown(() => endpoint.close())
  const push = (): Promise<PushAnswer> => endpoint.push(body, '', new AbortController().signal)
  await Promise.all([push(), push()])
  t.strictSame(idp.asked, [
    {
      authorization: `Basic ${Buffer.from('me%20and%20you:s3cret').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'write more', audience: 'loki' },
    },
  ])
  await push()
  await push()
  await clock.advance(51_000)
  await push()
  t.strictSame(
    loki.requests.map(({ headers }) => headers['authorization']),
    ['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2', 'Bearer token-3'],
  )
})

t.test('oauth2: an endpoint that wants the credentials among the parameters, and one that fails', async (t) => {
  const idp = await tokenServer(t, (call, { form, authorization }) => {
    if (call > 2) return { status: 503, body: `busy, ${form['client_secret'] ?? ''}` }
    if (authorization !== undefined) return { status: 401, body: '{"error":"invalid_client"}' }
    return { status: 200, body: '{"access_token":"abc"}' }
  })
  const loki = await lokiFor(t, { answer: () => ({ status: 401 }) })
  const { push } = pusherTo(t, loki.url, { authorization: clientCredentials(idp.url) })
  await push()
  t.match(idp.asked[1], {
    authorization: undefined,
    form: { client_id: 'me and you', client_secret: 's3cret', grant_type: 'client_credentials' },
  })
  t.match(loki.requests[0]?.headers, { authorization: 'Bearer abc' })
  const second = await push()
  t.match(second, { kind: 'unanswered', why: /oauth2: the token endpoint answered 503: busy, <secret>/ })
  t.equal(loki.requests.length, 1, 'nothing is sent without a token')

  for (const [text, why] of [
    ['not json', /without a usable access_token/],
    ['{"access_token":"a\\r\\nX-Evil: 1"}', /without a usable access_token/],
  ] as const) {
    const odd = await tokenServer(t, () => ({ status: 200, body: text }))
    const answer = await pusherTo(t, loki.url, { authorization: clientCredentials(odd.url) }).push()
    t.match(answer, { kind: 'unanswered', why })
  }
})

/** The claims of an assertion whose signature is good. */
const claimsIn = (assertion: string, publicKey: KeyObject, hash: string): unknown => {
  const [head = '', claims = '', signature = ''] = assertion.split('.')
  if (!verify(hash, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))) return 'forged'
  return [head, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown)
}

t.test('oauth2: a signed assertion, of each algorithm and form of key', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = (type: 'pkcs1' | 'pkcs8'): string => privateKey.export({ type, format: 'pem' }) as string
  const keyFile = join(t.testdir({ key: pem('pkcs8') }), 'key')
  const idp = await tokenServer(t, () => ({ status: 200, body: '{"access_token":"abc","token_type":"JWT"}' }))
  const loki = await lokiFor(t)
  const pushWith = async (grant: Partial<JwtGrantOptions>, scopes: readonly string[] = []): Promise<PushAnswer> => {
    const base = clientCredentials(idp.url)
    const jwt: JwtGrantOptions = {
      kind: 'jwt-bearer',
      key: inline(pem('pkcs1')),
      keyId: '',
      algorithm: 'RS256',
      issuer: '',
      audience: '',
      claims: {},
      ...grant,
    }
    return pusherTo(t, loki.url, {
      authorization: { ...base, scopes, grant: jwt } as ClientOptions['authorization'],
    }).push()
  }
  t.match(await pushWith({}), { status: 204 })
  t.match(loki.requests[0]?.headers, { authorization: 'JWT abc' })
  const { form = {}, authorization } = idp.asked[0] ?? {}
  const { assertion = '', ...rest } = form
  t.equal(authorization, undefined)
  t.strictSame(rest, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', audience: 'loki' })
  const nowS = Math.floor(handClock().now() / 1000)
  t.match(claimsIn(assertion, publicKey, 'sha256'), [
    { alg: 'RS256', typ: 'JWT' },
    { iss: 'me and you', sub: 'me and you', aud: idp.url, iat: nowS, exp: nowS + 600, jti: /^[\da-f-]{36}$/ },
  ])

  const claims = { __proto__: null, iss: 'wins', groups: ['a', 1, true, null] }
  const all = { key: file(keyFile), keyId: 'k1', algorithm: 'RS512', issuer: 'i', audience: 'a', claims } as const
  await pushWith(all, ['x', 'y'])
  const second = idp.asked[1]?.form ?? {}
  t.equal(second['scope'], 'x y')
  t.match(claimsIn(second['assertion'] ?? '', publicKey, 'sha512'), [
    { alg: 'RS512', kid: 'k1' },
    { iss: 'wins', aud: 'a', scope: 'x y', groups: ['a', 1, true, null] },
  ])

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  for (const text of [String(other), 'no key'])
    t.match(await pushWith({ key: inline(text) }), { kind: 'unanswered', why: /is no RSA private key in PEM$/ })
})
