import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { formatSize, parseSize } from '../../src/config/byte-size.ts'
import { closest } from '../../src/config/closest.ts'
import { formatConfigErrors, type ConfigError } from '../../src/config/config-error.ts'
import type { Config } from '../../src/config/config.ts'
import type { Decoder } from '../../src/config/decoder.ts'
import { maskClient } from '../../src/config/finish-clients.ts'
import { formatDuration, parseDuration } from '../../src/config/go-duration.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configDecoder, parseConfig } from '../../src/config/parse-config.ts'
import type { Overlay } from '../../src/config/place.ts'
import { printClient, printConfig } from '../../src/config/print-config.ts'
import { WORKLOADS } from '../../src/enrich/resource.ts'

const FIXTURES = resolve(import.meta.dirname, '../fixtures/config')
const fixture = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8')

const valid = (text: string): Config => {
  const parsed = parseConfig(text, 'e.yaml')
  if (parsed.kind === 'valid') return parsed.config
  throw new Error(formatConfigErrors(parsed.errors))
}

const errors = (text: string, overlay?: Overlay): readonly ConfigError[] => {
  const parsed = parseConfig(text, 'e.yaml', overlay)
  return parsed.kind === 'invalid' ? parsed.errors : []
}

const brief = ({ line, col, code, path }: ConfigError): string => `${line}:${col} ${code} ${path}`

/** One client and one job around what a test is about. */
const around = ({ client = '', events = '', top = '' }: { client?: string; events?: string; top?: string }): string =>
  `clients: [{url: "http://loki/push"${client}}]\nscrape_configs: [{job_name: a, kubernetes_events: {${events}}}]\n${top}`

