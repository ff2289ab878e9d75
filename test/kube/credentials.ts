import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcp, connect as connectTcp, type AddressInfo } from 'node:net'
import type { ServerOptions } from 'node:https'
import { join } from 'node:path'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import type { Clock } from '../../src/clock.ts'
import type { KubeAnswer, KubeClient } from '../../src/kube/client.ts'
import type { Connection } from '../../src/kube/connection.ts'
import { type ConnectionSource, openConnection } from '../../src/kube/credentials.ts'
import { createKubeClient } from '../../src/kube/http-client.ts'
import { proxyFromEnvironment } from '../../src/kube/proxy.ts'
import { inCluster, ownNamespace } from '../../src/kube/service-account.ts'
import { type Log, silentLog } from '../../src/log.ts'
import { handClock } from '../fixtures/clock.ts'
import { type IncomingMessage, type LoopbackServer, serve, type ServerResponse } from '../fixtures/http-server.ts'
import { type Authority, createAuthority } from '../fixtures/pki.ts'

const SECRET = 'tOpSeCrEt-0123456789'

type Listener = (request: IncomingMessage, response: ServerResponse) => void
const echo: Listener = (request, response) => {
  const { socket } = request
  const subject =
    socket instanceof TLSSocket ? (socket.getPeerCertificate() as PeerCertificate | null)?.subject : undefined
  response.end(JSON.stringify({ authorization: request.headers.authorization ?? '', client: subject?.CN ?? '' }))
}

const api = async (t: Test, tls: ServerOptions | null, listener: Listener = echo): Promise<LoopbackServer> => {
  const server = await serve(tls, listener)
  t.teardown(() => server.close())
  return server
}

const pair = (files: { certFile: string; keyFile: string }): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(files.certFile),
  key: readFileSync(files.keyFile),
})

type KubeconfigParts = { readonly cluster?: object; readonly user?: object; readonly [name: string]: unknown }

const kubeconfig = ({ cluster = {}, user = {}, ...more }: KubeconfigParts): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  })

type Opened = { readonly client: KubeClient; readonly connection: Connection }

const sourceOf = (
  more: Partial<ConnectionSource> & { readonly kubeconfig?: string; readonly context?: string },
): ConnectionSource => ({
  options: { kubeconfig: more.kubeconfig ?? '', context: more.context ?? '' },
  clock: more.clock ?? handClock(),
  log: more.log ?? silentLog,
  env: more.env ?? {},
  ...(more.serviceAccountDir === undefined ? {} : { serviceAccountDir: more.serviceAccountDir }),
})

const open = async (t: Test, more: Parameters<typeof sourceOf>[0]): Promise<Opened> => {
  const source = sourceOf(more)
  const outcome = await openConnection(source)
  if (outcome.kind === 'error') throw new Error(outcome.why)
  const { connection } = outcome
  const client = createKubeClient({ connection, clock: source.clock, log: source.log, watches: 1 })
  t.teardown(() => client.close())
  return { client, connection }
}

const ask = (client: KubeClient, timeoutMs = 60_000): Promise<KubeAnswer<unknown>> =>
  client.get('/version', { signal: new AbortController().signal, timeoutMs, maxBytes: 100_000 })

const said = (authorization: string, client = ''): object => ({ kind: 'ok', body: { authorization, client } })

