import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { JobTally } from '../src/accounting.ts'
import type { Config, ScrapeConfig } from '../src/config/config.ts'
import { formatConfigErrors } from '../src/config/config-error.ts'
import { parseConfig } from '../src/config/parse-config.ts'
import { printConfig } from '../src/config/print-config.ts'
import { createConverter } from '../src/entry/convert.ts'
import type { Entry } from '../src/entry/entry.ts'
import { deadLetterMetaLabels, metaLabels } from '../src/entry/meta-labels.ts'
import { Intake } from '../src/intake.ts'
import type { DeadLetter, KubeEvent } from '../src/kube/event.ts'
import type { ScopePosition } from '../src/kube/position.ts'
import { rateLimited } from '../src/line-rate.ts'
import type { Log } from '../src/log.ts'
import { DirectOutbox } from '../src/outbox.ts'
import { createProcessor } from '../src/processor.ts'
import { createStageMetrics, noMetrics } from '../src/stages/stage-metrics.ts'
import { createThrottle } from '../src/throttle/throttle.ts'
import { handClock } from './fixtures/clock.ts'

const NO_REFERENCE = { kind: '', namespace: '', name: '', uid: '', apiVersion: '', resourceVersion: '', fieldPath: '' }
const EVENT: KubeEvent = {
  uid: 'u1',
  resourceVersion: '7',
  name: 'web-1.17',
  namespace: 'shop',
  creationTimestamp: '2024-05-01T10:00:00Z',
  labels: { 'app.kubernetes.io/name': 'web' },
  annotations: { constructor: 'c', __proto__x: 'p' },
  involved: { ...NO_REFERENCE, kind: 'Pod', namespace: 'shop', name: 'web-1' },
  related: null,
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  action: '',
  sourceComponent: 'kubelet',
  sourceHost: 'node-a',
  reportingComponent: '',
  reportingInstance: '',
  firstTimestamp: '',
  lastTimestamp: '2024-05-01T10:00:00Z',
  eventTime: '',
  count: 3,
  series: null,
  managedTimes: [],
}

const nothing = (): void => undefined
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => log }

const parse = (rest: string): ReturnType<typeof parseConfig> =>
  parseConfig(
    `clients: [{url: http://loki/loki/api/v1/push}]\nscrape_configs:\n  - job_name: a\n    kubernetes_events: {}\n${rest}`,
    'a.yaml',
  )

const configured = (rest: string): Config => {
  const parsed = parse(rest)
  if (parsed.kind === 'invalid') throw new Error(formatConfigErrors(parsed.errors))
  return parsed.config
}

const jobOf = (rest: string): ScrapeConfig => {
  const [job] = configured(rest).scrapeConfigs
  if (job === undefined) throw new Error('no scrape config')
  return job
}

const processed = (rest: string, event: KubeEvent = EVENT): Entry | null => {
  const job = jobOf(rest)
  const processor = createProcessor(job, { clock: handClock(), metrics: noMetrics })
  return processor.process(createConverter(job.entry).toEntry(event), () => metaLabels(event))
}

t.test('rules see what is known of an event, and choose labels and tenant', (t) => {
  const entry = processed(`
    relabel_configs:
      - { source_labels: [__meta_kubernetes_namespace], target_label: __tenant_id__ }
      - { source_labels: [__meta_kubernetes_event_involved_object_name], target_label: pod }
      - { source_labels: [__meta_kubernetes_event_count, __meta_kubernetes_event_source_host], target_label: x }
      - { regex: __meta_kubernetes_event_label_(.*), action: labelmap }
      - { source_labels: [__meta_kubernetes_event_annotationpresent_constructor], target_label: c }
      - { source_labels: [__meta_kubernetes_event_related_kind], target_label: related }
      - { source_labels: [x], target_label: __tmp_x }
`)
  t.strictSame(entry?.labels, {
    __tenant_id__: 'shop',
    app_kubernetes_io_name: 'web',
    c: 'true',
    job: 'kubernetes-events',
    kind: 'Pod',
    namespace: 'shop',
    pod: 'web-1',
    type: 'Warning',
    x: '3;node-a',
  })
  t.equal(processed('    relabel_configs: [{source_labels: [type], regex: Warning, action: drop}]\n'), null)
  const related = { ...EVENT, related: { ...NO_REFERENCE, kind: 'Node', name: 'n' } }
  t.equal(new Map(metaLabels(related)).get('__meta_kubernetes_event_related_kind'), 'Node')
  t.end()
})