const BAD: Readonly<Record<string, readonly string[]>> = {
  'empty.bad.yaml': ['1:1 MISSING_KEY clients', '1:1 MISSING_KEY scrape_configs'],
  'syntax.bad.yaml': ['3:1 YAML_SYNTAX ', '5:1 YAML_SYNTAX '],
  'unknown-keys.bad.yaml': [
    '3:5 UNKNOWN_KEY clients[0].batch_wait',
    '4:18 UNKNOWN_KEY clients[0].tls_config.minversion',
    '5:1 UNKNOWN_KEY servr',
  ],
  'duplicate-keys.bad.yaml': ['4:5 DUPLICATE_KEY clients[0].timeout', '6:1 DUPLICATE_KEY scrape_configs'],
  'durations-and-sizes.bad.yaml': [
    '2:5 MISSING_KEY clients[0].url',
    '2:16 BAD_DURATION clients[0].batchwait',
    '3:16 BAD_SIZE clients[0].batchsize',
    '4:14 BAD_DURATION clients[0].timeout',
    '5:18 BAD_SIZE clients[0].queue_bytes',
    '6:13 BAD_DURATION clients[0].linger',
    '8:16 BAD_DURATION clients[1].batchwait',
    '9:20 BAD_DURATION clients[1].max_chunk_age',
    '10:32 BAD_SIZE clients[1].stream_rate.burst_bytes',
  ],
  'types.bad.yaml': [
    '1:9 BAD_TYPE server',
    '2:10 BAD_TYPE clients',
    '3:12 BAD_TYPE positions',
    '5:5 BAD_TYPE scrape_configs[0]',
    '6:15 BAD_TYPE scrape_configs[1].job_name',
    '7:24 BAD_TYPE scrape_configs[1].kubernetes_events',
    '9:37 BAD_TYPE scrape_configs[2].kubernetes_events.namespaces',
    '9:48 BAD_TYPE scrape_configs[2].kubernetes_events.labels',
    '9:64 BAD_TYPE scrape_configs[2].kubernetes_events.max_streams',
    '9:91 BAD_TYPE scrape_configs[2].kubernetes_events.structured_metadata',
    '10:16 BAD_TYPE drain_timeout',
  ],
  'clients.bad.yaml': [
    '2:10 BAD_URL clients[0].url',
    '3:10 BAD_URL clients[1].url',
    '4:10 BAD_URL clients[2].url',
    '6:24 CONFLICT clients[3].bearer_token_file',
    '8:47 CONFLICT clients[4].basic_auth.username_file',
    '9:20 CONFLICT clients[4].authorization',
    '11:28 BAD_VALUE clients[5].authorization.type',
    '13:20 MISSING_KEY clients[6].authorization.credentials',
    '15:17 CONFLICT clients[7].tls_config.key',
    '15:37 BAD_VALUE clients[7].tls_config.ca',
    '15:65 BAD_VALUE clients[7].tls_config.min_version',
    '17:15 CONFLICT clients[8].no_proxy',
    '20:16 CONFLICT clients[9].proxy_url',
    '22:16 BAD_URL clients[10].proxy_url',
    '23:16 BAD_VALUE clients[10].tenant_id',
    '24:24 BAD_LABEL clients[10].external_labels.a-b',
    '25:16 BAD_VALUE clients[10].headers."a b"',
    '25:29 BAD_VALUE clients[10].headers.d',
    '27:35 CONFLICT clients[11].backoff_config.min_period',
    '27:68 BAD_VALUE clients[11].backoff_config.max_retries',
    '28:13 CONFLICT clients[11].linger',
    '29:16 CONFLICT clients[11].batchsize',
    '30:28 BAD_VALUE clients[11].max_pushes_per_second',
    '32:13 MISSING_KEY clients[12].oauth2.token_url',
    '33:40 BAD_VALUE clients[12].http_headers.Content-Type',
    '35:27 CONFLICT clients[13].proxy_connect_header',
    '35:29 BAD_VALUE clients[13].proxy_connect_header."a b"',
    '35:45 BAD_VALUE clients[13].proxy_connect_header.d[0]',
    '36:52 CONFLICT clients[13].tls_config.max_version',
    '36:67 UNSUPPORTED clients[13].tls_config.ca_ref',
    '38:33 UNSUPPORTED clients[14].basic_auth.username_ref',
    '38:50 UNSUPPORTED clients[14].basic_auth.password_ref',
    '40:7 MISSING_KEY clients[14].oauth2.client_certificate_key',
    '40:7 CONFLICT clients[14].oauth2',
    '44:35 UNSUPPORTED clients[14].oauth2.client_certificate_key_ref',
    '45:28 BAD_VALUE clients[14].oauth2.signature_algorithm',
    '46:20 BAD_VALUE clients[14].oauth2.claims.a',
    '48:62 BAD_VALUE clients[15].oauth2.grant_type',
  ],
  'client-names.bad.yaml': [
    '3:5 DUPLICATE_NAME clients[1]',
    '5:5 DUPLICATE_NAME clients[3]',
    '6:9 DUPLICATE_NAME client',
  ],
  'jobs.bad.yaml': [
    '3:5 MISSING_KEY scrape_configs[0].job_name',
    '4:5 MISSING_KEY scrape_configs[1].kubernetes_events',
    '6:5 UNSUPPORTED scrape_configs[2].static_configs',
    '8:45 DUPLICATE_NAME scrape_configs[3].kubernetes_events.namespaces[2]',
    '8:69 CONFLICT scrape_configs[3].kubernetes_events.exclude_namespaces',
    '9:5 DUPLICATE_NAME scrape_configs[4]',
    '10:39 BAD_VALUE scrape_configs[4].kubernetes_events.namespaces[0]',
    '10:54 BAD_VALUE scrape_configs[4].kubernetes_events.start',
    '10:73 BAD_VALUE scrape_configs[4].kubernetes_events.format',
    '12:42 BAD_VALUE scrape_configs[5].kubernetes_events.field_selector',
    '12:83 BAD_VALUE scrape_configs[5].kubernetes_events.label_selector',
    '14:42 BAD_VALUE scrape_configs[6].kubernetes_events.field_selector',
    '17:9 UNKNOWN_KEY scrape_configs[6].pipeline_stages[1].jsn',
    '18:15 MISSING_KEY scrape_configs[6].pipeline_stages[2].json.expressions',
    '18:17 UNKNOWN_KEY scrape_configs[6].pipeline_stages[2].json.expression',
    '19:43 BAD_VALUE scrape_configs[6].pipeline_stages[3].json.expressions.b',
    '20:30 BAD_VALUE scrape_configs[6].pipeline_stages[4].regex.expression',
    '21:9 UNSUPPORTED scrape_configs[6].pipeline_stages[5].multiline',
    '22:28 BAD_VALUE scrape_configs[6].pipeline_stages[6].match.selector',
    '22:55 BAD_LABEL scrape_configs[6].pipeline_stages[6].match.stages[0].labels.a-b',
    '23:42 BAD_VALUE scrape_configs[6].pipeline_stages[7].template.template',
    '24:15 MISSING_KEY scrape_configs[6].pipeline_stages[8].drop.source',
    '26:9 MISSING_KEY scrape_configs[6].relabel_configs[0].target_label',
    '27:17 BAD_VALUE scrape_configs[6].relabel_configs[1].action',
    '28:38 BAD_VALUE scrape_configs[6].relabel_configs[2].regex',
  ],
  'later.bad.yaml': [
    '2:34 CONFLICT positions.lease',
    '3:30 UNSUPPORTED server.tls_cipher_suites',
    '3:51 BAD_VALUE server.http_listen_port',
    '3:76 BAD_VALUE server.http_path_prefix',
    '3:94 BAD_VALUE server.log_level',
    '5:54 CONFLICT wal.segment_bytes',
  ],
  'leader-election.bad.yaml': [
    '5:3 CONFLICT leader_election',
    '6:19 BAD_DURATION leader_election.lease_duration',
    '7:19 CONFLICT leader_election.renew_deadline',
  ],
  'leader-election-order.bad.yaml': [
    '4:18 CONFLICT leader_election',
    '4:51 CONFLICT leader_election.lease_duration',
    '4:70 BAD_DURATION leader_election.retry_period',
  ],
  'aliases.bad.yaml': [
    '4:22 BAD_VALUE clients[0].external_labels',
    '4:22 BAD_VALUE clients[1].external_labels',
    '4:22 BAD_VALUE clients[1].headers.external_labels',
    '8:9 BAD_TYPE clients[2]."<<"',
    '9:16 BAD_TYPE clients[2].url',
  ],
}

t.test('every bad file is told with all its errors and their places', (t) => {
  const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.bad.yaml'))
  t.strictSame(files.toSorted(), Object.keys(BAD).toSorted(), 'the table is complete')
  for (const [name, expected] of Object.entries(BAD)) t.strictSame(errors(fixture(name)).map(brief), expected, name)
  t.end()
})

t.test('the whole text of errors, with source lines and carets', (t) => {
  const text = `clients:
  - url: http://loki:3100/loki/api/v1/push
    batch_wait: 1s
    batchwait: 5
    basic_auth: { username: agent, password: [hunter2, x] }
scrape_configs:
  - job_name: events
    kubernetes_events: {}
`
  const parsed = parseConfig(text, 'eventail.yaml')
  if (parsed.kind === 'valid') return t.fail('valid')
  t.equal(
    formatConfigErrors(parsed.errors),
    `eventail.yaml:3:5: clients[0].batch_wait: expected a known key, got an unknown one; did you mean \`batchwait\`?
        batch_wait: 1s
        ^
eventail.yaml:4:16: clients[0].batchwait: expected a duration such as 300ms, 10s or 1h30m, 0s to 10m, got "5" (a bare number has no unit; Promtail would take it as nanoseconds)
        batchwait: 5
                   ^
eventail.yaml:5:46: clients[0].basic_auth.password: expected text, got a list
        basic_auth: { username: agent, password: <secret>
                                                 ^
`,
  )
  t.end()
})

