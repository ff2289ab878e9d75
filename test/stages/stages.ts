import { Registry } from 'prom-client'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { ScrapeConfig } from '../../src/config/config.ts'
import type { ConfigError } from '../../src/config/config-error.ts'
import type { Log } from '../../src/log.ts'
import { createRelabeler } from '../../src/relabel/relabel.ts'
import { Pipeline } from '../../src/stages/pipeline.ts'
import type { Extracted } from '../../src/stages/stage.ts'
import { createStageMetrics, noMetrics, type StageMetrics } from '../../src/stages/stage-metrics.ts'

/*
 * What Promtail's own source says of inputs that nobody recorded: clients/pkg/logentry and the libraries it stands on,
 * of 3.6.15. The recorded ones are in test/conformance.
 */

type Read =
  | { readonly kind: 'config'; readonly config: ScrapeConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly errors: readonly ConfigError[] }

const read = (key: string, yaml: string): Read => {
  const indented = yaml.replaceAll(/^(?=.)/gm, '      ')
  const text = `clients: [{url: http://loki/p}]\nscrape_configs:\n  - job_name: a\n    kubernetes_events: {}\n    ${key}:\n${indented}`
  const parsed = parseConfig(text, 'a.yaml')
  if (parsed.kind === 'invalid') return { kind: 'refused', errors: parsed.errors }
  const [config] = parsed.config.scrapeConfigs
  if (config === undefined) throw new Error('no scrape config')
  return { kind: 'config', config, warnings: parsed.warnings.map(({ message }) => message) }
}

type Seen = {
  readonly line: string
  readonly labels: Readonly<Record<string, string>>
  readonly extracted: Readonly<Record<string, Extracted>>
}

const LABELS = { app: 'web' }

const run = (stages: string, line: string, metrics: StageMetrics = noMetrics): Seen | 'dropped' | 'refused' => {
  const found = read('pipeline_stages', stages)
  if (found.kind === 'refused') return 'refused'
  const pipeline = new Pipeline(found.config.stages, { clock: systemClock, metrics })
  const output = pipeline.process({ labels: new Map(Object.entries(LABELS)), timestampNs: 1n, line, metadata: [] })
  if (output === null) return 'dropped'
  // The labels are among the extracted values; that is shown elsewhere.
  const extracted = Object.fromEntries([...output.extracted].filter(([name]) => name !== 'app'))
  return { line: output.line, labels: Object.fromEntries(output.labels), extracted }
}

const extractedBy = (stages: string, line: string): unknown => {
  const seen = run(stages, line)
  return typeof seen === 'string' ? seen : seen.extracted
}

t.test('json: what its reader lets pass, and what it makes of a line that is null', (t) => {
  const json = '- json: { drop_malformed: true, expressions: { a: } }'
  const cases: readonly (readonly [line: string, extracted: unknown])[] = [
    ['{"a":"x\\t\ny"}', { a: 'x\t\ny' }],
    ['{"a":"x\ny\\t"}', 'dropped'],
    ['{"b\\n\t":1,"a":"ok"}', { a: 'ok' }],
    ['{"b":"\\"","a":"\n"}', 'dropped'],
    ['{"a":"\\q\n"}', 'dropped'],
    ['{"a":"\\t\n"', 'dropped'],
  ]
  for (const [line, extracted] of cases) t.strictSame(extractedBy(json, line), extracted, JSON.stringify(line))
  const whole = "- json: { expressions: { w: '@', t: 'type(@)', len: 'length(@)' } }"
  t.strictSame(extractedBy(whole, 'null'), { w: 'null', t: 'object', len: 0 })
  t.strictSame(extractedBy(whole, '{}'), { w: '{}', t: 'object', len: 0 })
  t.end()
})

t.test('logfmt: an escape beside a control character is a mistake', (t) => {
  const logfmt = '- logfmt: { mapping: { a: , b: } }'
  t.strictSame(extractedBy(logfmt, 'a=1 b="x\\ty"'), { a: '1', b: 'x\ty' })
  t.strictSame(extractedBy(logfmt, 'a=1 b="x\ty"'), { a: '1', b: 'x\ty' })
  t.strictSame(extractedBy(logfmt, 'a=1 b="x\\t\ty"'), { a: '1' })
  t.end()
})

