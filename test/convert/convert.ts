import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { systemClock } from '../../src/clock.ts'
import type { ScrapeConfig } from '../../src/config/config.ts'
import { formatConfigErrors } from '../../src/config/config-error.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { expandEnv } from '../../src/config/expand-env.ts'
import { convert } from '../../src/cli/convert.ts'
import { convertAlloy } from '../../src/convert/alloy.ts'
import { convertExporter } from '../../src/convert/exporter.ts'
import { formatFindings, type Conversion } from '../../src/convert/finding.ts'
import { convertPromtail } from '../../src/convert/promtail.ts'
import { createConverter } from '../../src/entry/convert.ts'
import type { KubeEvent } from '../../src/kube/event.ts'
import { compileGoRegExp } from '../../src/regexp/go-regexp.ts'
import { createRelabeler } from '../../src/relabel/relabel.ts'
import { Pipeline, type PipelineOutput } from '../../src/stages/pipeline.ts'
import { noMetrics } from '../../src/stages/stage-metrics.ts'

type Converted = Extract<Conversion, { readonly kind: 'converted' }>

const converted = (conversion: Conversion): Converted => {
  if (conversion.kind === 'converted') return conversion
  throw new Error(`${conversion.line}: ${conversion.why}`)
}

const jobsOf = (text: string): readonly ScrapeConfig[] => {
  const parsed = parseConfig(text, 'eventail.yaml')
  if (parsed.kind === 'valid') return parsed.config.scrapeConfigs
  throw new Error(`${formatConfigErrors(parsed.errors)}\n${text}`)
}

/** What a scrape config makes of an event; null: nothing. */
type Shipper = (event: KubeEvent) => PipelineOutput | null

const shipperOf = (job: ScrapeConfig): Shipper => {
  const converter = createConverter(job.entry)
  const isWanted = createRelabeler(job.relabel)
  const pipeline = new Pipeline(job.stages, { clock: systemClock, metrics: noMetrics })
  return (event) => {
    const entry = converter.toEntry(event)
    const labels = new Map(Object.entries(entry.labels))
    return isWanted(labels) ? pipeline.process({ ...entry, labels }) : null
  }
}

const event = (changes: Partial<KubeEvent> = {}): KubeEvent => ({
  uid: '6e1f',
  resourceVersion: '81734',
  name: 'web-0.17',
  namespace: 'shop',
  creationTimestamp: '2026-11-23T22:00:00Z',
  labels: {},
  annotations: {},
  involved: {
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-0',
    uid: 'a1',
    apiVersion: 'v1',
    resourceVersion: '9',
    fieldPath: 'spec.containers{app}',
  },
  related: null,
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting <failed> container\n"app" `x`',
  action: '',
  sourceComponent: 'kubelet',
  sourceHost: 'node-1',
  reportingComponent: 'kubelet',
  reportingInstance: 'node-1',
  firstTimestamp: '2026-11-23T22:00:00Z',
  lastTimestamp: '2026-11-23T22:03:10Z',
  eventTime: '',
  count: 4,
  series: null,
  managedTimes: [],
  ...changes,
})

// kubernetes-event-exporter: a second program that understands its routes, by pkg/exporter/route.go and rule.go.

type Rule = Readonly<Record<string, string | number>>
type Route = { readonly drop?: readonly Rule[]; readonly match?: readonly Rule[]; readonly routes?: readonly Route[] }

const fieldsOf = (e: KubeEvent): Readonly<Record<string, string>> => ({
  message: e.message,
  apiVersion: e.involved.apiVersion,
  kind: e.involved.kind,
  namespace: e.namespace,
  reason: e.reason,
  type: e.type,
  component: e.sourceComponent,
  host: e.sourceHost,
})

const isMatch = (rule: Rule, e: KubeEvent): boolean =>
  Object.entries(rule).every(([key, value]) => {
    if (key === 'receiver' || value === '') return true
    if (key === 'minCount') return e.count >= Number(value)
    const compiled = compileGoRegExp(String(value))
    return compiled.kind === 'ok' && compiled.regexp.test(fieldsOf(e)[key] ?? '')
  })