t.test('long lines are cut around the place, and too many errors are counted', (t) => {
  const [error] = errors(around({ client: `, tenant_id: ${'x'.repeat(151)}` }))
  t.match(error?.message, /got "x{60}…"$/)
  const [far] = errors(around({ events: `labels: {a: ${'x'.repeat(300)}}, start: maybe` }))
  const [line = '', caret = ''] = (far?.excerpt ?? '').split('\n')
  t.match(line, /^ {4}…x+}, start: maybe}}]$/)
  t.equal(line.slice(caret.indexOf('^'), caret.indexOf('^') + 5), 'maybe')
  const many = Array.from({ length: 70 }, (_, index) => `unknown_${index}: 1`).join('\n')
  t.match(formatConfigErrors(errors(around({ top: many }))), /\n\.\.\. and 20 more errors\n$/)
  const endless = Array.from({ length: 5000 }, (_, index) => `unknown_${index}: 1`).join('\n')
  t.equal(errors(around({ top: endless })).length, 1000, 'no more than anybody reads')
  t.end()
})

t.test('the smallest file has every default', (t) => {
  t.strictSame(valid(fixture('minimal.good.yaml')), {
    server: {
      disable: false,
      httpListenAddress: '',
      httpListenPort: 9080,
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
    },
    clients: [
      {
        name: valid(fixture('minimal.good.yaml')).clients[0]?.name,
        url: 'http://loki:3100/loki/api/v1/push',
        host: 'loki:3100',
        tenantId: '',
        externalLabels: {},
        headers: {},
        fileHeaders: {},
        authorization: { kind: 'none' },
        tls: {
          ca: null,
          cert: null,
          key: null,
          serverName: '',
          insecureSkipVerify: false,
          minVersion: 'TLS12',
          maxVersion: null,
        },
        proxy: { kind: 'none' },
        followRedirects: true,
        batchWaitMs: 1000,
        batchSizeBytes: 1_048_576,
        lingerMs: 25,
        maxPushesPerSecond: 20,
        queueBytes: 16_777_216,
        timeoutMs: 10_000,
        backoff: { minMs: 500, maxMs: 300_000 },
        maxRetries: 0,
        dropRateLimited: false,
        required: true,
        streamPace: { bytesPerSecond: 2_883_584, burstBytes: 12_582_912 },
        tenantPace: { bytesPerSecond: 3_932_160, burstBytes: 5_242_880 },
        maxChunkAgeMs: 7_200_000,
      },
    ],
    positions: {
      store: 'auto',
      filename: 'positions.yaml',
      syncPeriodMs: 2000,
      lease: { name: 'eventail', namespace: '' },
    },
    leaderElection: {
      enabled: false,
      timing: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 },
    },
    scrapeConfigs: [
      {
        jobName: 'kubernetes-events',
        connection: { kubeconfig: '', context: '' },
        source: {
          namespaces: { kind: 'all', except: [] },
          fieldSelector: '',
          labelSelector: '',
          start: { kind: 'all' },
        },
        entry: {
          format: 'logfmt',
          job: '',
          labels: {},
          structuredMetadata: true,
          maxStreams: 4000,
          maxLineBytes: 262_144,
          maxLabelValueBytes: 2048,
        },
        enrich: null,
        throttle: null,
        relabel: [],
        stages: [],
        written: { relabel: null, stages: null },
      },
    ],
    lineRate: null,
    wal: null,
    drainTimeoutMs: 20_000,
    heartbeatMs: 60_000,
  })
  t.end()
})

