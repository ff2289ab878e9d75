import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { parseArgv } from '../../src/cli/argv.ts'
import { doctor } from '../../src/cli/doctor.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { startLokiServer } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { neededPermissions } from '../../src/doctor/kube-checks.ts'
import { readSettings } from '../../src/doctor/loki-settings.ts'
import { examineCheckpoint, examineWal } from '../../src/doctor/own-checks.ts'
import { grantYaml, permissionText } from '../../src/doctor/permission.ts'

type Asked = { readonly verb: string; readonly resource: string; readonly namespace: string; readonly name?: string }

/** The demo's API server, which reviews access as `allows` says; null: it refuses to review. */
const kube = async (t: Tap, allows: ((asked: Asked) => boolean) | null) => {
  const reviews: Asked[] = []
  const api = await startApiServer({
    store: new EventStore(),
    intercept: ({ path }) =>
      path !== '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
        ? null
        : {
            kind: 'serve',
            serve: (request, response) => {
              void text(request).then((body) => {
                const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Asked } }
                reviews.push(spec.resourceAttributes)
                response.writeHead(allows === null ? 403 : 201, { 'content-type': 'application/json' })
                const status = { allowed: allows?.(spec.resourceAttributes) }
                response.end(allows === null ? '{"message":"no\\u001b[31m"}' : JSON.stringify({ kind: 'x', status }))
              })
            },
          },
  })
  t.teardown(() => api.close())
  const create = async (): Promise<void> => {
    await fetch(`${api.url}/apis/coordination.k8s.io/v1/namespaces/monitoring/leases`, {
      method: 'POST',
      body: JSON.stringify({ metadata: { name: 'eventail', namespace: 'monitoring' }, spec: {} }),
    })
  }
  return { url: api.url, reviews, createLease: create }
}

const GOOD_CONFIG = `ingester: { max_chunk_age: 2h0m0s }
limits_config: { allow_structured_metadata: true }
schema_config: { configs: [{ schema: v11 }, { schema: v13 }] }`

type Answer = readonly [status: number, text: string]