const received = ({ drop = [], match = [], routes = [] }: Route, e: KubeEvent): readonly string[] => {
  if (drop.some((rule) => isMatch(rule, e))) return []
  const matched = match.filter((rule) => isMatch(rule, e))
  const sent = matched.flatMap(({ receiver }) => (receiver === undefined ? [] : [String(receiver)]))
  return matched.length < match.length ? sent : [...sent, ...routes.flatMap((inner) => received(inner, e))]
}

const RECEIVERS = ['a', 'b']
const exporterFile = (route: Route): string =>
  stringify({
    route,
    receivers: RECEIVERS.map((name) => ({
      name,
      loki: { url: 'http://loki:3100/push', streamLabels: { receiver: name } },
    })),
  })

const words = fc.constantFrom(
  'Pod',
  'Node',
  'Warning',
  'Normal',
  'BackOff',
  'kube-system',
  'a b',
  'x.y',
  'line\nbreak',
  '',
)
const patterns = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Pod',
      '^Pod$',
      'No',
      'Warn|Back',
      '(?i)POD',
      'kube-.*',
      '^$',
      '*bad*',
      'e$',
      '.b',
      'x\\.y',
      '`|"',
    ),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-zPN.^|`"\\ ]{1,5}$/) },
)
const rules = fc.dictionary(
  fc.constantFrom('message', 'apiVersion', 'kind', 'namespace', 'reason', 'type', 'component', 'host'),
  patterns,
  { maxKeys: 3, noNullPrototype: true },
)
const matchRules = fc
  .tuple(rules, fc.constantFrom(undefined, ...RECEIVERS), fc.constantFrom(undefined, 0, 1, 3))
  .map(([rule, receiver, minCount]): Rule => ({
    ...rule,
    ...(receiver && { receiver }),
    ...(minCount !== undefined && { minCount }),
  }))
const { route: routes } = fc.letrec<{ route: Route }>((tie) => ({
  route: fc.record(
    {
      drop: fc.array(rules, { maxLength: 2 }),
      match: fc.array(matchRules, { maxLength: 3 }),
      routes: fc.array(tie('route'), { maxLength: 2, depthIdentifier: 'route' }),
    },
    { requiredKeys: ['match'], noNullPrototype: true },
  ),
}))
const events = fc
  .record({
    namespace: words,
    reason: words,
    type: words,
    message: fc.oneof(words, fc.string({ unit: 'grapheme' })),
    sourceComponent: words,
    sourceHost: words,
    count: fc.nat({ max: 5 }),
    kind: words,
    apiVersion: words,
  })
  .map(({ kind, apiVersion, ...rest }) => event({ ...rest, involved: { ...event().involved, kind, apiVersion } }))

t.test(
  'what gets to a receiver by its routes in kubernetes-event-exporter gets through the scrape config of its name',
  (t) => {
    fc.assert(
      fc.property(routes, fc.array(events, { minLength: 1, maxLength: 8 }), (route, occurred) => {
        const conversion = convertExporter(exporterFile(route), { receiver: '' })
        if (conversion.kind === 'unreadable') {
          return occurred.every((e) => received(route, e).length === 0)
        }
        const shippers = new Map(jobsOf(conversion.text).map((job) => [job.jobName, shipperOf(job)]))
        return occurred.every((e) => {
          const wanted = new Set(received(route, e))
          return RECEIVERS.every((name) => ((shippers.get(name)?.(e) ?? null) !== null) === wanted.has(name))
        })
      }),
      { numRuns: 300 },
    )
    t.end()
  },
)

const EXPORTER = `logLevel: warn
maxEventAgeSeconds: 60
kubeQPS: 100
clusterName: prod
leaderElection: { enabled: true }
route:
  drop:
    - namespace: "*test*"
    - message: '^x\\.y\\\\ $HOST'
  match:
    - receiver: dump
  routes:
    - match:
        - labels: { version: dev }
          receiver: plain