t.test('a file with everything is read as it says', (t) => {
  const config = valid(fixture('everything.good.yaml'))
  t.match(config.server, {
    httpListenAddress: '127.0.0.1',
    httpListenPort: 3101,
    httpPathPrefix: '/tail',
    logLevel: 'debug',
    logFormat: 'json',
    healthCheckTarget: false,
    gracefulShutdownTimeoutMs: 5000,
    registerInstrumentation: false,
    connectionLimit: 7,
    readTimeoutMs: 1000,
    readHeaderTimeoutMs: 2000,
    stalledTimeoutMs: 3000,
    idleTimeoutMs: 4000,
    tls: { clientAuth: 'VerifyClientCertIfGiven', clientCa: { kind: 'file', path: '/etc/clients.pem' } },
  })
  const [main, token, signed] = config.clients
  t.match(main, {
    name: 'main',
    host: 'loki.example:443',
    tenantId: 'team-a',
    externalLabels: { cluster: 'on', zone: '0123' },
    headers: { 'X-Key': 'abc', 'X-One': 'a, b' },
    fileHeaders: {
      'X-Two': [
        { kind: 'inline', value: 'c' },
        { kind: 'file', path: '/etc/two' },
      ],
    },
    authorization: {
      kind: 'basic',
      username: { kind: 'inline', value: 'user' },
      password: { kind: 'file', path: '/etc/password' },
    },
    tls: {
      cert: { kind: 'file', path: '/etc/cert.pem' },
      serverName: 'loki',
      minVersion: 'TLS12',
      maxVersion: 'TLS13',
    },
    proxy: { kind: 'url', url: 'http://proxy:3128', noProxy: 'localhost', connectHeaders: { 'x-team': 'a, b' } },
    followRedirects: false,
    batchWaitMs: 1500,
    batchSizeBytes: 524_288,
    lingerMs: 10,
    maxPushesPerSecond: 5,
    queueBytes: 33_554_432,
    timeoutMs: 5000,
    backoff: { minMs: 100, maxMs: 60_000 },
    maxRetries: 7,
    dropRateLimited: true,
    required: false,
    streamPace: { bytesPerSecond: 1_048_576, burstBytes: 2_097_152 },
    tenantPace: { bytesPerSecond: 0, burstBytes: 3_145_728 },
    maxChunkAgeMs: 21_600_000,
  })
  t.notOk(main && 'none' in main.externalLabels, 'an empty label is none')
  t.match(
    token,
    {
      name: 'token',
      tenantId: 'team-a',
      authorization: { kind: 'header', type: 'Token', credentials: { kind: 'file', path: '/etc/token' } },
      proxy: { kind: 'environment' },
    },
    'a merge key brings the rest, and null takes it away',
  )
  t.match(signed?.authorization, {
    kind: 'oauth2',
    clientId: 'me',
    grant: {
      kind: 'jwt-bearer',
      key: { kind: 'file', path: '/etc/key.pem' },
      keyId: 'k1',
      algorithm: 'RS384',
      issuer: 'us',
      audience: 'them',
      claims: { on: true, n: 16, list: ['a', 1.5], none: null },
    },
  })
  t.match(config.positions, {
    store: 'lease',
    syncPeriodMs: 60_000,
    lease: { name: 'positions', namespace: 'monitoring' },
  })
  t.match(config.scrapeConfigs, [
    {
      jobName: 'some',
      connection: { kubeconfig: '/etc/kubeconfig', context: 'prod' },
      source: {
        namespaces: { kind: 'only', names: ['shop', 'web'] },
        fieldSelector: 'type!=Normal,involvedObject.kind=Pod',
        labelSelector: 'app in (a, b),!canary',
        start: { kind: 'since', durationMs: 5_400_000 },
      },
      entry: {
        format: 'json',
        job: 'events',
        labels: { team: 'a' },
        structuredMetadata: false,
        maxStreams: 100,
        maxLineBytes: 10_240,
        maxLabelValueBytes: 128,
      },
      enrich: {
        labels: ['app.kubernetes.io/*', 'team'],
        annotations: ['shop.example/owner'],
        owners: true,
        namespaceLabels: ['cost-centre'],
        nodeLabels: ['topology.kubernetes.io/zone'],
        resources: ['pods', 'replicasets.apps', 'rollouts.argoproj.io'],
        waitMs: 100,
        maxNames: 8,
        maxValueBytes: 64,
        cacheBytes: 8_388_608,
        cacheTtlMs: 300_000,
        requestsPerSecond: 10,
      },
      throttle: { lines: 5, windowMs: 900_000, namespaceLines: 1000, namespaceWindowMs: 30_000 },
    },
    {
      source: { namespaces: { kind: 'all', except: ['shop', 'web'] }, start: { kind: 'new' } },
      entry: { maxLineBytes: 65_536 },
    },
  ])
  t.equal(config.drainTimeoutMs, 45_000)
  t.equal(config.heartbeatMs, 300_000)
  t.equal(valid(around({ top: 'heartbeat: 0' })).heartbeatMs, 0)
  t.strictSame(errors(around({ top: 'heartbeat: 10ms' })).map(brief), ['3:12 BAD_DURATION heartbeat'])
  t.strictSame(config.wal, { directory: '/wal', maxBytes: 536_870_912, segmentBytes: 4_194_304, fsync: false })
  t.match(
    valid(around({ top: 'wal: {enabled: true}' })).wal,
    { directory: 'wal', maxBytes: 1_073_741_824, segmentBytes: 16_777_216, fsync: true },
    'defaults of the write-ahead log',
  )
  t.match(valid(around({ top: 'wal: {enabled: true, max_bytes: 2MB}' })).wal, { segmentBytes: 524_288 }, 'a quarter')
  t.strictSame(errors(around({ top: 'wal: {enabled: true, max_bytes: 512KB, segment_bytes: 32KB}' })).map(brief), [
    '3:33 BAD_SIZE wal.max_bytes',
    '3:55 BAD_SIZE wal.segment_bytes',
  ])
  t.strictSame(config.leaderElection, {
    enabled: false,
    timing: { leaseDurationMs: 30_000, renewDeadlineMs: 20_000, retryPeriodMs: 2500 },
  })
  t.end()
})