const warnings = (): { readonly log: Log; readonly lines: string[] } => {
  const lines: string[] = []
  const log: Log = { ...silentLog, warn: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`) }
  return { log, lines }
}

const script = (dir: string, name: string, body: string): string => {
  const file = join(dir, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}

t.test('a kubeconfig', (t) => {
  t.test('gives server, token, basic auth and impersonation', async (t) => {
    const server = await api(t, null, (request, response) => {
      const { authorization = '' } = request.headers
      const impersonation = request.rawHeaders.filter((_, n, all) => all[n - (n % 2)]?.startsWith('impersonate'))
      response.end(JSON.stringify({ authorization, impersonation }))
    })
    const users: [object, string, string[]][] = [
      [{ token: SECRET }, `Bearer ${SECRET}`, []],
      [{ username: 'jane', password: 'p:w' }, `Basic ${Buffer.from('jane:p:w').toString('base64')}`, []],
      [{}, '', []],
      [
        { token: SECRET, as: 'bot', 'as-groups': ['a', 'b'], 'as-uid': '7', 'as-user-extra': { 'Scopes/x': ['v'] } },
        `Bearer ${SECRET}`,
        [
          'impersonate-user',
          'bot',
          'impersonate-uid',
          '7',
          'impersonate-group',
          'a',
          'impersonate-group',
          'b',
          'impersonate-extra-scopes%2Fx',
          'v',
        ],
      ],
    ]
    for (const [user, authorization, impersonation] of users) {
      const dir = t.testdir({ config: kubeconfig({ cluster: { server: `${server.url}/` }, user }) })
      const { client, connection } = await open(t, { kubeconfig: join(dir, 'config') })
      t.strictSame(((await ask(client)) as { body: unknown }).body, { authorization, impersonation })
      t.equal(connection.server, server.url)
      t.equal(connection.inCluster, false)
      t.equal(connection.proxy, '')
    }
  })

  t.test('is found by option, KUBECONFIG or home, and its context is chosen', async (t) => {
    const one = kubeconfig({ cluster: { server: 'https://one.example' } })
    const many = stringify({
      clusters: [
        { name: 'd', cluster: { server: 'https://two.example:6443' } },
        { name: 'c', cluster: { server: 'https://late.example' } },
      ],
      users: [],
      contexts: [
        { name: 'y', context: { cluster: 'd', user: 'u' } },
        { name: 'x', context: { cluster: 'd', user: 'u' } },
      ],
      'current-context': 'y',
    })
    const dir = t.testdir({
      one,
      many,
      '.kube': { config: kubeconfig({ cluster: { server: 'http://home.example' } }) },
    })
    const [a, b, c] = [join(dir, 'one'), join(dir, 'many'), join(dir, 'missing')]
    const found = async (more: Parameters<typeof sourceOf>[0]): Promise<string> =>
      (await open(t, more)).connection.server
    t.equal(await found({ kubeconfig: a, env: { KUBECONFIG: b } }), 'https://one.example')
    t.equal(await found({ env: { KUBECONFIG: `${c}::${a}:${b}` } }), 'https://one.example', 'the first file wins')
    t.equal(
      await found({ context: 'y', env: { KUBECONFIG: `${a}:${b}` } }),
      'https://two.example:6443',
      'parts of two files',
    )
    t.equal(await found({ env: { HOME: dir } }), 'http://home.example')
  })

  t.test('that is wrong is an error that names the file and the fault, and quotes no secret', async (t) => {
    const server = 'https://k.example'
    const user = { token: SECRET }
    const context = [{ name: 'x', context: { cluster: 'c', user: 'u' } }]
    const faults: [string, RegExp][] = [
      [`users:\n  - token: ${SECRET}\n - "`, /not valid YAML at 3:1/],
      [
        `a: &a [${SECRET}]\n${Array.from({ length: 30 }, (_, n) => `b${n}: [${n === 0 ? '*a' : `*b${n - 1}, *b${n - 1}`}]\n`).join('')}`,
        /not (?:valid YAML|a kubeconfig)/,
      ],
      ['', /not a kubeconfig/],
      [SECRET, /not a kubeconfig/],
      [kubeconfig({ clusters: [{ cluster: { server } }], user }), /clusters\[0\]\.name is missing/],
      [kubeconfig({ cluster: { server: [SECRET] }, user }), /not a kubeconfig/],
      [kubeconfig({ cluster: { server: 'ftp://k' }, user }), /cluster "c": server is not an http or https URL/],
      [kubeconfig({ cluster: { server: `https://u:${SECRET}@[` }, user }), /server is not an http or https URL/],
      [kubeconfig({ cluster: { server, 'proxy-url': `ftp://u:${SECRET}@p` }, user }), /proxy-url is not/],
      [kubeconfig({ cluster: { server }, user, 'current-context': '' }), /no current-context/],
      [kubeconfig({ cluster: { server }, user, 'current-context': 'prod\u0007' }), /no context "prod"; it has x/],
      [kubeconfig({ cluster: { server }, user, contexts: [] }), /no context "x"; it has none/],
      [kubeconfig({ clusters: [], user, contexts: context }), /context "x" names cluster "c", which is not defined/],
      [kubeconfig({ cluster: { server }, users: [], contexts: context }), /names user "u", which is not defined/],
      [
        kubeconfig({ cluster: { server, 'certificate-authority': 'gone.crt' }, user }),
        /gone\.crt: no such file.*certificate authority/,
      ],
      [
        kubeconfig({ cluster: { server, 'certificate-authority-data': Buffer.from(SECRET).toString('base64') }, user }),
        /inline certificate authority: no PEM/,
      ],
      [kubeconfig({ cluster: { server }, user: { 'client-certificate': 'a.crt' } }), /must be given together/],
      [
        kubeconfig({ cluster: { server }, user: { exec: { apiVersion: 'v1', command: 'x' } } }),
        /exec: apiVersion "v1"/,
      ],
      [
        kubeconfig({ cluster: { server }, user: { exec: { apiVersion: 'client.authentication.k8s.io/v1' } } }),
        /exec: command is missing/,
      ],
      [
        kubeconfig({
          cluster: { server },
          user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x', interactiveMode: 'Always' } },
        }),
        /interactiveMode Always/,
      ],
      [kubeconfig({ cluster: { server }, user: { 'token-file': '/nowhere/token' } }), /\/nowhere\/token: no such file/],
    ]
    for (const [text, why] of faults) {
      const dir = t.testdir({ config: text })
      const outcome = await openConnection(sourceOf({ kubeconfig: join(dir, 'config') }))
      t.match(outcome, { kind: 'error', why }, String(why))
      if (outcome.kind !== 'error') continue
      t.notMatch(outcome.why, new RegExp(SECRET))
      t.ok(outcome.why.startsWith(`kubeconfig ${join(dir, 'config')}: `), outcome.why)
    }
    const dir = t.testdir({ directory: {} })
    t.match(await openConnection(sourceOf({ kubeconfig: join(dir, 'none') })), {
      kind: 'error',
      why: `kubeconfig ${join(dir, 'none')}: no such file or directory`,
    })
    t.match(await openConnection(sourceOf({ kubeconfig: join(dir, 'directory') })), {
      kind: 'error',
      why: /is a directory/,
    })
    t.match(await openConnection(sourceOf({ env: { KUBECONFIG: `${dir}/a:${dir}/b` } })), {
      kind: 'error',
      why: /a, .*b: no such file/,
    })
    t.match(await openConnection(sourceOf({ env: { HOME: dir } })), {
      kind: 'error',
      why: /\.kube\/config: no such file/,
    })
  })

  t.test('of which a token cannot stand in a header fails its requests without showing it', async (t) => {
    const server = await api(t, null)
    const dir = t.testdir({
      config: kubeconfig({ cluster: { server: server.url }, user: { token: `${SECRET}\r\nx: y` } }),
    })
    const { client } = await open(t, { kubeconfig: join(dir, 'config') })
    const answer = await ask(client)
    t.match(answer, { kind: 'transport', why: /spaces or control characters/ })
    t.notMatch(JSON.stringify(answer), new RegExp(SECRET))
    const legacy = t.testdir({
      config: kubeconfig({
        cluster: { server: server.url },
        user: { 'auth-provider': { name: 'oidc', config: { 'id-token': `${SECRET}.${SECRET}.x` } } },
      }),
    })
    const oidc = await ask((await open(t, { kubeconfig: join(legacy, 'config') })).client)
    t.match(oidc, { kind: 'transport', why: /auth-provider oidc/ })
    t.notMatch(JSON.stringify(oidc), new RegExp(SECRET))
  })
  t.end()
})