receivers:
  - name: dump
    loki:
      url: http://loki:3100/loki/api/v1/push
      headers: { X-Scope-OrgID: "{{ .InvolvedObject.Namespace }}", Authorization: "Bearer $TOKEN" }
      streamLabels: { app: exporter }
      layout:
        message: "{{ .Message }}"
        number: 5
        nested:
          when: "{{ .GetTimestampMs }} {{ .GetTimestampISO8601 }} {{ .LastTimestamp.Unix }}"
          object: "{{ toJson .InvolvedObject }}"
          about: "{{ .InvolvedObject.Kind | lower }}/{{ .InvolvedObject.Name }}{{ if gt .Count 3 }} often{{ end }}"
          list: [a, "{{ .ClusterName }}"]
  - name: plain
    loki:
      url: http://loki:3100/loki/api/v1/push
      headers: { Authorization: "Bearer $TOKEN" }
  - name: elsewhere
    loki: { url: "http://other:3100/loki/api/v1/push" }
  - name: chat
    slack: { token: x }
`

t.test("an exporter's layout, labels and tenant are what its receiver sent", (t) => {
  const { text, findings } = converted(convertExporter(EXPORTER, { receiver: '' }))
  const [dump, plain, ...others] = jobsOf(text)
  t.strictSame(others, [])
  const sent = shipperOf(dump!)(event())
  t.strictSame(JSON.parse(sent?.line ?? ''), {
    message: event().message,
    nested: {
      about: 'pod/web-0 often',
      list: ['a', 'prod'],
      when: '1795471200000 2026-11-23T22:00:00.000Z 1795471390',
    },
    number: null,
  })
  t.match(sent?.line, '\\u003cfailed\\u003e', 'as encoding/json writes it')
  t.strictSame(Object.fromEntries(sent?.labels ?? []), { app: 'exporter', __tenant_id__: 'shop' })
  t.strictSame(dump?.source.start, { kind: 'since', durationMs: 60_000 })
  t.ok(shipperOf(plain!)(event()), 'what cannot be told lets events through')
  const expansion = expandEnv(text, { TOKEN: 'secret', HOST: 'node-1' })
  const inForce = expansion.kind === 'expanded' ? Buffer.from(expansion.bytes).toString() : ''
  t.match(inForce, 'Authorization: Bearer secret')
  t.match(inForce, '(regexMatch `^x\\.y\\\\ node-1` ')
  const [expanded] = jobsOf(inForce)
  t.equal(shipperOf(expanded!)(event())?.line, sent?.line, 'what expansion would change is escaped')
  t.strictSame(formatFindings('config.yaml', findings), [
    'config.yaml: environment: note: the new file refers to environment variables: run it with -config.expand-env',
    'config.yaml:3: kubeQPS: note: nothing here needs it',
    'config.yaml:8: route: "*test*": note: the pattern does not compile, so it never matched; it is taken so here too (error parsing regexp: missing argument to repetition operator: `*`)',
    'config.yaml:14: route: labels: left out: labels and annotations of the involved object are not looked up; events that they would have kept out get through',
    'config.yaml:27: layout: nested.object: left out: .InvolvedObject is not known here',
    'config.yaml:34: receiver elsewhere: left out: its Loki is another one, and every client gets every entry: convert again with -receiver for a file of its own',
    'config.yaml:36: receiver chat: left out: events go to Loki only, not to slack',
  ])
  t.end()
})

const PROMTAIL = `# ours
server:
  http_listen_port: 9080 # pages
  nonsense: 5
clients:
  - url: http://\${USER}:x@loki:3100/loki/api/v1/push
    batchwait: 5