t.test('what is looked up, and what is kept back, is said in full', (t) => {
  const events = (yaml: string): string =>
    `clients: [{url: http://l/loki/api/v1/push}]\nscrape_configs:\n  - job_name: a\n    kubernetes_events: {${yaml}}\n`
  const jobOf = (yaml: string): unknown => valid(events(yaml)).scrapeConfigs[0]
  t.match(jobOf('enrich: {owners: true}'), {
    enrich: { resources: WORKLOADS, waitMs: 250, maxNames: 16, maxValueBytes: 256, requestsPerSecond: 20 },
  })
  t.match(jobOf('enrich: {node_labels: [zone]}'), { enrich: { resources: [] } }, 'no object is read without need')
  t.match(jobOf('throttle: {lines: 3}'), { throttle: { lines: 3, windowMs: 600_000, namespaceLines: 0 } })
  t.match(jobOf('throttle: {}'), { throttle: null })
  const wrong: Readonly<Record<string, string>> = {
    'enrich: {}': 'MISSING_KEY scrape_configs[0].kubernetes_events.enrich.labels',
    'enrich: {labels: [a b]}': 'BAD_VALUE scrape_configs[0].kubernetes_events.enrich.labels[0]',
    'enrich: {labels: ["[a"]}': 'BAD_VALUE scrape_configs[0].kubernetes_events.enrich.labels[0]',
    'enrich: {labels: [a, a]}': 'DUPLICATE_NAME scrape_configs[0].kubernetes_events.enrich.labels[1]',
    'enrich: {owners: true, resources: [secrets]}':
      'UNSUPPORTED scrape_configs[0].kubernetes_events.enrich.resources[0]',
    'enrich: {owners: true, resources: [secrets.x.io]}':
      'UNSUPPORTED scrape_configs[0].kubernetes_events.enrich.resources[0]',
    'enrich: {owners: true, resources: ["*"]}': 'BAD_VALUE scrape_configs[0].kubernetes_events.enrich.resources[0]',
    'enrich: {owners: true, resources: [rollouts]}':
      'BAD_VALUE scrape_configs[0].kubernetes_events.enrich.resources[0]',
    'enrich: {owners: true, wait: 1h}': 'BAD_DURATION scrape_configs[0].kubernetes_events.enrich.wait',
    'throttle: {lines: -1}': 'BAD_VALUE scrape_configs[0].kubernetes_events.throttle.lines',
    'throttle: {lines: 1, window: 1ms}': 'BAD_DURATION scrape_configs[0].kubernetes_events.throttle.window',
  }
  for (const [yaml, told] of Object.entries(wrong))
    t.strictSame(
      errors(events(yaml)).map((error) => brief(error).replace(/^\S+ /, '')),
      [told],
      yaml,
    )
  t.end()
})

t.test('what a file for Promtail carries along is accepted with one warning each', (t) => {
  const parsed = parseConfig(fixture('promtail.good.yaml'), 'e.yaml')
  if (parsed.kind === 'invalid') return t.fail(formatConfigErrors(parsed.errors))
  t.strictSame(
    parsed.warnings.map((warning) => `${warning.line}:${warning.col} ${warning.path}`),
    [
      '4:21 server.grpc_listen_port',
      '5:22 server.profiling_enabled',
      '12:10 clients[1].url',
      '15:24 positions.ignore_invalid_yaml',
      '19:16 target_config',
      '20:9 global',
      '21:42 limits_config.max_line_size_truncate',
      '21:72 limits_config.readline_rate_enabled',
      '22:10 options',
      '23:10 tracing',
      '24:43 wal.cleanSegmentsOlderThan',
    ],
  )
  t.strictSame(
    parsed.config.clients.map((client) => client.externalLabels),
    [
      { cluster: 'a', shared: 'own' },
      { cluster: 'a', shared: 'client' },
    ],
    'external labels of the deprecated client lie under those of the others',
  )
  t.match(parsed.config.positions, { store: 'file', filename: '/run/positions.yaml' })
  t.strictSame(parsed.config.lineRate, { perSecond: 12.5, burst: 16, drop: true })
  t.end()
})

t.test('YAML values mean what they mean to Promtail', (t) => {
  const labels = (yaml: string): unknown =>
    valid(around({ events: `labels: {a: ${yaml}}` })).scrapeConfigs[0]?.entry.labels
  for (const text of ['on', '0123', 'yes', '5', '1.50', '2024-05-01', '1:30', '0x1F', 'true']) {
    t.strictSame(labels(text), { a: text }, `a label ${text} is that text`)
  }
  t.strictSame(labels('~'), {}, 'null is no label')
  t.strictSame(labels("'~'"), { a: '~' })

  const ports: readonly (readonly [text: string, port: number | null])[] = [
    ['1_000', 1000],
    ['0x1F', 31],
    ['0b10', 2],
    ['0o17', 15],
    ['0123', 83],
    ['+80', 80],
    ['0', 0],
    ['08', null],
    ['80.0', null],
    ['1:30', null],
    ['eighty', null],
    ['~', 9080],
  ]
  for (const [text, port] of ports) {
    const parsed = parseConfig(around({ top: `server: {http_listen_port: ${text}}` }), 'e.yaml')
    t.equal(parsed.kind === 'valid' ? parsed.config.server.httpListenPort : null, port, `http_listen_port: ${text}`)
  }
  for (const text of ['y', 'Yes', 'ON', 'true', '"true"', 'True']) {
    t.equal(valid(around({ top: `server: {disable: ${text}}` })).server.disable, true, text)
  }
  for (const text of ['oN', 'yEs', '1', '"yes"', 'enabled']) {
    t.match(errors(around({ top: `server: {disable: ${text}}` })), [{ code: 'BAD_TYPE' }], text)
  }
  t.end()
})

t.test('credentials leave the URL for basic authorization', (t) => {
  const client = (url: string) => valid(around({}).replace('http://loki/push', url)).clients[0]
  t.match(client('https://us%40er:p%3Aw@loki:3100/push?x=1'), {
    url: 'https://loki:3100/push?x=1',
    host: 'loki:3100',
    authorization: {
      kind: 'basic',
      username: { kind: 'inline', value: 'us@er' },
      password: { kind: 'inline', value: 'p:w' },
    },
  })
  t.match(client('http://user@loki/push'), { authorization: { password: { value: '' } }, url: 'http://loki/push' })
  t.match(client('HTTP://[::1]:3100/push'), { host: '[::1]:3100', url: 'HTTP://[::1]:3100/push' })
  t.match(client('http://loki/push'), { authorization: { kind: 'none' } })
  t.end()
})