t.test('a token in a file', async (t) => {
  const valid = { token: 'first' }
  const server = await api(t, null, (request, response) => {
    const good = request.headers.authorization === `Bearer ${valid.token}`
    response.writeHead(good ? 200 : 401).end(good ? '{}' : '{"kind":"Status","reason":"Unauthorized","code":401}')
  })
  const prepare = async (
    t: Test,
  ): Promise<{ clock: ReturnType<typeof handClock>; file: string; client: KubeClient; connection: Connection }> => {
    valid.token = 'first'
    const dir = t.testdir({
      token: ' first\n',
      config: kubeconfig({ cluster: { server: server.url }, user: { tokenFile: 'token' } }),
    })
    const clock = handClock()
    return { clock, file: join(dir, 'token'), ...(await open(t, { kubeconfig: join(dir, 'config'), clock })) }
  }

  t.test('is trimmed, and read again when older than 60 s', async (t) => {
    const { clock, file, client } = await prepare(t)
    t.match(await ask(client), { kind: 'ok' })
    writeFileSync(file, 'second\n')
    await clock.advance(59_000)
    t.match(await ask(client), { kind: 'ok' }, 'still the first')
    valid.token = 'second'
    await clock.advance(1000)
    t.match(await ask(client), { kind: 'ok' }, 'by now the second')
    rmSync(file)
    await clock.advance(60_000)
    t.match(await ask(client), { kind: 'ok' }, 'a file that is gone leaves the token read before')
  })

  t.test('that was replaced is used after a 401 and a renewal, which happens at most once in 10 s', async (t) => {
    const { clock, file, client, connection } = await prepare(t)
    let renewals = 0
    const renew = connection.renew.bind(connection)
    connection.renew = () => {
      renewals += 1
      return renew()
    }
    t.match(await ask(client), { kind: 'ok' })
    writeFileSync(file, 'second')
    valid.token = 'second'
    t.match(await ask(client), { kind: 'http', status: 401 })
    await Promise.all([client.renewCredentials(), client.renewCredentials()])
    t.match(await ask(client), { kind: 'ok' })
    t.equal(renewals, 1)

    writeFileSync(file, 'third')
    valid.token = 'third'
    await clock.advance(9999)
    await client.renewCredentials()
    t.match(await ask(client), { kind: 'http', status: 401 })
    t.equal(renewals, 1)
    await clock.advance(1)
    await client.renewCredentials()
    t.match(await ask(client), { kind: 'ok' })
    t.equal(renewals, 2)
  })

  t.test('that is missing, empty or absurd fails its requests and names the file', async (t) => {
    for (const [text, why] of [
      [null, /token: no such file/],
      ['\n', /token: the token is empty/],
      ['two words', /token: the token has spaces/],
      ['x'.repeat(70_000), /token: longer than a token/],
    ] as const) {
      const { file, client } = await prepare(t)
      if (text === null) rmSync(file)
      else writeFileSync(file, text)
      t.match(await ask(client), { kind: 'transport', why })
    }
  })

  t.test('renewed from a kubeconfig that changed: taken, unless it is broken or names another server', async (t) => {
    const { clock, client, file } = await prepare(t)
    const config = join(file, '..', 'config')
    const { log, lines } = warnings()
    const logged = (await open(t, { kubeconfig: config, clock, log })).client
    writeFileSync(config, 'broken: [')
    await logged.renewCredentials()
    t.match(await ask(logged), { kind: 'ok' })
    t.match(lines, [/former stay in use .*not valid YAML/])
    writeFileSync(config, kubeconfig({ cluster: { server: 'https://elsewhere.example' }, user: { token: 'first' } }))
    await clock.advance(10_000)
    await logged.renewCredentials()
    t.match(await ask(logged), { kind: 'ok' })
    t.match(lines[1], /names another server, https:\/\/elsewhere\.example/)
    writeFileSync(config, kubeconfig({ cluster: { server: server.url }, user: { token: 'new' } }))
    valid.token = 'new'
    await client.renewCredentials()
    t.match(await ask(client), { kind: 'ok' })
  })
})