scrape_configs:
  - job_name: journal
    journal:
      max_age: 12h
  - job_name: event-logs
    static_configs:
      - targets: [localhost]
        labels: { job: events, team: sre, __path__: /var/log/*.log }
    pipeline_stages:
      - cri: {}
      - logfmt: { mapping: { reason: } }
      - match:
          selector: '{job="events"}'
          stages:
            - docker: {}
            - static_labels: { seen: often }
      # kept
      - labels: { reason: }
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_name]
        target_label: pod
      - source_labels: [job]
        action: nonsense
      - source_labels: [team]
        target_label: env
        replacement: prod-$1
`

t.test('a file of Promtail keeps what is not about its sources', (t) => {
  const { text, findings } = converted(convertPromtail(PROMTAIL, { job: '' }))
  t.match(text, /^# ours\nserver:\n {2}http_listen_port: 9080 # pages\nclients:/)
  t.match(text, '      # kept\n')
  const [job, ...others] = jobsOf(text)
  t.strictSame(others, [])
  const labels = Object.fromEntries(shipperOf(job!)(event())?.labels ?? [])
  t.match(labels, { job: 'events', team: 'sre', env: 'prod-sre', seen: 'often', reason: 'BackOff' })
  const told = formatFindings('promtail.yaml', findings).map((line) => line.replace(/: left out: .*/, ''))
  t.strictSame(told, [
    'promtail.yaml:4: server.nonsense',
    'promtail.yaml:7: clients[0].batchwait',
    'promtail.yaml:9: scrape config journal',
    'promtail.yaml:13: scrape config event-logs: static_configs',
    'promtail.yaml:17: scrape_configs[0].pipeline_stages[0].cri',
    'promtail.yaml:22: scrape_configs[0].pipeline_stages[1].match.stages[0].docker',
    'promtail.yaml:27: relabel_configs',
    'promtail.yaml:29: scrape_configs[0].relabel_configs[0].action',
  ])
  t.end()
})

t.test('of several scrape configs of Promtail, the one for the events is named, or none keeps its stages', (t) => {
  const file = `clients: [{ url: http://loki/push }]
scrape_configs:
  - { job_name: a, journal: {}, pipeline_stages: [{ static_labels: { from: a } }] }
  - { job_name: b, journal: {}, pipeline_stages: [{ static_labels: { from: b } }] }
`
  const named = jobsOf(converted(convertPromtail(file, { job: 'b' })).text)
  t.strictSame(
    named.map(({ jobName, stages }) => [jobName, stages.length]),
    [['b', 1]],
  )
  const unnamed = converted(convertPromtail(file, { job: '' }))
  t.strictSame(
    jobsOf(unnamed.text).map(({ jobName, stages }) => [jobName, stages.length]),
    [['kubernetes-events', 0]],
  )
  t.match(unnamed.findings[0]?.what, 'name it with -job')
  t.match(convertPromtail(file, { job: 'c' }), { kind: 'unreadable', why: 'there is no scrape config c' })
  t.match(convertPromtail('a: [', { job: '' }), { kind: 'unreadable', line: 1 })
  t.end()
})