t.test('what weakens security is accepted and said', (t) => {
  const parsed = parseConfig(around({ client: ', tls_config: {insecure_skip_verify: true}' }), 'e.yaml')
  t.match(parsed, { kind: 'valid', warnings: [{ path: 'clients[0].tls_config.insecure_skip_verify' }] })
  t.end()
})

t.test('a client without a name is named after its settings, not after its secrets', (t) => {
  const name = (more: string): string => valid(around({ client: more })).clients[0]?.name ?? ''
  t.match(name(''), /^[0-9a-f]{6}$/)
  t.equal(name(''), name(', timeout: 10s'), 'a default that is written down changes nothing')
  t.not(name(''), name(', tenant_id: a'))
  t.equal(name(', basic_auth: {username: a, password: b}'), name(', basic_auth: {username: a, password: c}'))
  t.end()
})

t.test('where positions are kept follows from what is configured', (t) => {
  const store = (positions: string): string => valid(around({ top: `positions: ${positions}` })).positions.store
  t.equal(store(''), 'auto')
  t.equal(store('{filename: a}'), 'file')
  t.equal(store('{lease: {}}'), 'lease')
  t.equal(store('{lease: }'), 'lease')
  t.equal(store('{store: none, filename: a}'), 'none')
  t.equal(store('{store: lease, filename: a}'), 'lease')
  t.end()
})