t.test('stages run behind the rules, and what they make is fit to be sent', (t) => {
  const entry = processed(
    `
    kubernetes_events: { max_line_size: 1KB, max_label_value_length: 20 }
    relabel_configs: [{ target_label: __hidden, replacement: x }]
    pipeline_stages:
      - logfmt: { mapping: { reason: , msg: , rv: } }
      - structured_metadata: { reason: , rv: , _: rv, hidden: __hidden }
      - labels: { msg: }
      - static_labels: { empty: '' , __internal: x }
      - template: { source: big, template: '{{ repeat 3000 "é" }}' }
      - output: { source: big }
`.replace(/^ {4}kubernetes_events: .*\n/m, ''),
  )
  t.match(entry?.labels, { msg: 'Back-off restarting failed container' })
  t.notOk(entry && ('__internal' in entry.labels || 'empty' in entry.labels))
  t.ok(entry?.metadata.some(([name, value]) => name === 'rv' && value === '7'))
  t.notOk(
    entry?.metadata.some(([name]) => name === '_' || name === 'hidden'),
    'no name that Loki cannot take',
  )
  t.end()
})

t.test('equal labels are one object, so that a stream is known by it', (t) => {
  const job = jobOf('    pipeline_stages: [{ static_labels: { team: a } }]\n')
  const processor = createProcessor(job, { clock: handClock(), metrics: noMetrics })
  const entry = createConverter(job.entry).toEntry(EVENT)
  const [one, two] = [processor.process(entry, () => []), processor.process(entry, () => [])]
  t.equal(one?.labels, two?.labels)
  t.equal(one?.labels['team'], 'a')
  t.end()
})

const POSITION: ScopePosition = { epoch: 0, watched: '7', active: null, pending: [] }
const LETTER: DeadLetter = {
  why: 'line_too_long',
  uid: 'u2',
  resourceVersion: '8',
  creationTimestamp: '2024-05-01T10:00:00Z',
  namespace: 'kube-system',
  sizeBytes: 5,
  head: '',
}

const intakeOf = (
  rest: string,
  clock = handClock(),
): { readonly intake: Intake; readonly tally: JobTally; readonly moved: () => unknown } => {
  const job = jobOf(rest)
  const outbox = new DirectOutbox([])
  const lane = outbox.openLane('a', '*', null)
  const tally = new JobTally()
  const intake = new Intake({
    throttle: createThrottle(null),
    line: null,
    ...{ outbox, tally, log, clock },
    lanes: new Map([['*', lane]]),
    converter: createConverter(job.entry),
    processor: createProcessor(job, { clock, metrics: noMetrics }),
    onUnshippable: nothing,
  })
  return { intake, tally, moved: () => outbox.acknowledged(lane) }
}

t.test('an entry that is not wanted counts as filtered and moves the position', (t) => {
  const { intake, tally, moved } = intakeOf('    pipeline_stages: [{ drop: { expression: BackOff } }]\n')
  intake.event('*', EVENT, POSITION, 'watch')
  t.match(tally, { received: { watch: 1 }, filtered: 1 })
  t.strictSame(moved(), POSITION)
  const letters = intakeOf(
    '    relabel_configs: [{ source_labels: [__meta_kubernetes_namespace], regex: kube-system, action: drop }]\n',
  )
  letters.intake.deadLetter('*', LETTER, POSITION, 'list')
  t.match(letters.tally, { received: { list: 1 }, filtered: 1, deadLetters: 1, unshippable: 0 })
  t.equal(new Map(deadLetterMetaLabels(LETTER)).get('__meta_kubernetes_event_uid'), 'u2')
  t.end()
})

t.test('a limit that does not drop holds the source back until it has refilled', async (t) => {
  const clock = handClock()
  const { intake, tally } = intakeOf('    pipeline_stages: [{ limit: { rate: 2, burst: 1 } }]\n', clock)
  intake.event('*', EVENT, POSITION, 'watch')
  t.ok(intake.hasRoom())
  intake.event('*', EVENT, POSITION, 'watch')
  t.notOk(intake.hasRoom())
  let waited = false
  const room = intake.room(new AbortController().signal).then(() => {
    waited = true
  })
  await clock.untilSleeping()
  await clock.advance(499)
  t.notOk(waited)
  await clock.advance(1)
  await room
  t.ok(intake.hasRoom())
  t.equal(tally.filtered, 0)
})