t.test('a pod', async (t) => {
  const dir = t.testdir({})
  const ca = createAuthority(dir, 'cluster')
  const server = await api(t, pair(ca.issue('api', 'IP:127.0.0.1')))
  const account = join(dir, 'account')
  mkdirSync(account)
  copyFileSync(ca.caFile, join(account, 'ca.crt'))
  writeFileSync(join(account, 'token'), `${SECRET}\n`)
  writeFileSync(join(account, 'namespace'), 'monitoring')
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) }

  t.test('uses its service account', async (t) => {
    const { client, connection } = await open(t, { env, serviceAccountDir: account })
    t.match(await ask(client), said(`Bearer ${SECRET}`))
    t.equal(connection.server, server.url)
    t.equal(connection.inCluster, true)
    t.equal(ownNamespace(account), 'monitoring')
    t.equal(inCluster(env, account), true)
  })

  t.test('is not one without address or token, and a kubeconfig goes before', async (t) => {
    t.equal(inCluster({}, account), false)
    t.equal(inCluster(env, dir), false)
    t.equal(ownNamespace(dir), null)
    const config = join(dir, 'config')
    writeFileSync(config, kubeconfig({ cluster: { server: 'https://remote.example' } }))
    const { connection } = await open(t, { env: { ...env, KUBECONFIG: config }, serviceAccountDir: account })
    t.equal(connection.server, 'https://remote.example')
    t.equal(connection.inCluster, false)
    const six = { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    t.equal((await open(t, { env: six, serviceAccountDir: account })).connection.server, 'https://[fd00::1]:443')
  })

  t.test('without a CA says which file is missing', async (t) => {
    const bare = t.testdir({ token: 'x' })
    t.match(await openConnection(sourceOf({ env, serviceAccountDir: bare })), {
      kind: 'error',
      why: /ca\.crt: no such file/,
    })
  })
})