t.test('match: names are whatever its scanner takes for none of its signs', (t) => {
  const tenant = 'stages: [{ tenant: { value: x } }]'
  const selected = (selector: string): boolean | string => {
    const seen = run(`- match: { selector: '${selector.replaceAll("'", "''")}', ${tenant} }`, 'a line')
    return typeof seen === 'string' ? seen : seen.labels['__tenant_id__'] === 'x'
  }
  for (const selector of ['{5=""}', '{-=""}', '{\'a\'=""}', '{`a`=""}', '{app="web"}|="line"'])
    t.equal(selected(selector), true, selector)
  for (const selector of ['{.=""}', '{"a"=""}', '{a-b=""}', '{a=`b`}', '{a="b"', '{a=5}'])
    t.equal(selected(selector), 'refused', selector)
  t.end()
})

t.test('match: an item without a stage is one, and an empty name of a pipeline is none', (t) => {
  const selector = `selector: '{app="web"}'`
  t.strictSame(run(`- match: { ${selector}, stages: [{}] }`, 'x'), { line: 'x', labels: LABELS, extracted: {} })
  t.equal(run(`- match: { ${selector}, action: drop, stages: [{}] }`, 'x'), 'refused')
  t.equal(run(`- match: { ${selector}, stages: [{}], pipeline_name: '' }`, 'x'), 'refused')
  t.not(run(`- match: { ${selector}, stages: [{}], pipeline_name: }`, 'x'), 'refused')
  t.end()
})

t.test('numbers are taken for what mapstructure takes them', (t) => {
  const cases: readonly (readonly [stage: string, isTaken: boolean])[] = [
    ["limit: { rate: '1e3', burst: '0x10' }", true],
    ["limit: { rate: '0x1p4', burst: 2.9 }", true],
    ["limit: { rate: 1, burst: '2.5' }", false],
    ["limit: { rate: '', burst: 1 }", false],
    ['limit: { rate: yes, burst: yes }', true],
    ['limit: { rate: 1, burst: 1, max_distinct_labels: a }', false],
    ["sampling: { rate: 'one' }", false],
    ['metrics: { a: { type: histogram, config: { buckets: [1, 2.5] } } }', true],
    ["metrics: { a: { type: histogram, config: { buckets: ['1'] } } }", false],
    ['metrics: { a: { type: histogram, config: { buckets: [yes] } } }', false],
  ]
  for (const [stage, isTaken] of cases) t.equal(run(`- ${stage}`, 'x') !== 'refused', isTaken, stage)
  t.end()
})

t.test('an option in two spellings counts in the one that is exact', (t) => {
  const found = read('pipeline_stages', '- json: { expressions: { a: }, Source: x, source: app }')
  t.match(found, { kind: 'config', warnings: [/source is there already/] })
  t.end()
})

const noLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => noLog,
}

t.test('metrics: empty sources, an infinite bucket, and names that are none on a page', async (t) => {
  const registry = new Registry()
  const metrics = createStageMetrics(registry, noLog)
  const stages = `
- json: { expressions: { '': d, 'took-s': d } }
- static_labels: { 'a-b': x }
- metrics:
    empty: { type: counter, source: '', config: { action: inc } }
    'took-s': { type: histogram, config: { buckets: [1, .inf] } }
    span: { type: gauge, source: 'took-s', config: { action: set } }`
  run(stages, '{"d":"-1m30.5s"}', metrics)
  const page = await registry.metrics()
  t.match(page, /^promtail_custom_empty\{a_b="x",app="web"\} 1$/m)
  t.match(page, /^promtail_custom_span\{.*\} -90\.5$/m)
  t.equal(page.match(/^promtail_custom_took_s_bucket.*le="\+Inf"/gm)?.length, 1)
  t.match(read('pipeline_stages', stages.trim()), { warnings: [/is shown as promtail_custom_took_s/] })
  t.end()
})

t.test('labelmap: of several labels that get one name, the last by name wins, or the last that a rule has set', (t) => {
  const relabelled = (rules: string, labels: Readonly<Record<string, string>>): unknown => {
    const found = read('relabel_configs', rules)
    if (found.kind === 'refused') return 'refused'
    const map = new Map(Object.entries(labels))
    createRelabeler(found.config.relabel)(map)
    return Object.fromEntries(map)
  }
  const map = '- { action: labelmap, regex: ._x, replacement: x }'
  t.match(relabelled(map, { b_x: 'b', a_x: 'a' }), { x: 'b' })
  t.match(relabelled(`- { target_label: a_x, replacement: new }\n${map}`, { b_x: 'b', a_x: 'a' }), { x: 'new' })
  t.strictSame(relabelled('- { action: labeldrop, regex: a, source_labels: }', { a: '1' }), {})
  t.equal(relabelled('- { action: labeldrop, regex: a, source_labels: [] }', { a: '1' }), 'refused')
  t.end()
})