t.test('limits_config.readline_rate is one bucket behind all pipelines, and drops or waits', async (t) => {
  const limited = (rest: string): readonly ScrapeConfig[] =>
    rateLimited(
      configured(`  - { job_name: b, kubernetes_events: {} }
limits_config: { readline_rate_enabled: true, readline_rate: 1, readline_burst: 2${rest} }
`),
    )
  const registry = new Registry()
  const clock = handClock()
  const metrics = createStageMetrics(registry, log)
  const processors = limited('').map((job) => createProcessor(job, { clock, metrics }))
  const given = (processor: (typeof processors)[number], name: string): boolean =>
    processor.process({ labels: { name }, timestampNs: 1n, line: name, metadata: [] }, () => []) !== null
  t.strictSame(
    [...processors, ...processors].map((processor, n) => given(processor, String(n))),
    [true, true, false, false],
  )
  await clock.advance(1000)
  t.strictSame(
    processors.map((processor) => given(processor, 'later')),
    [true, false],
  )
  t.match(await registry.metrics(), 'logentry_dropped_lines_total{reason="global_rate_limiter_drop"} 3')

  const [waiting] = limited(', readline_rate_drop: false').map((job) => createProcessor(job, { clock, metrics }))
  if (waiting === undefined) throw new Error('no scrape config')
  for (let n = 0; n < 3; n += 1) t.ok(given(waiting, 'x'))
  t.equal(waiting.heldUntilMs - clock.monotonicMs(), 1000)
})