/** Something that looks like Loki. */
const loki = async (
  t: Tap,
  { push = [204, ''], config = [200, GOOD_CONFIG], ahead = 0 }: { push?: Answer; config?: Answer; ahead?: number } = {},
) => {
  const seen: { url: string; tenant: unknown; bytes: number }[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    seen.push({ url: request.url ?? '', tenant: request.headers['x-scope-orgid'], bytes: body.length })
    const [status, said] = request.method === 'POST' ? push : config
    response.writeHead(status, { date: new Date(Date.now() + ahead).toUTCString() })
    response.end(said)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

type Setup = {
  readonly api: string
  readonly loki: string
  readonly client?: string
  readonly events?: string
  readonly top?: string
}

const examine = async (
  t: Tap,
  setup: Setup,
  { clock = systemClock, format = 'json' }: { clock?: Clock; format?: 'json' | 'table' } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), 'eventail-doctor-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(
    kubeconfig,
    `{clusters: [{name: c, cluster: {server: "${setup.api}"}}], users: [{name: u, user: {token: t}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  const file = join(folder, 'eventail.yaml')
  writeFileSync(
    file,
    `clients: [{name: main, url: "${setup.loki}/loki/api/v1/push", ${setup.client ?? ''}}]
scrape_configs: [{job_name: a, kubernetes_events: {kubeconfig: ${JSON.stringify(kubeconfig)}, ${setup.events ?? ''}}}]
${setup.top ?? 'positions: {store: none}'}`,
  )
  let [out, err] = ['', '']
  const output = { out: (said: string) => (out += said), err: (said: string) => (err += said) }
  const stop = new AbortController().signal
  const load = { files: file, expandEnv: false, overlay: {} }
  const code = await doctor({ load, format }, { clock, environment: {}, output, stop })
  return { code, out, err, findings: format === 'json' && out !== '' ? (JSON.parse(out) as Finding[]) : [] }
}

const brief = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ verdict, about, says }) => `${verdict} ${about.replace(/http\S+/, 'URL')}: ${says}`)

t.test('a healthy agent: everything is looked at, nothing is changed, exit code 0', async (t) => {
  const api = await kube(t, () => true)
  await api.createLease()
  const target = await loki(t)
  const top = `positions: {store: lease, lease: {namespace: monitoring}}
wal: {enabled: true, max_bytes: 1MB, dir: ${JSON.stringify(join(t.testdirName, 'wal/deep'))}}`
  const { code, findings, err } = await examine(t, { api: api.url, loki: target.url, client: 'tenant_id: a', top })
  t.equal(err, '')
  t.strictSame(brief(findings).slice(0, -1), [
    'ok api server URL: answers, v1.20.0-eventail-demo',
    'ok api server URL: its clock agrees with ours',
    'ok permissions: may list and watch events in all namespaces',
    'ok permissions: may get and update leases/eventail in namespace monitoring',
    'ok lease: monitoring/eventail is there',
    'ok loki main: takes pushes as tenant a',
    'ok loki main: its clock agrees with ours',
    'ok loki main: takes structured metadata',
    'ok loki main: its max_chunk_age of 2h fits events that live for 1h',
    'ok positions: lease/monitoring/eventail holds no positions yet',
  ])
  t.match(findings.at(-1), { verdict: 'ok', about: 'wal', says: /can be written and has \d+MB free$/ })
  t.equal(code, 0)
  t.strictSame(
    target.seen.map(({ url, tenant, bytes }) => [url, tenant, bytes]),
    [
      ['/loki/api/v1/push', 'a', 1],
      ['/config', 'a', 0],
    ],
    'what is pushed is an empty message',
  )
  t.strictSame(
    api.reviews.map(({ verb, resource, namespace, name = '' }) => [verb, resource, namespace, name]),
    [
      ['list', 'events', '', ''],
      ['watch', 'events', '', ''],
      ['get', 'leases', 'monitoring', 'eventail'],
      ['update', 'leases', 'monitoring', 'eventail'],
    ],
  )
})

t.test('what is missing is told with the lines to add', async (t) => {
  const api = await kube(t, ({ verb }) => verb !== 'watch' && verb !== 'update')
  const target = await loki(t)
  const setup = {
    ...{ api: api.url, loki: target.url, events: 'namespaces: [shop, web]' },
    top: 'leader_election: {enabled: true}\npositions: {lease: {namespace: monitoring}}',
  }
  const { code, findings } = await examine(t, setup)
  t.equal(code, 1)
  const failed = findings.filter(({ verdict }) => verdict === 'fail')
  t.strictSame(brief(failed), [
    'fail permissions: may not watch events in namespace shop',
    'fail permissions: may not watch events in namespace web',
    'fail permissions: may not update leases/eventail in namespace monitoring',
    'fail lease: monitoring/eventail is not there, and the agent may not create it',
  ])
  const [role, binding] = parseAllDocuments(failed[0]?.yaml ?? '').map((document) => document.toJS() as unknown)
  t.strictSame(role, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'eventail-events', namespace: 'shop' },
    rules: [{ apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] }],
  })
  t.match(binding, {
    kind: 'RoleBinding',
    subjects: [{ kind: 'ServiceAccount', namespace: 'monitoring', name: 'eventail' }],
  })
  t.match(parse(failed[3]?.yaml ?? ''), { kind: 'Lease', metadata: { name: 'eventail', namespace: 'monitoring' } })

  const table = (await examine(t, setup, { format: 'table' })).out
  t.match(
    table,
    /^fail {2}permissions: may not watch events in namespace shop\n {6}add to the manifests:\n {8}apiVersion: rbac/m,
  )
})

t.test('what enrich may not read is a warning, with the role to add', async (t) => {
  const denied = new Set(['list pods shop', 'get namespaces shop', 'watch nodes '])
  const api = await kube(t, ({ verb, resource, namespace }) => !denied.has(`${verb} ${resource} ${namespace}`))
  const target = await loki(t)
  const enrich = 'enrich: {owners: true, resources: [pods, jobs.batch], namespace_labels: [team], node_labels: [zone]}'
  const setup = { api: api.url, loki: target.url, events: `namespaces: [shop, web], ${enrich}` }
  const { code, findings } = await examine(t, setup)
  t.equal(code, 0, 'the events arrive without it')
  const told = findings.filter(({ about }) => about === 'enrichment')
  t.strictSame(brief(told), [
    'warn enrichment: may not watch nodes, everywhere: entries may go without what it would add',
    'warn enrichment: may not list pods; get namespaces, in namespace shop: entries may go without what it would add',
    'ok enrichment: may get and list pods, jobs.batch; get namespaces, in namespace web',
  ])
  const [role, binding] = parseAllDocuments(told[1]?.yaml ?? '').map((document) => document.toJS() as unknown)
  t.match(role, {
    kind: 'Role',
    metadata: { name: 'eventail-enrich', namespace: 'shop' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    ],
  })
  t.match(binding, { kind: 'RoleBinding', subjects: [{ name: 'eventail', namespace: 'monitoring' }] })
  t.match(told[0]?.yaml, /^kind: ClusterRole$/m)
  const everywhere = await examine(t, { ...setup, api: (await kube(t, null)).url, events: enrich })
  t.match(
    brief(everywhere.findings).join('\n'),
    'not known whether it may get and list pods, jobs.batch; list and watch namespaces, nodes, everywhere: HTTP 403',
  )
})

t.test('an API server that does not answer, does not know us, or does not review', async (t) => {
  const target = await loki(t)
  const closed = await loki(t, {})
  const silent = await examine(t, { api: 'http://127.0.0.1:1', loki: target.url })
  t.match(silent.findings[0], { verdict: 'fail', says: /^does not answer: / })
  t.notOk(
    silent.findings.some(({ about }) => about === 'permissions'),
    'what follows from it is not told',
  )
  t.equal(silent.code, 1)
  const unreviewed = await examine(t, { api: (await kube(t, null)).url, loki: closed.url }, { format: 'table' })
  t.match(unreviewed.out, 'not known whether it may list and watch events in all namespaces: HTTP 403')
  t.notMatch(unreviewed.out, '\u001b', 'a server cannot move the cursor')
  t.equal(unreviewed.code, 0)
  const stranger = await startApiServer({ store: new EventStore(), token: () => 'other' })
  t.teardown(() => stranger.close())
  const unknown = await examine(t, { api: stranger.url, loki: target.url })
  t.match(unknown.findings[0], { verdict: 'fail', says: 'does not know us (401)' })
})

const LOKIS: readonly (readonly [
  name: string,
  options: Parameters<typeof loki>[1],
  client: string,
  verdict: string,
])[] = [
  [
    'Loki 3 refuses an empty push after letting it in',
    { push: [422, 'at least one valid stream'] },
    '',
    'ok main: takes pushes without a tenant',
  ],
  ['a tenant is wanted', { push: [401, 'no org id'] }, '', 'fail main: wants a tenant, and none is configured'],
  ['wrong credentials', { push: [401, 'who?'] }, '', 'fail main: refuses us without a tenant: HTTP 401 who?'],
  ['not this tenant', { push: [403, ''] }, 'tenant_id: b', 'fail main: refuses us as tenant b: HTTP 403'],
  [
    'wrong path',
    { push: [404, '404 page not found'] },
    '',
    'fail main: does not take pushes there: HTTP 404 404 page not found',
  ],
  [
    'something in between',
    { push: [502, 'bad gateway'] },
    '',
    'warn main: answers a push of nothing with HTTP 502 bad gateway',
  ],
  [
    '/config is hidden',
    { config: [404, ''] },
    '',
    'warn main: /config cannot be read (HTTP 404): max_chunk_age, structured metadata and schema were not checked',
  ],
  [
    '/config is no YAML',
    { config: [200, 'a: ['] },
    '',
    'warn main: /config cannot be read (HTTP 200): max_chunk_age, structured metadata and schema were not checked',
  ],
  [
    'an old schema',
    { config: [200, 'schema_config: {configs: [{schema: v12}]}'] },
    '',
    'fail main: takes no structured metadata: its schema is v12',
  ],
  [
    'no structured metadata',
    { config: [200, 'limits_config: {allow_structured_metadata: false}'] },
    '',
    'fail main: takes no structured metadata: allow_structured_metadata is false',
  ],
  [
    'another chunk age',
    { config: [200, 'ingester: {max_chunk_age: 4h}'] },
    '',
    'warn main: its max_chunk_age is 4h, and the client thinks it is 2h',
  ],
  [
    'too short a chunk age',
    { config: [200, 'ingester: {max_chunk_age: 30m}'] },
    'max_chunk_age: 30m',
    'warn main: its max_chunk_age of 30m refuses what is 15m older than the newest, and events live for 1h',
  ],
  ['a clock ahead', { ahead: 60_000 }, '', 'warn main: its clock is 60 s ahead of ours'],
  ['a clock far behind', { ahead: -3_600_000 }, '', 'fail main: its clock is 3600 s behind ours'],
]

t.test('what Loki answers', async (t) => {
  const api = await kube(t, () => true)
  for (const [name, options, client, expected] of LOKIS) {
    const target = await loki(t, options)
    const { findings, code } = await examine(t, { api: api.url, loki: target.url, client })
    const told = brief(findings).map((line) =>
      line
        .replace(' loki main', ' main')
        .replace(/\b(59|61) s/, '60 s')
        .replace(/\b(3599|3601) s/, '3600 s'),
    )
    t.ok(told.includes(expected), `${name}: ${told.join('\n')}`)
    t.equal(code, expected.startsWith('fail') ? 1 : 0, name)
    for (const { verdict, remedy } of findings) if (verdict !== 'ok') t.not(remedy, '', name)
  }
  const off = await loki(t, { config: [200, 'limits_config: {allow_structured_metadata: false}'] })
  const without = await examine(t, { api: api.url, loki: off.url, events: 'structured_metadata: false' })
  t.match(
    brief(without.findings).join('\n'),
    'takes no structured metadata (allow_structured_metadata is false), and none is sent',
  )
  const nobody = await examine(t, {
    api: api.url,
    loki: 'http://127.0.0.1:1',
    client: 'basic_auth: {username: u, password: hunter2}',
  })
  t.match(nobody.findings.at(-1), { verdict: 'fail', about: 'loki main', says: /^does not answer/ })
  t.notMatch(nobody.out, 'hunter2')
})

t.test("the demo's Loki: an empty push stores nothing, and the tenant counts", async (t) => {
  const api = await kube(t, () => true)
  const store = new LokiStore({})
  const server = await startLokiServer({ store, auth: true })
  t.teardown(() => server.close())
  const without = await examine(t, { api: api.url, loki: server.url })
  t.match(brief(without.findings).join('\n'), 'fail loki main: wants a tenant, and none is configured')
  t.match(without.findings.find(({ verdict }) => verdict === 'fail')?.yaml, 'tenant_id: ')
  const named = await examine(t, { api: api.url, loki: server.url, client: 'tenant_id: a' })
  t.match(brief(named.findings).join('\n'), 'ok loki main: takes pushes as tenant a')
})

t.test('positions and the write-ahead log on disk', async (t) => {
  const folder = t.testdir({ 'positions.yaml': 'positions: [' })
  const api = await kube(t, () => true)
  const target = await loki(t)
  const setup = {
    api: api.url,
    loki: target.url,
    top: `positions: {filename: ${JSON.stringify(join(folder, 'positions.yaml'))}}`,
  }
  t.match(brief((await examine(t, setup)).findings).at(-1), /^fail positions: .*positions\.yaml is corrupt/)
  const nowhere = await examine(t, { ...setup, top: 'positions: {store: lease}' })
  t.match(nowhere.findings.at(-1), { verdict: 'fail', says: /namespace is needed/, yaml: /namespace: <namespace>/ })
  const store = { place: 'lease/a/b', save: () => Promise.resolve({ kind: 'saved' as const }) }
  const load = (outcome: Awaited<ReturnType<Parameters<typeof examineCheckpoint>[0]['load']>>) =>
    examineCheckpoint({ ...store, load: () => Promise.resolve(outcome) }, new AbortController().signal)
  t.match(await load({ kind: 'found', cursors: { a: '1' } }), { verdict: 'ok', says: 'lease/a/b holds 1 positions' })
  t.match(await load({ kind: 'unreadable', why: 'x' }), { verdict: 'fail' })

  const wal = { segmentBytes: 1, fsync: true }
  const small = await examineWal({ ...wal, directory: join(folder, 'new'), maxBytes: 2 ** 60 })
  t.match(small[0], { verdict: 'warn', yaml: /max_bytes: \d+MB/ })
  t.match((await examineWal({ ...wal, directory: join(folder, 'positions.yaml/x'), maxBytes: 1 }))[0], {
    verdict: 'fail',
  })
  const locked = join(folder, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o555)
  if (process.getuid?.() !== 0)
    t.match((await examineWal({ ...wal, directory: locked, maxBytes: 1 }))[0], { verdict: 'fail' })
})

t.test('in a cluster the own namespace is needed too; a grant is as narrow as the need', (t) => {
  const patient = {
    server: '',
    ask: () => Promise.reject(new Error('not asked')),
    jobs: [],
    lease: null,
    ownNamespace: 'logs',
  }
  const [own] = neededPermissions(patient)
  t.equal(own && permissionText(own), 'get namespaces/logs in namespace logs')
  const yaml = own === undefined ? '' : grantYaml(own, { namespace: 'logs', name: 'eventail' })
  t.match(parseAllDocuments(yaml)[0]?.toJS(), { kind: 'Role', rules: [{ resourceNames: ['logs'], verbs: ['get'] }] })
  const all = grantYaml(
    { group: '', resource: 'events', name: '', namespace: '', verbs: ['list'] },
    { namespace: 'a', name: 'b' },
  )
  t.match(all, 'kind: ClusterRoleBinding')
  t.equal(readSettings('text'), null)
  t.strictSame(readSettings('{}'), { maxChunkAgeMs: null, structuredMetadata: null, schema: null })
  t.end()
})

t.test('the command line', async (t) => {
  t.match(parseArgv(['doctor', '-config.file=a.yaml', '-o', 'json']), { command: 'doctor', format: 'json' })
  t.match(parseArgv(['doctor']), { command: 'usage-error', message: /set -config.file/ })
  t.match(parseArgv(['doctor', '-config.file=a.yaml', '-o', 'xml']), { command: 'usage-error' })
  const clock: Clock = systemClock
  const bad = await examine(t, { api: 'http://a', loki: 'http://b', client: 'tenant_id: "?"' }, { clock })
  t.equal(bad.code, 2)
  t.match(bad.err, 'tenant_id')
  const other = await examine(t, { api: 'http://a', loki: 'http://b', events: 'context: other' })
  t.equal(other.code, 1)
  t.match(other.err, 'other')
  t.match(readFileSync('docs/command-line.md', 'utf8'), 'eventail doctor')
})