const ALLOY = `// events
logging {
  level  = "debug"
  format = "logfmt"
}
local.file "pw" { filename = "/var/run/pw" }
discovery.kubernetes "pods" { role = "pod" }
loki.source.kubernetes_events "cluster" {
  job_name   = "integrations/kubernetes/eventhandler"
  namespaces = ["shop", "pay"]
  log_format = "logfmt"
  forward_to = [loki.relabel.first.receiver]
  client { kubeconfig_file = "/k" }
}
loki.relabel "first" {
  forward_to = [loki.process.events.receiver]
  rule {
    source_labels = ["namespace"]
    regex         = "kube-(.+)"
    target_label  = "area"
    replacement   = "$1"
  }
  rule { 
    action = "labeldrop" 
    regex = "instance" }
}
/* stages */
loki.process "events" {
  forward_to = [loki.relabel.last.receiver]
  stage.logfmt { mapping = { reason = "", kind = "kind", msg = "" } }
  stage.labels { values = { kind = "kind", reason = null, } }
  stage.regex {
    expression = \`Back-off (?P<what>\\w+)\`
    labels_from_groups = true
  }
  stage.match {
    selector = "{kind=\\"Pod\\"}"
    stage.static_labels { values = { pod = "yes" } }
    stage.cri {}
  }
  stage.drop {
    longer_than = "8KiB"
    drop_counter_reason = "long"
  }
  stage.metrics {
    metric.counter {
      name = "events_total"
      description = "x"
      source = "reason"
      action = "inc"
      max_idle_duration = "24h"
    }
  }
  stage.truncate { 
    rule { 
      limit = "1KiB" 
      suffix = "..." 
    } 
  }
  stage.label_drop { values = ["job"] }
}
loki.relabel "last" {
  forward_to = [loki.write.main.receiver, loki.write.spare.receiver]
  rule {
    source_labels = ["kind"]
    regex = "Node|Lease"
    action = "drop"
  }
  rule {
    source_labels = ["kind"]
    target_label = "object"
  }
}
loki.write "main" {
  external_labels = { cluster = sys.env("CLUSTER") }
  endpoint {
    url = "https://loki/loki/api/v1/push"
    tenant_id = "t" + "1"
    batch_size = "2MiB"
    batch_wait = "2s"
    max_backoff_retries = 10
    retry_on_http_429 = false
    basic_auth {
      username = "u"
      password = convert.nonsensitive(local.file.pw.content)
    }
    tls_config { ca_file = "/ca" }
    queue_config { capacity = "10MiB" }
    headers = remote.http.x.content
  }
}
loki.write "spare" {
  endpoint { url = "http://spare:3100/loki/api/v1/push" }
}
`

/** The same chain, written by hand. */
const BY_HAND = `clients: [{ url: http://loki/push }]
scrape_configs:
  - job_name: cluster
    kubernetes_events:
      namespaces: [shop, pay]
      format: alloy
      job: integrations/kubernetes/eventhandler
    relabel_configs:
      - { source_labels: [namespace], regex: kube-(.+), target_label: area, replacement: $1 }
      - { action: labeldrop, regex: instance }
    pipeline_stages:
      - logfmt: { mapping: { reason: , kind: , msg: } }
      - labels: { kind: , reason: }
      - regex: { expression: 'Back-off (?P<what>\\w+)' }
      - labels: { what: }
      - match: { selector: '{kind="Pod"}', stages: [{ static_labels: { pod: "yes" } }] }
      - drop: { longer_than: 8192 }
      - truncate: { rules: [{ limit: 1024, suffix: ... }] }
      - labeldrop: [job]
      - match: { selector: '{kind=~"Node|Lease"}', action: drop }
`

const inEnvironment = (text: string, environment: Readonly<Record<string, string>>): string => {
  const expansion = expandEnv(text, environment)
  if (expansion.kind === 'refused') throw new Error(expansion.why)
  return Buffer.from(expansion.bytes).toString()
}

const shown = (output: PipelineOutput | null): unknown =>
  output && { ...output, labels: Object.fromEntries(output.labels), extracted: Object.fromEntries(output.extracted) }

t.test('a chain of Alloy makes the same of an event as its file written by hand', (t) => {
  const { text } = converted(convertAlloy(ALLOY, { receiver: '' }))
  const [job] = jobsOf(inEnvironment(text, { CLUSTER: 'prod' }))
  const [byHand] = jobsOf(BY_HAND)
  const [ship, shipByHand] = [shipperOf(job!), shipperOf(byHand!)]
  t.strictSame(job?.source, byHand?.source)
  const long = event({ message: 'long '.repeat(300) })
  const node = event({ involved: { ...event().involved, kind: 'Node' } })
  const system = event({ involved: { ...event().involved, namespace: 'kube-system', kind: 'Job' } })
  for (const occurred of [event(), long, node, system, event({ message: 'x'.repeat(9000) })]) {
    t.strictSame(shown(ship(occurred)), shown(shipByHand(occurred)), occurred.involved.kind)
  }
  t.strictSame(Object.fromEntries(ship(event())?.labels ?? []), {
    kind: 'Pod',
    namespace: 'shop',
    pod: 'yes',
    reason: 'BackOff',
    what: 'restarting',
  })
  t.equal(ship(node), null)
  t.end()
})