t.test('stages that are not pure are told of, and so are options that mean nothing', (t) => {
  const warned = (stages: string): readonly string[] => {
    const parsed = parse(`    pipeline_stages: ${stages}\n`)
    return parsed.kind === 'valid'
      ? parsed.warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`)
      : []
  }
  const at = '5 scrape_configs[0].pipeline_stages[0]'
  const expectWarning = (t: Test, stages: string, text: string): void => {
    const [first = '', ...more] = warned(stages)
    t.ok(first.startsWith(at) && first.includes(text), first)
    t.strictSame(more, [])
  }
  expectWarning(t, '[{ pack: { labels: [a] } }]', 'ingest_timestamp')
  expectWarning(t, '[{ limit: { rate: 1, burst: 1, drop: true } }]', 'limit drops')
  expectWarning(t, '[{ timestamp: { source: a, format: RFC3339 } }]', 'fudge')
  expectWarning(t, '[{ template: { source: a, template: "{{ now }}" } }]', 'now gives another text')
  expectWarning(t, '[{ replace: { expression: a, replace: "{{ x " } }]', 'does nothing')
  expectWarning(t, '[{ regex: { expression: a, lookbehind_window: 1 } }]', 'no such option')
  t.strictSame(
    warned('[{ template: { source: now, template: \'{{ .now }} now {{ "now" }}\' } }, { sampling: { rate: 1 } }]'),
    [],
  )
  t.end()
})

t.test('sampling takes the same entries each time, and about as many as it should', (t) => {
  const kept = (): readonly string[] =>
    Array.from({ length: 1000 }, (_, n) => ({ ...EVENT, uid: `u${n}` }))
      .filter((event) => job.process(createConverter(sampled.entry).toEntry(event), () => []) !== null)
      .map(({ uid }) => uid)
  const sampled = jobOf('    pipeline_stages: [{ sampling: { rate: 0.25 } }]\n')
  const job = createProcessor(sampled, { clock: handClock(), metrics: noMetrics })
  const first = kept()
  t.ok(first.length > 180 && first.length < 320, String(first.length))
  t.strictSame(kept(), first)
  t.end()
})

const RULES = `    relabel_configs:
      - &one { source_labels: [a], regex: '(.*)', target_label: "on" }
      - { <<: *one, action: drop }
      - { source_labels: [a], regex: 010, target_label: b, replacement: }
    pipeline_stages:
      - match:
          selector: '{a="b"} |= "x"'
          stages:
            - static_labels: { b: '0123', c: "yes", d: 1:30 }
      - drop: { longer_than: 010, drop_counter_reason: a }
`

t.test('what is printed is what was written, and means the same', (t) => {
  const once = printConfig(configured(RULES))
  const parsed = parseConfig(once, 'b.yaml')
  t.match(parsed, { kind: 'valid' })
  t.equal(parsed.kind === 'valid' && printConfig(parsed.config), once)
  t.match(once, /longer_than: 8\n/)
  t.match(once, /regex: ['"]010['"]/)
  t.match(once, /b: ['"]0123['"]/)
  t.notMatch(once, /<<|\*one/)
  t.end()
})

const METRICS = `    pipeline_stages:
      - logfmt: { mapping: { reason: , count: , took: msg } }
      - metrics:
          events: { type: Counter, description: Events., prefix: k8s_, config: { match_all: true, action: inc } }
          bytes: { type: counter, config: { match_all: true, count_entry_bytes: true, action: add } }
          backoffs: { type: counter, source: reason, config: { value: BackOff, action: inc } }
          last: { type: gauge, source: count, max_idle_duration: 10s, config: { action: set } }
          seen: { type: histogram, source: count, config: { buckets: [1, 5] } }
          took: { type: gauge, source: took, config: { action: add } }
      - drop: { source: reason, value: Noise, drop_counter_reason: noise }
      - limit: { rate: 0.1, burst: 3, drop: true, by_label_name: namespace }
      - truncate: { rules: [{ limit: 20B, suffix: '~' }] }
`

t.test('metrics of stages are on the page until they are idle', async (t) => {
  const registry = new Registry()
  const clock = handClock()
  const metrics = createStageMetrics(registry, log)
  const job = jobOf(METRICS)
  const [processor, twin] = [createProcessor(job, { clock, metrics }), createProcessor(job, { clock, metrics })]
  const entry = (event: KubeEvent): Entry => createConverter(job.entry).toEntry(event)
  const labels = 'job="kubernetes-events",namespace="shop",kind="Pod",type="Warning"'
  const sorted = 'job="kubernetes-events",kind="Pod",namespace="shop",type="Warning"'
  for (let n = 0; n < 2; n += 1) processor.process(entry(EVENT), () => [])
  twin.process(entry({ ...EVENT, reason: 'Noise', count: 9, message: '1m30s' }), () => [])
  const page = await registry.metrics()
  const line = (name: string, value: number): void => {
    const text = [`${name}{${labels}} ${value}`, `${name}{${sorted}} ${value}`]
    t.ok(
      text.some((one) => page.includes(one)),
      `${name} ${value}`,
    )
  }
  line('k8s_events', 3)
  line('promtail_custom_backoffs', 2)
  line('promtail_custom_last', 9)
  line('promtail_custom_seen_sum', 15)
  line('promtail_custom_seen_count', 3)
  line('promtail_custom_took', 90)
  t.match(page, /promtail_custom_seen_bucket\{.*le="5".*\} 2\n/)
  t.match(page, /# HELP k8s_events Events\.\n# TYPE k8s_events counter\n/)
  t.match(page, /# TYPE promtail_custom_last gauge\n/)
  t.match(page, 'logentry_dropped_lines_total{reason="noise"} 1')
  t.match(page, 'loki_process_truncated_fields_total{field="line"} 2')
  await clock.advance(11_000)
  t.match(await registry.metrics(), 'promtail_custom_last{', 'shown once more')
  t.notMatch(await registry.metrics(), 'promtail_custom_last{')
  for (let n = 0; n < 3; n += 1) processor.process(entry(EVENT), () => [])
  const limited = await registry.metrics()
  t.match(limited, 'logentry_dropped_lines_by_label_total{label_name="namespace",label_value="shop"} 1')
})

t.test("Alloy's stages: pattern, truncate, structured_metadata_drop", (t) => {
  const entry = processed(`
    pipeline_stages:
      - logfmt: { mapping: { msg: } }
      - pattern: { source: msg, pattern: '<first> restarting <_> <what>', labels_from_groups: true }
      - truncate: { rules: [{ limit: 5B, source_type: label, sources: [what] }, { limit: 6B, source_type: structured_metadata, suffix: ++ }] }
      - structured_metadata_drop: [reason, node]
      - static_labels: { tail: x }
`)
  t.match(entry?.labels, { first: 'Back-off', what: 'conta', tail: 'x' })
  t.strictSame(entry?.metadata, [
    ['name', 'web-1'],
    ['component', 'kube++'],
  ])
  t.end()
})