t.test('files of aliases and brackets are refused and neither hang nor crash', (t) => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'].map((pair) => pair.split(''))) {
    bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`)
  }
  bomb.push('clients: [{basic_auth: {pasword: *h}}]')
  t.match(
    errors(bomb.join('\n'))
      .map((error) => error.message)
      .join(),
    'expected a smaller file',
  )
  const merges = ['a: &a {x: 1}']
  for (let i = 0; i < 30; i += 1) merges.push(`m${i}: &a {<<: [*a, *a]}`)
  t.ok(errors(merges.join('\n')).length > 0)
  for (const text of ['[', '{', '- ', '? ', '[{', '- - ']) {
    t.match(errors(text.repeat(10_000)), [{ code: 'YAML_SYNTAX', message: /less deeply nested/ }], text)
  }
  t.strictSame(errors('clients: &a [*a]').map(brief), ['1:1 MISSING_KEY scrape_configs', '1:14 BAD_TYPE clients[0]'])
  t.ok(errors('clients: [&a {url: http://x/y, <<: *a}]').length > 0)
  t.end()
})

t.test('a key that is no text is refused, and merge keys may name several mappings', (t) => {
  t.match(errors(around({ top: '? {a: b}\n: c' })).map(brief), ['1:1 BAD_TYPE '])
  const merged = `clients:
  - &a {url: http://a/push, name: a, timeout: 1s}
  - &b {url: http://b/push, name: b, timeout: 2s, batchwait: 2s}
  - <<: [*a, *b]
    name: c
scrape_configs: [{job_name: a, kubernetes_events: }]
`
  t.match(valid(merged).clients[2], { name: 'c', url: 'http://a/push', timeoutMs: 1000, batchWaitMs: 2000 })
  t.end()
})

t.test('keys that are special in JavaScript are only keys', (t) => {
  t.match(errors(around({ top: '__proto__: {a: 1}\nconstructor: 1\ntoString: 1' })).map(brief), [
    '3:1 UNKNOWN_KEY __proto__',
    '4:1 UNKNOWN_KEY constructor',
    '5:1 UNKNOWN_KEY toString',
  ])
  const labels =
    valid(around({ events: 'labels: {__proto__: x, constructor: y}' })).scrapeConfigs[0]?.entry.labels ?? {}
  t.strictSame(Object.entries(labels), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  t.end()
})

t.test('a printed configuration is read back as itself', (t) => {
  for (const name of readdirSync(FIXTURES).filter((file) => file.endsWith('.good.yaml'))) {
    const config = valid(fixture(name))
    t.strictSame(valid(printConfig(config)), { ...config, clients: config.clients.map(maskClient) }, name)
  }
  const [client] = valid(fixture('minimal.good.yaml')).clients
  t.match(client && printClient(client), /^name: [0-9a-f"]+\nurl: http:\/\/loki:3100\/loki\/api\/v1\/push\n/)
  t.end()
})

t.test('durations are read as Go reads them', (t) => {
  const cases: readonly (readonly [text: string, ms: number | null])[] = [
    ['0', 0],
    ['+5s', 5000],
    ['300ms', 300],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['1h15m30.918273645s', 4_530_918.273645],
    ['.5s', 500],
    ['1.s', 1000],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['1ns', 1e-6],
    ['1m1m', 120_000],
    ['', null],
    ['5', null],
    ['-1s', null],
    ['1d', null],
    ['1 s', null],
    ['.s', null],
    ['s', null],
    ['1e3s', null],
    ['3000000h', null],
  ]
  for (const [text, ms] of cases) t.equal(parseDuration(text), ms, text)
  const whole = fc.integer({ min: 0, max: 9 * 10 ** 12 })
  fc.assert(fc.property(whole, (ms) => parseDuration(formatDuration(ms)) === ms))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (us) => parseDuration(formatDuration(us / 1000)) === us / 1000),
  )
  fc.assert(
    fc.property(whole, fc.constantFrom('h', 'm', 's', 'ms'), fc.nat(1000), (ms, unit, count) => {
      const [sum = NaN, left = NaN, right = NaN] = [`${ms}ms${count}${unit}`, `${ms}ms`, `${count}${unit}`].map(
        (text) => parseDuration(text) ?? NaN,
      )
      return sum === left + right
    }),
  )
  t.end()
})

t.test('sizes are read as Promtail reads them', (t) => {
  const cases: readonly (readonly [text: string, bytes: number | null])[] = [
    ['0', 0],
    ['5', 5],
    ['5B', 5],
    ['1k', 1024],
    ['1KB', 1024],
    ['256kb', 262_144],
    ['1 MB', 1_048_576],
    ['2kilo', 2048],
    ['2megabytes', 2_097_152],
    ['1G', 1_073_741_824],
    ['1KiB', null],
    ['1Ki', null],
    ['1.5MB', null],
    ['-1', null],
    ['', null],
    ['MB', null],
    ['9007199254740993', null],
    ['9000000P', null],
  ]
  for (const [text, bytes] of cases) t.equal(parseSize(text), bytes, text)
  fc.assert(fc.property(fc.maxSafeInteger(), (n) => parseSize(formatSize(Math.abs(n))) === Math.abs(n)))
  fc.assert(
    fc.property(fc.nat(4000), fc.nat(3), (n, power) => parseSize(formatSize(n * 1024 ** power)) === n * 1024 ** power),
  )
  t.end()
})

t.test('a misspelt name finds the right one, and a strange one finds none', (t) => {
  const names = ['batchwait', 'batchsize', 'backoff_config', 'url', 'warn', 'http_listen_port']
  const cases: readonly (readonly [name: string, meant: string | null])[] = [
    ['batch_wait', 'batchwait'],
    ['batchWait', 'batchwait'],
    ['bathcsize', 'batchsize'],
    ['backoff', 'backoff_config'],
    ['warning', 'warn'],
    ['ulr', 'url'],
    ['http-listen-port', 'http_listen_port'],
    ['timeout', null],
    ['u', null],
    ['x'.repeat(100), null],
  ]
  for (const [name, meant] of cases) t.equal(closest(name, names), meant, name)
  t.end()
})

const SECRET = 'hunter2-s3cr3t/4711'

/** Files that hold the secret where secrets belong, mostly with a mistake beside it or in it. */
const WITH_SECRET: readonly string[] = [
  around({ client: `, basic_auth: {username: a, password: "${SECRET}"}` }),
  around({ client: `, basic_auth: {username: a, pasword: "${SECRET}"}` }),
  around({ client: `, basic_auth: {username: a, password: ["${SECRET}"]}` }),
  around({ client: `, basic_auth: {username: a, password: {x: "${SECRET}"}}` }),
  around({ client: `, basic_auth: {password: "${SECRET}", password: "${SECRET}"}, batchwait: 1` }),
  around({ client: `, basic_auth: "user:${SECRET}"` }),
  around({ client: `, authorization: "Bearer ${SECRET}"` }),
  around({ client: `, authorization: {credentials: "${SECRET}", type: 1 2}` }),
  around({ client: `, bearer_token: "${SECRET}", bearer_token_file: x` }),
  around({ client: `, bearer_tokn: "${SECRET}"` }),
  around({ client: `, "password":"${SECRET}"` }),
  around({ client: `, headers: {X-Key: "${SECRET}"}` }),
  around({ client: `, headers: {"X Key": "${SECRET}", "Y": "${SECRET}\\n"}` }),
  around({ client: `, header: {X-Key: "${SECRET}"}` }),
  around({ client: `, http_headers: {X-Key: {values: ["${SECRET}"]}}` }),
  around({ client: `, oauth2: {client_id: a, client_secret: "${SECRET}"}` }),
  around({ client: `, tls_config: {key: "${SECRET}"}` }),
  around({ client: `, proxy_url: "http://user:${SECRET}@proxy"` }),
  around({ client: `, proxy_url: "socks5://user:${SECRET}@proxy"` }),
  around({ client: `, proxy_url: "http://user:${encodeURIComponent(SECRET)}@proxy:3128"` }),
  around({}).replace('http://loki', `http://user:${encodeURIComponent(SECRET)}@loki`),
  around({}).replace('http://loki', `http://user:${SECRET}@loki`),
  around({}).replace('http://loki', `gopher://user:${'long'.repeat(30)}${SECRET}@loki`),
  around({ top: `password: "${SECRET}"` }),
  around({ top: `pasword: "${SECRET}"` }),
  `x: &p "${SECRET}"
${around({ client: ', bearer_token: *p' })}`,
  `clients:\n  - url: http://loki/push\n    basic_auth:\n      password: "${SECRET}\n`,
  `clients:\n  - url: http://loki/push\n    basic_auth:\n      password: "${SECRET}" x\n`,
  `clients:\n  - url: http://loki/push\n    bearer_token: @${SECRET}\n`,
  `clients:\n  - url: http://loki/push\n    bearer_token: |\n      x\n      ${SECRET}\n\t${SECRET}\n`,
  `clients:\n  - url: http://loki/push\n    headers:\n      X-Key:\n        "${SECRET}" : [\n`,
  `clients:\n  - url: http://user:${SECRET}@loki/push: x\n`,
  `clients:\n  - basic_auth: {password: "${SECRET}"\n    url: x\n`,
  `clients:\n  # password: ${SECRET}\n\t- x\n`,
]

t.test('one secret goes through everything and is found nowhere', (t) => {
  const leaks = (text: string): boolean =>
    text.includes(SECRET) || text.includes(encodeURIComponent(SECRET)) || text.includes('s3cr3t')
  const everythingSaid = (text: string, overlay?: Overlay): string => {
    const parsed = parseConfig(text, 'e.yaml', overlay)
    if (parsed.kind === 'invalid') return JSON.stringify(parsed.errors) + formatConfigErrors(parsed.errors)
    return (
      JSON.stringify(parsed.warnings) +
      printConfig(parsed.config) +
      parsed.config.clients.map((c) => c.name + c.url).join()
    )
  }
  for (const text of WITH_SECRET) t.notOk(leaks(everythingSaid(text)), text)
  const flag = (key: string, text: string): Overlay => ({ client: { [key]: { flag: `-client.${key}`, text } } })
  t.notOk(leaks(everythingSaid('', flag('url', `http://user:${SECRET}@loki/push`))), '-client.url')
  t.notOk(leaks(everythingSaid('', flag('url', `htp://user:${SECRET}@loki/push`))), 'a wrong -client.url')
  t.end()
})

t.test('no text makes it throw, and every error lies inside the file', (t) => {
  const inside = (text: string): boolean => {
    const lines = text.split('\n')
    return errors(text).every(
      ({ line, col }) => line >= 1 && line <= lines.length && col >= 1 && col <= (lines[line - 1]?.length ?? 0) + 1,
    )
  }
  const word = fc.constantFrom(
    'clients',
    'url',
    'server',
    '- ',
    ': ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '<<',
    '"',
    "'",
    '|',
    '#',
    '1s',
    ',',
    '!!str ',
    '---',
    '\t',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => inside(words.join(''))),
    { numRuns: 300 },
  )
  fc.assert(fc.property(fc.json(), (text) => inside(text)))
  const mutated = fc.tuple(
    fc.constant(fixture('everything.good.yaml')),
    fc.nat(1800),
    fc.nat(20),
    fc.string({ maxLength: 5 }),
  )
  fc.assert(fc.property(mutated, ([text, at, cut, added]) => inside(text.slice(0, at) + added + text.slice(at + cut))))
  t.end()
})

const load = (files: string, expandEnv = false): ReturnType<typeof loadConfig> =>
  loadConfig({ files, expandEnv, environment: { URL: 'http://env/push', BAD: '[' }, overlay: {} })

t.test('the first file that exists is read, and what cannot be read is told', (t) => {
  const folder = t.testdir({
    'good.yaml': around({}),
    'env.yaml': around({}).replace('http://loki/push', '${URL}'),
    'open.yaml': 'clients: []\n# ${URL\n',
    'binary.yaml': 'x',
    'nul.yaml': 'clients: []\0',
    'large.yaml': `# ${'x'.repeat(1024 * 1024)}`,
    folder: {},
  })
  writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0x61, 0xff]))
  const at = (name: string): string => join(folder, name)

  t.match(load(`${at('none.yaml')}, ${at('good.yaml')},${at('env.yaml')}`), { kind: 'valid', file: at('good.yaml') })
  t.match(load(at('env.yaml'), true), { kind: 'valid', config: { clients: [{ url: 'http://env/push' }] } })
  const cases: readonly (readonly [name: string, expandEnv: boolean, message: RegExp])[] = [
    ['none.yaml', false, /none\.yaml: does not exist, set config\.file for custom config path\n$/],
    [
      'env.yaml',
      false,
      /got "\$\{URL\}"\n[^]*Use `-config\.expand-env=true` flag if you want to expand environment variables/,
    ],
    ['open.yaml', true, /open\.yaml:2:8: .*missing closing brace/],
    ['binary.yaml', false, /binary\.yaml: expected text in UTF-8, got other bytes/],
    ['nul.yaml', false, /nul\.yaml: expected text, got a U\+0000 character/],
    ['large.yaml', false, /large\.yaml: expected at most 1048576 bytes, got 1048578/],
    ['folder', false, /folder: cannot be read: EISDIR/],
  ]
  for (const [name, expandEnv, message] of cases) {
    const loaded = load(at(name), expandEnv)
    t.match(loaded.kind === 'invalid' && formatConfigErrors(loaded.errors), message, name)
  }
  t.end()
})