t.test("Alloy's loki.write becomes clients, and what has no equivalent is told with its line", (t) => {
  const { text, findings } = converted(convertAlloy(ALLOY, { receiver: '' }))
  const parsed = parseConfig(inEnvironment(text, { CLUSTER: 'prod' }), 'eventail.yaml')
  t.match(parsed, {
    config: {
      server: { logLevel: 'debug' },
      clients: [
        {
          url: 'https://loki/loki/api/v1/push',
          tenantId: 't1',
          batchSizeBytes: 2 * 1024 * 1024,
          batchWaitMs: 2000,
          maxRetries: 10,
          dropRateLimited: true,
          externalLabels: { cluster: 'prod' },
          authorization: { kind: 'basic', password: { kind: 'file', path: '/var/run/pw' } },
          tls: { ca: { kind: 'file', path: '/ca' } },
        },
        { url: 'http://spare:3100/loki/api/v1/push' },
      ],
      scrapeConfigs: [{ connection: { kubeconfig: '/k' } }],
    },
  })
  t.match(text, 'prefix: loki_process_custom_', "Alloy's own prefix of metrics")
  t.strictSame(
    formatFindings('c.alloy', findings).map((line) =>
      line
        .split(': ')
        .slice(0, -1)
        .join(': ')
        .replace(/: left out.*/, ''),
    ),
    [
      'c.alloy: environment: note: the new file refers to environment variables',
      'c.alloy:7: discovery.kubernetes.pods',
      'c.alloy:39: scrape_configs[0].pipeline_stages[4].match.stages[1].cri',
      'c.alloy:69: loki.relabel.last: rule',
      'c.alloy:88: endpoint: queue_config: note',
      'c.alloy:89: endpoint: headers',
    ],
  )
  t.end()
})

t.test('ways of Alloy to different Lokis are for a file each', (t) => {
  const ways = `
loki.source.kubernetes_events "e" { forward_to = [loki.write.a.receiver, loki.process.p.receiver] }
loki.process "p" { forward_to = [loki.write.b.receiver, loki.process.p.receiver] }
loki.write "a" { endpoint { url = "http://a/push" } }
loki.write "b" { endpoint { url = "http://b/push" } }
`
  const urls = (receiver: string): unknown => {
    const parsed = parseConfig(converted(convertAlloy(ways, { receiver })).text, 'eventail.yaml')
    return (
      parsed.kind === 'valid' && [
        parsed.config.clients.map(({ url }) => url),
        parsed.config.scrapeConfigs[0]?.stages.length,
      ]
    )
  }
  t.strictSame(urls(''), [['http://a/push'], 0])
  const refused = convertAlloy(ways, { receiver: 'none' })
  t.match(refused, { kind: 'unreadable', why: 'no way from a loki.source.kubernetes_events to a loki.write none' })
  t.match(converted(convertAlloy(ways, { receiver: '' })).findings[0], {
    line: 5,
    where: 'loki.write.b',
    leftOut: true,
  })
  t.end()
})

t.test('what is no file of Alloy is refused with its line', (t) => {
  const wrong = (text: string): unknown => convertAlloy(text, { receiver: '' })
  t.match(wrong('a "b" {\n  c = [1,, 2]\n}'), { kind: 'unreadable', line: 2 })
  t.match(wrong('a {\n\n  b = "open\n}'), { kind: 'unreadable', line: 3 })
  t.match(wrong('a {'), { kind: 'unreadable', why: 'expected a name, got the end' })
  t.match(wrong('a { b = {'.repeat(200)), { kind: 'unreadable' })
  t.match(wrong('/* nothing */'), { kind: 'unreadable', why: /^no way/ })
  t.end()
})