t.test('TLS', (t) => {
  const dir = t.testdir({})
  const old: Authority = createAuthority(dir, 'old')
  const next: Authority = createAuthority(dir, 'next')
  const both = join(dir, 'both.crt')
  writeFileSync(both, Buffer.concat([readFileSync(old.caFile), readFileSync(next.caFile)]))
  const oldServer = pair(old.issue('api', 'IP:127.0.0.1,DNS:kube.internal'))
  const nextServer = pair(next.issue('api', 'IP:127.0.0.1'))
  const oldClient = old.issue('agent-1', '')
  const nextClient = next.issue('agent-2', '')
  const strict = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(both) }

  const withConfig = (t: Test, parts: KubeconfigParts, more: Partial<ConnectionSource> = {}): Promise<Opened> => {
    const config = join(t.testdir({ config: kubeconfig(parts) }), 'config')
    return open(t, { kubeconfig: config, ...more })
  }

  t.test('trusts the CA it was given, and no other', async (t) => {
    const server = await api(t, oldServer)
    const inline = (file: string): object => ({
      server: server.url,
      'certificate-authority-data': readFileSync(file).toString('base64'),
    })
    t.match(await ask((await withConfig(t, { cluster: inline(old.caFile) })).client), { kind: 'ok' })
    t.match(await ask((await withConfig(t, { cluster: inline(next.caFile) })).client), {
      kind: 'transport',
      why: /certificate/,
    })
    t.match(await ask((await withConfig(t, { cluster: { server: server.url } })).client), {
      kind: 'transport',
      why: /certificate/,
    })
    const named = { ...inline(old.caFile), server: server.url.replace('127.0.0.1', 'localhost') }
    t.match(await ask((await withConfig(t, { cluster: named })).client), { kind: 'transport', why: /altnames|ALTNAME/ })
    t.match(await ask((await withConfig(t, { cluster: { ...named, 'tls-server-name': 'kube.internal' } })).client), {
      kind: 'ok',
    })
    const careless = { server: server.url, 'insecure-skip-tls-verify': true }
    t.match(await ask((await withConfig(t, { cluster: careless })).client), { kind: 'ok' })
  })

  t.test('shows a client certificate, from files or inline', async (t) => {
    const server = await api(t, { ...oldServer, ...strict })
    const cluster = { server: server.url, 'certificate-authority': old.caFile }
    const files = { 'client-certificate': oldClient.certFile, 'client-key': oldClient.keyFile }
    t.match(await ask((await withConfig(t, { cluster, user: files })).client), said('', 'agent-1'))
    const inline = {
      'client-certificate-data': readFileSync(oldClient.certFile).toString('base64'),
      'client-key-data': readFileSync(oldClient.keyFile).toString('base64'),
    }
    t.match(await ask((await withConfig(t, { cluster, user: inline })).client), said('', 'agent-1'))
    t.match(await ask((await withConfig(t, { cluster })).client), { kind: 'transport' })
    const mixed = { ...files, 'client-key': nextClient.keyFile }
    const config = join(t.testdir({ config: kubeconfig({ cluster, user: mixed }) }), 'config')
    t.match(await openConnection(sourceOf({ kubeconfig: config })), {
      kind: 'error',
      why: /agent-1\.crt and .*agent-2\.key: not a certificate with its key/,
    })
  })

  t.test('case 26: follows CA and certificates that are replaced on disk, by one new connection', async (t) => {
    const files = t.testdir({})
    const [caFile, certFile, keyFile] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(files, name)) as [
      string,
      string,
      string,
    ]
    const place = (ca: string, client: { certFile: string; keyFile: string }): void => {
      copyFileSync(ca, caFile)
      copyFileSync(client.certFile, certFile)
      copyFileSync(client.keyFile, keyFile)
    }
    place(old.caFile, oldClient)
    const server = await api(t, { ...oldServer, ...strict })
    const config = join(files, 'config')
    const user = { 'client-certificate': 'client.crt', 'client-key': 'client.key' }
    writeFileSync(config, kubeconfig({ cluster: { server: server.url, 'certificate-authority': 'ca.crt' }, user }))
    const { log, lines } = warnings()
    const { client } = await open(t, { kubeconfig: config, log })
    for (let n = 0; n < 5; n += 1) t.match(await ask(client), said('', 'agent-1'))
    t.equal(server.opened(), 1)

    copyFileSync(nextClient.certFile, certFile)
    t.match(await ask(client), said('', 'agent-1'), 'while certificate and key do not fit, the former pair is shown')
    t.equal(server.opened(), 1)
    t.match(lines, [/client\.crt and .*client\.key/])

    place(both, nextClient)
    ;(server.server as unknown as { setSecureContext(options: ServerOptions): void }).setSecureContext({
      ...nextServer,
      ...strict,
    })
    for (let n = 0; n < 5; n += 1) t.match(await ask(client), said('', 'agent-2'))
    t.equal(server.opened(), 2)
    while (server.open() > 1) await turn()
    t.equal(lines.length, 1)
  })

  t.test('lets a watch go on over the connection it began on', async (t) => {
    const files = t.testdir({})
    const caFile = join(files, 'ca.crt')
    copyFileSync(old.caFile, caFile)
    const streams: ServerResponse[] = []
    const server = await api(t, oldServer, (request, response) => {
      if (request.url !== '/watch') {
        response.end('{}')
        return
      }
      streams.push(response)
      response.flushHeaders()
    })
    const config = join(files, 'config')
    writeFileSync(config, kubeconfig({ cluster: { server: server.url, 'certificate-authority': caFile } }))
    const { client } = await open(t, { kubeconfig: config })
    const watch = await client.watch('/watch', {
      signal: new AbortController().signal,
      timeoutMs: 1000,
      maxBytes: 1000,
    })
    if (watch.kind !== 'ok') throw new Error(JSON.stringify(watch))
    copyFileSync(both, caFile)
    t.match(await ask(client), { kind: 'ok' })
    streams[0]?.end('{"still":"here"}\n')
    const lines: number[] = []
    for await (const chunk of watch.body.chunks) lines.push(chunk.length)
    t.strictSame(lines, [1])
  })
  t.end()
})