/** Every key that is accepted or knowingly refused, such as `clients[].tls_config.ca`. */
const knownKeys = (decoder: Decoder<unknown>, path: string): readonly string[] => {
  if (decoder.item !== undefined) return knownKeys(decoder.item, `${path}[]`)
  const fields = Object.entries(decoder.fields ?? {})
  if (fields.length === 0) return [path]
  return fields.flatMap(([key, field]) => knownKeys(field, path === '' ? key : `${path}.${key}`))
}

/** The sections of a Markdown text by their heading. */
const sections = (markdown: string): ReadonlyMap<string, string> =>
  new Map(markdown.split(/^## /m).map((text) => [text.slice(0, text.indexOf('\n')), text] as const))

t.test('docs/configuration.md tells every key, and no other', (t) => {
  const doc = sections(readFileSync(resolve(import.meta.dirname, '../../docs/configuration.md'), 'utf8'))
  const known = knownKeys(configDecoder, '').filter((key) => !key.startsWith('client.'))
  t.ok(known.length > 150)
  for (const key of known) {
    const [top = '', ...rest] = key.replaceAll('[]', '').split('.')
    const section = doc.get(top) ?? doc.get('global, target_config, options, tracing')
    t.ok(section?.includes(`\`${rest.join('.') || top}\``), key)
  }
  for (const top of ['server', 'clients', 'positions', 'scrape_configs', 'limits_config']) {
    const rows = [...(doc.get(top) ?? '').matchAll(/^\| `([\w.]+)` \|/gm)].map((match) => match[1] ?? '')
    t.ok(rows.length > 0)
    for (const row of rows)
      t.ok(
        known.some((key) => `${key.replaceAll('[]', '')}.`.startsWith(`${top}.${row}.`)),
        `${top}.${row}`,
      )
  }
  for (const code of new Set(
    Object.values(BAD)
      .flat()
      .map((line) => line.split(' ')[1] ?? ''),
  )) {
    t.ok(doc.get('Kinds of error')?.includes(`\`${code}\``), code)
  }
  t.end()
})