t.test('aliases outlive their anchors, and those without an end are refused', (t) => {
  const file = `clients: [{ url: http://loki/push }]
scrape_configs:
  - { job_name: a, journal: {}, pipeline_stages: &s [{ static_labels: &l { from: a } }] }
  - { job_name: b, journal: {}, pipeline_stages: *s }
`
  const { text } = converted(convertPromtail(file, { job: 'b' }))
  t.equal(shipperOf(jobsOf(text)[0]!)(event())?.labels.get('from'), 'a')
  t.match(convertPromtail('a: &a [*a]', { job: '' }), { kind: 'unreadable', why: 'aliases repeat too much' })
  const laughs = ['a0: &a0 [x, x]']
  for (let n = 1; n < 30; n += 1) laughs.push(`a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`)
  t.match(convertPromtail(laughs.join('\n'), { job: '' }), { kind: 'unreadable', why: 'aliases repeat too much' })
  t.match(convertExporter('route: &a [*a]', { receiver: '' }), { kind: 'unreadable', why: 'aliases repeat too much' })
  const noUrl = 'route: { match: [{ receiver: a }] }\nreceivers:\n  - { name: a, loki: { url: nonsense } }\n'
  t.match(convertExporter(noUrl, { receiver: '' }), { kind: 'unreadable', line: 3, why: /clients\[0\]\.url/ })
  t.end()
})

t.test('convert ends with 0, 1 or 2', (t) => {
  const folder = t.testdir()
  const run = (from: 'promtail' | 'alloy' | 'event-exporter', text: string): readonly [number, string, string] => {
    const file = join(folder, 'file')
    writeFileSync(file, text)
    const [out, err]: [string[], string[]] = [[], []]
    const output = { out: (piece: string) => void out.push(piece), err: (piece: string) => void err.push(piece) }
    const exitCode = convert({ file, from, job: '', receiver: '' }, output)
    return [exitCode, out.join(''), err.join('').replaceAll(file, 'file')]
  }
  const whole = 'clients: [{ url: http://loki/push }]\nscrape_configs: [{ job_name: a, kubernetes_events: {} }]\n'
  t.match(run('promtail', whole), [0, /kubernetes_events/, /^$/])
  t.match(run('promtail', `${whole}nonsense: 5\n`), [1, /kubernetes_events/, 'file:3: nonsense: left out: '])
  t.match(run('alloy', 'a = '), [2, /^$/, 'file:1: '])
  t.match(run('event-exporter', 'route: {}'), [2, /^$/, 'file:1: there is no receiver '])
  t.match(run('promtail', 'a: \0'), [2, /^$/, 'file: expected text'])
  t.end()
})

t.test('a converted file of Promtail makes the same of an event as before', (t) => {
  const stages = `    pipeline_stages:
      - json: { expressions: { reason: , level: } }
      - match: { selector: '{kind="Pod"} |= "app"', stages: [{ template: { source: reason, template: "{{ ToUpper .Value }}" } }] }
      - labels: { reason: }
      - drop: { source: level, value: info }
`
  const before = `clients: [{ url: http://loki/push }]
scrape_configs:
  - job_name: a
    kubernetes_events: { format: json }
${stages}`
  const after = converted(
    convertPromtail(before.replace('kubernetes_events: { format: json }', 'journal: {}'), { job: '' }),
  ).text
  const [old] = jobsOf(before)
  const [moved] = jobsOf(after.replace('kubernetes_events: {}', 'kubernetes_events: { format: json }'))
  for (const occurred of [event(), event({ type: 'Normal' }), event({ message: 'other' })]) {
    t.strictSame(shown(shipperOf(moved!)(occurred)), shown(shipperOf(old!)(occurred)))
  }
  t.end()
})