t.test('an exec plugin', async (t) => {
  const valid = { token: '' }
  const server = await api(t, null, (request, response) => {
    const { authorization = '' } = request.headers
    if (valid.token !== '' && authorization !== `Bearer ${valid.token}`) response.writeHead(401).end()
    else response.end(JSON.stringify({ authorization }))
  })
  const apiVersion = 'client.authentication.k8s.io/v1'
  const credential = (status: object): string => JSON.stringify({ apiVersion, kind: 'ExecCredential', status })
  const withPlugin = async (
    t: Test,
    body: string,
    more: { readonly exec?: object; readonly clock?: Clock } = {},
  ): Promise<Opened & { readonly dir: string }> => {
    valid.token = ''
    const dir = t.testdir({})
    script(dir, 'plugin', body)
    const exec = {
      apiVersion,
      command: './plugin',
      args: ['get', 'token'],
      env: [{ name: 'PROFILE', value: 'prod' }],
      ...more.exec,
    }
    const config = join(dir, 'config')
    writeFileSync(config, kubeconfig({ cluster: { server: server.url, 'tls-server-name': 'k' }, user: { exec } }))
    const clock = more.clock ?? handClock()
    return { dir, ...(await open(t, { kubeconfig: config, clock })) }
  }

  t.test('is run once for many requests, with its arguments and environment', async (t) => {
    const { client, dir } = await withPlugin(
      t,
      `cd "$(dirname "$0")"; echo run >>runs; echo "$KUBERNETES_EXEC_INFO" >info; echo '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"'"$1-$2-$PROFILE"'"}}'`,
      { exec: { provideClusterInfo: true } },
    )
    const answers = await Promise.all([ask(client), ask(client), ask(client)])
    for (const answer of answers) t.match(answer, { kind: 'ok', body: { authorization: 'Bearer get-token-prod' } })
    await ask(client)
    t.equal(readFileSync(join(dir, 'runs'), 'utf8'), 'run\n')
    t.strictSame(JSON.parse(readFileSync(join(dir, 'info'), 'utf8')), {
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: server.url, 'tls-server-name': 'k' } },
    })
  })

  t.test('is run again when its credential ends, and after a 401', async (t) => {
    const clock = handClock()
    const expirationTimestamp = new Date(clock.now() + 100_000).toISOString()
    const { client, dir } = await withPlugin(t, `cat "$(dirname "$0")/answer"`, { clock })
    const say = (status: object): void => {
      writeFileSync(join(dir, 'answer'), credential(status))
    }
    say({ token: 'a', expirationTimestamp })
    t.match(await ask(client), { body: { authorization: 'Bearer a' } })
    say({ token: 'b' })
    await clock.advance(80_000)
    t.match(await ask(client), { body: { authorization: 'Bearer a' } })
    await clock.advance(10_000)
    t.match(await ask(client), { body: { authorization: 'Bearer b' } }, 'shortly before the end')
    say({ token: 'c' })
    valid.token = 'c'
    t.match(await ask(client), { kind: 'http', status: 401 })
    await client.renewCredentials()
    t.match(await ask(client), { body: { authorization: 'Bearer c' } })
  })

  t.test('that fails says so, without its output', async (t) => {
    const jwt = `eyJ${'a'.repeat(80)}`
    const failures: [string, object, RegExp][] = [
      [
        `echo noise >&2; echo "session expired for ${jwt}" >&2; exit 3`,
        {},
        /plugin exited with 3: session expired for …$/,
      ],
      [`kill -TERM $$`, {}, /was killed by SIGTERM/],
      [`echo ${SECRET}`, {}, /printed something that is not JSON/],
      [`echo '{"kind":"Secret","status":{"token":"${SECRET}"}}'`, {}, /printed no ExecCredential/],
      [`echo '{"kind":"ExecCredential","status":null}'`, {}, /neither a token nor a certificate/],
      [`echo '${credential({ clientCertificateData: 'x' })}'`, {}, /only one of certificate and key/],
      [`echo '${credential({ clientCertificateData: 'x', clientKeyData: 'y' })}'`, {}, /no PEM in it/],
      [`echo '${credential({ token: `${SECRET} x` })}'`, {}, /the token has spaces/],
      [`head -c 2000000 /dev/zero | tr '\\0' x; sleep 60`, {}, /printed more than 1 MiB/],
      [
        'true',
        { command: 'no-such-plugin', installHint: 'brew install\nplugin' },
        /no-such-plugin command not found; brew install plugin$/,
      ],
      ['true', { command: './config' }, /config cannot be started \(EACCES\)/],
    ]
    for (const [body, exec, why] of failures) {
      const { client } = await withPlugin(t, body, { exec })
      const answer = await ask(client)
      t.match(answer, { kind: 'transport', why }, String(why))
      t.notMatch(JSON.stringify(answer), new RegExp(`${SECRET}|${jwt}`))
    }
  })

  t.test('that hangs is killed after 30 s, or when the client closes', async (t) => {
    for (const end of ['time', 'close'] as const) {
      const clock = handClock()
      const { client, dir } = await withPlugin(t, 'echo $$ >"$(dirname "$0")/pid"; exec sleep 600', { clock })
      const pending = ask(client, 120_000)
      await clock.untilSleeping(2)
      const pid = async (): Promise<number> => {
        for (;;) {
          await turn()
          try {
            const text = readFileSync(join(dir, 'pid'), 'utf8')
            if (text.endsWith('\n')) return Number(text)
          } catch (error) {
            if (!String(error).includes('ENOENT')) throw error
          }
        }
      }
      const running = await pid()
      if (end === 'time') await clock.advance(30_000)
      else await client.close()
      t.match(await pending, { kind: 'transport', why: end === 'time' ? /did not end within 30 s/ : /was stopped/ })
      const isAlive = (): boolean => {
        try {
          return process.kill(running, 0)
        } catch {
          return false
        }
      }
      while (isAlive()) await turn()
      t.pass('the process is gone')
    }
  })

  t.test('may give a client certificate', async (t) => {
    const dir = t.testdir({})
    const ca = createAuthority(dir, 'exec')
    const issued = pair(ca.issue('robot', ''))
    const tls = await api(t, {
      ...pair(ca.issue('api', 'IP:127.0.0.1')),
      requestCert: true,
      ca: readFileSync(ca.caFile),
    })
    writeFileSync(
      join(dir, 'answer'),
      credential({ clientCertificateData: issued.cert.toString(), clientKeyData: issued.key.toString() }),
    )
    const command = script(dir, 'plugin', `cat "${join(dir, 'answer')}"`)
    const config = join(dir, 'config')
    writeFileSync(
      config,
      kubeconfig({
        cluster: { server: tls.url, 'certificate-authority': ca.caFile },
        user: { exec: { apiVersion, command } },
      }),
    )
    t.match(await ask((await open(t, { kubeconfig: config })).client), said('', 'robot'))
  })
})

t.test('a proxy', (t) => {
  t.test('is taken from the environment as Go takes it', (t) => {
    const env = (NO_PROXY: string): Record<string, string> => ({
      HTTPS_PROXY: 'proxy:3128',
      http_proxy: 'http://plain:1',
      NO_PROXY,
    })
    const direct: [string, string][] = [
      ['https://10.96.0.1', '10.96.0.0/12'],
      ['https://10.96.0.1', 'a, 10.96.0.1 ,b'],
      ['https://[fd00::1]:443', 'fd00::/8'],
      ['https://k.example.com', 'example.com'],
      ['https://k.example.com', '.example.com'],
      ['https://k.example.com', '*.example.com'],
      ['https://K.Example.com', 'EXAMPLE.com'],
      ['https://k.example.com:6443', 'k.example.com:6443'],
      ['https://k.example.com', 'k.example.com:443'],
      ['https://k.example.com', '*'],
      ['https://127.0.0.1:6443', ''],
      ['https://localhost', ''],
      ['https://[::1]:6443', ''],
    ]
    for (const [server, noProxy] of direct)
      t.equal(proxyFromEnvironment(new URL(server), env(noProxy)), '', `${server} ${noProxy}`)
    const proxied: [string, string][] = [
      ['https://10.96.0.1', ''],
      ['https://10.96.0.1', '10.0.0.0/16,fd00::/8,10.96.0.1/x,10.96.0.0/99,/'],
      ['https://10.96.0.1', '10.96.0.10'],
      ['https://k.example.com', 'ample.com,.k.example.com,example.com:8443,k.example.co'],
      ['https://example.com', '.example.com'],
    ]
    for (const [server, noProxy] of proxied) {
      t.equal(proxyFromEnvironment(new URL(server), env(noProxy)), 'http://proxy:3128', `${server} ${noProxy}`)
    }
    t.equal(proxyFromEnvironment(new URL('http://k.example.com'), env('')), 'http://plain:1')
    t.equal(proxyFromEnvironment(new URL('https://k.example.com'), { https_proxy: ' ' }), '')
    t.equal(proxyFromEnvironment(new URL('https://k.example.com'), { https_proxy: 'socks5://s:1' }), 'socks5://s:1')
    t.end()
  })

  t.test('of the kubeconfig is gone through, with its password, to a server verified behind it', async (t) => {
    const dir = t.testdir({})
    const ca = createAuthority(dir, 'proxied')
    const target = await api(t, pair(ca.issue('api', 'DNS:kube.internal')))
    const tunnels: string[] = []
    const proxy = await api(t, null)
    proxy.server.on('connect', (request: IncomingMessage, socket) => {
      tunnels.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`)
      const upstream = connectTcp(target.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    const proxyUrl = `http://me:${SECRET}@127.0.0.1:${proxy.port}`
    const cluster = { server: 'https://kube.internal:6443', 'certificate-authority': ca.caFile, 'proxy-url': proxyUrl }
    const config = join(dir, 'config')
    writeFileSync(config, kubeconfig({ cluster, user: { token: 'x' } }))
    const { client, connection } = await open(t, { kubeconfig: config })
    t.match(await ask(client), said('Bearer x'))
    t.match(await ask(client), said('Bearer x'))
    t.strictSame(
      tunnels,
      [`kube.internal:6443 Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`],
      'one tunnel for both',
    )
    t.equal(connection.proxy, proxyUrl)

    writeFileSync(config, kubeconfig({ cluster: { ...cluster, 'proxy-url': undefined }, user: { token: 'x' } }))
    const viaEnv = await open(t, { kubeconfig: config, env: { HTTPS_PROXY: proxyUrl } })
    t.match(await ask(viaEnv.client), said('Bearer x'))
    t.equal(tunnels.length, 2)

    const refusing = await api(t, null)
    refusing.server.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    const refused = await open(t, {
      kubeconfig: config,
      env: { HTTPS_PROXY: `http://me:${SECRET}@127.0.0.1:${refusing.port}` },
    })
    const answer = await ask(refused.client)
    t.match(answer, { kind: 'transport', why: /403/ })
    t.notMatch(JSON.stringify(answer), new RegExp(SECRET))
  })

  t.test('may speak SOCKS5', async (t) => {
    const target = await api(t, null)
    const asked: string[] = []
    const socks = createTcp((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]))
        socket.once('data', (request) => {
          asked.push(request.subarray(5, 5 + request[4]!).toString())
          const upstream = connectTcp(target.port, '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 1]))
            upstream.pipe(socket).pipe(upstream)
          })
          upstream.on('error', () => socket.destroy())
        })
      })
    })
    socks.listen(0, '127.0.0.1')
    await once(socks, 'listening')
    t.teardown(() => socks.close())
    const { port } = socks.address() as AddressInfo
    const cluster = { server: 'http://kube.internal:8080', 'proxy-url': `socks5://127.0.0.1:${port}` }
    const config = join(t.testdir({ config: kubeconfig({ cluster }) }), 'config')
    const { client } = await open(t, { kubeconfig: config })
    t.match(await ask(client), { kind: 'ok' })
    t.strictSame(asked, ['kube.internal'])
  })
  t.end()
})
