import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseArgv } from '../../src/cli/argv.ts'
import { runFileCommand } from '../../src/cli/file-commands.ts'
import { dashboardsCheck } from '../../src/cli/dashboards-check.ts'
import { dashboardsRender } from '../../src/cli/dashboards-render.ts'
import { AGENT_SERIES } from '../../src/dashboards/agent-series.ts'
import { dashboardFindings } from '../../src/dashboards/check-dashboard.ts'
import { type Rule, RULES } from '../../src/dashboards/finding.ts'
import {
  interpolate,
  referencesIn,
  single,
  timeVariables,
  type VariableValue,
} from '../../src/dashboards/interpolate.ts'
import { rewritten, withoutMetadata } from '../../src/dashboards/without-metadata.ts'
import { valueTest } from '../../src/logql/matchers.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { handClock } from '../fixtures/clock.ts'
import { parse as parseYaml } from 'yaml'

type Json = Record<string, unknown>

const SELECTOR = '{job="kubernetes-events", namespace=~"$namespace"}'

const legend = { legend: { showLegend: true } }

const panel = (id: number, type: string, target: Json, more: Json = {}): Json => ({
  id,
  type,
  title: `Panel ${id}`,
  description: 'What it shows.',
  gridPos: { x: 0, y: id * 8, w: 12, h: 8 },
  datasource: { type: 'loki', uid: '${datasource}' },
  fieldConfig: { defaults: { unit: 'short' }, overrides: [] },
  options: legend,
  targets: [{ refId: 'A', datasource: { type: 'loki', uid: '${datasource}' }, ...target }],
  ...more,
})

const instant = (expr: string): Json => ({ expr, queryType: 'instant' })
const range = (expr: string): Json => ({ expr, queryType: 'range', legendFormat: '{{type}}' })

const COUNT = `sum by (type) (count_over_time(${SELECTOR} | reason="BackOff" [$__auto]))`

const loki = (
  panels: readonly Json[] = [panel(1, 'stat', instant(COUNT)), panel(2, 'timeseries', range(COUNT))],
): Json => ({
  uid: 'mine',
  title: 'Mine',
  schemaVersion: 42,
  editable: false,
  panels,
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', label: 'Data source', query: 'loki' },
      {
        name: 'namespace',
        type: 'query',
        query: { stream: '{job="kubernetes-events"}', label: 'namespace' },
        refresh: 2,
        multi: true,
        includeAll: true,
        allValue: '.*',
      },
    ],
  },
})

const SERIES = '{job=~"$job", instance=~"$instance"}'
const RATE = `sum by (client) (rate(eventail_entries_sent_total${SERIES}[$__rate_interval]))`

const chooser = (name: string, label: string): Json => ({
  name,
  label,
  type: 'query',
  query: 'label_values(eventail_build_info, job)',
  refresh: 2,
  multi: true,
  allValue: '.+',
})

const prometheus = (expr = RATE, choosers = [chooser('job', 'Job'), chooser('instance', 'Instance')]): Json => ({
  ...loki([
    {
      ...panel(1, 'timeseries', { expr, legendFormat: '{{client}}' }),
      datasource: { type: 'prometheus', uid: '${datasource}' },
      targets: [{ refId: 'A', expr, legendFormat: '{{client}}' }],
    },
  ]),
  templating: {
    list: [{ name: 'datasource', type: 'datasource', label: 'Data source', query: 'prometheus' }, ...choosers],
  },
})

const withQuery = (expr: string, type = 'stat'): Json =>
  loki([panel(1, type, type === 'stat' ? instant(expr) : range(expr)), panel(2, 'timeseries', range(COUNT))])

const withPanel = (change: Json): Json => loki([{ ...panel(1, 'stat', instant(COUNT)), ...change }])

const withVariables = (...more: readonly Json[]): Json => {
  const { templating } = loki() as { templating: { list: Json[] } }
  return { ...loki(), templating: { list: [...templating.list, ...more] } }
}

const changed = (change: Json): Json => ({ ...loki(), ...change })

type Case = {
  readonly rule: Rule
  readonly dashboard: Json | string
  readonly where: string
  readonly message: RegExp
  /** What cannot but be wrong with it besides. */
  readonly also: readonly Rule[]
}

const bad = (
  rule: Rule,
  dashboard: Json | string,
  ...[where, message, ...also]: readonly [string, RegExp, ...(readonly Rule[])]
): Case => ({ rule, dashboard, where, message, also })

const P1 = 'panel 1 "Panel 1"'
const Q1 = `${P1}, query A`

const CASES: readonly Case[] = [
  bad('dashboard-json', '{', '', /expected JSON/),
  bad('dashboard-model', { spec: loki() }, '', /resource of a newer one/),
  bad('dashboard-model', '[]', '', /expected an object/),
  bad('dashboard-model', { dashboard: loki() }, '', /expected "panels"/),
  bad('uneditable-dashboard-rule', changed({ editable: true }), '', /"editable": false/),
  bad('dashboard-title', changed({ title: '' }), '', /expected a title/),
  bad('dashboard-uid', changed({ uid: 'no spaces please' }), '', /expected a uid/),
  bad('dashboard-uid', changed({ uid: undefined }), '', /expected a uid/),
  bad('schema-version', changed({ schemaVersion: 43 }), '', /42 at most/),
  bad('schema-version', changed({ schemaVersion: 'new' }), '', /42 at most/),
  bad('foreign-key', changed({ id: 7 }), '', /no key id/),
  bad('foreign-key', changed({ __inputs: [] }), '', /no key __inputs/),
  bad('panel-id', withPanel({ id: undefined }), 'panel ? "Panel 1"', /expected an id/),
  bad(
    'panel-id',
    loki([panel(1, 'stat', instant(COUNT)), { ...panel(2, 'stat', instant(COUNT)), id: 1 }]),
    'panel 1 "Panel 2"',
    /that of panel 1 "Panel 1"/,
  ),
  bad('panel-grid', withPanel({ gridPos: { x: 20, y: 0, w: 8, h: 8 } }), P1, /within 24 columns/),
  bad('panel-grid', withPanel({ gridPos: { x: 0, y: 0, w: 0, h: 8 } }), P1, /within 24 columns/),
  bad('panel-grid', withPanel({ gridPos: undefined }), P1, /got null/),
  bad(
    'panel-overlap',
    loki([
      panel(1, 'stat', instant(COUNT)),
      { ...panel(2, 'stat', instant(COUNT)), gridPos: { x: 11, y: 15, w: 5, h: 9 } },
    ]),
    'panel 2 "Panel 2"',
    /overlaps panel 1 "Panel 1"/,
  ),
  bad(
    'template-datasource-rule',
    changed({ templating: { list: [chooser('namespace', 'Namespace')] } }),
    '',
    /expected a variable of type datasource/,
    'panel-datasource-rule',
  ),
  bad(
    'template-datasource-rule',
    withVariables({ name: 'other', type: 'datasource', query: 'loki' }),
    'variable "other"',
    /loki_datasource/,
  ),
  bad(
    'template-datasource-rule',
    changed({
      templating: {
        list: [{ name: 'datasource', type: 'datasource', label: 'Loki', query: 'loki' }, chooser('namespace', 'N')],
      },
    }),
    'variable "datasource"',
    /"Data source"/,
  ),
  bad(
    'template-on-time-change-reload-rule',
    withVariables({ ...chooser('pod', 'Pod'), refresh: 1 }),
    'variable "pod"',
    /"refresh": 2/,
  ),
  bad(
    'template-job-rule',
    prometheus(RATE, [chooser('instance', 'Instance')]),
    '',
    /expected a variable job/,
    'variable-defined',
  ),
  bad(
    'template-job-rule',
    prometheus(RATE, [{ ...chooser('job', 'Job'), multi: false }, chooser('instance', 'Instance')]),
    'variable "job"',
    /"multi": true/,
  ),
  bad(
    'template-instance-rule',
    prometheus(RATE, [chooser('job', 'Job'), { ...chooser('instance', 'Instance'), allValue: '' }]),
    'variable "instance"',
    /"\.\+"/,
  ),
  bad(
    'variable-defined',
    withVariables(
      { ...chooser('pod', 'Pod'), query: { stream: '{a="$later", b="$nobody"}' } },
      chooser('later', 'Later'),
    ),
    'variable "pod"',
    /no variable "nobody"/,
  ),
  bad('variable-defined', withQuery(COUNT.replace('$namespace', '${nobody:regex}')), Q1, /no variable "nobody"/),
  bad('panel-title-description-rule', withPanel({ title: ' ' }), 'panel 1 " "', /expected a title/),
  bad('panel-title-description-rule', withPanel({ description: undefined }), P1, /expected a description/),
  bad('panel-units-rule', withPanel({ fieldConfig: {} }), P1, /expected a unit/),
  bad('panel-units-rule', withPanel({ fieldConfig: { defaults: { unit: 'Events' } } }), P1, /"Events" is no unit/),
  bad('panel-datasource-rule', withPanel({ datasource: { type: 'loki', uid: 'P8E80F9AEF21F6940' } }), P1, /got "P8E8/),
  bad('panel-datasource-rule', withPanel({ datasource: undefined }), P1, /got none/),
  bad('panel-no-targets-rule', withPanel({ targets: [] }), P1, /expected a query/),
  bad('panel-legend', loki([{ ...panel(1, 'timeseries', range(COUNT)), options: {} }]), P1, /legend that is shown/),
  bad('panel-legend', loki([panel(1, 'timeseries', instant(COUNT))]), P1, /legendFormat/),
  bad('panel-reduces-rows', loki([panel(1, 'piechart', instant(COUNT))]), P1, /reduceOptions\.values/),
  bad(
    'target-ref-id',
    withPanel({
      targets: [
        { ...instant(COUNT), refId: 'A' },
        { ...instant(COUNT), refId: 'A' },
      ],
    }),
    P1,
    /refId of its own/,
  ),
  bad('target-logql-rule', withQuery(COUNT.replace('count_over_time', 'count_over')), Q1, /./),
  bad('target-logql-rule', withQuery(COUNT.replace('=~"$namespace"', '=~$namespace')), Q1, /./),
  bad('target-logql-rule', withQuery(`{job="a", namespace=~\`$namespace\`} |~ "(" `), Q1, /./),
  bad('target-logql-auto-rule', withQuery(COUNT.replace('$__auto', '5m')), Q1, /\$__auto/),
  bad('target-logql-auto-rule', withQuery(COUNT.replace('$__auto', '$__interval')), Q1, /the time range/),
  bad('target-logql-auto-rule', withQuery(COUNT.replace('$__auto', '$__range'), 'timeseries'), Q1, /the step/),
  bad('logql-multi-value', withQuery(COUNT.replace('namespace=~', 'namespace=')), Q1, /expected namespace=~/),
  bad('logql-labels', withQuery(COUNT.replace('by (type)', 'by (kynd)')), Q1, /kynd/),
  bad(
    'logql-labels',
    withQuery(COUNT.replace('job="kubernetes-events"', 'job="kubernetes-events", reason="BackOff"')),
    Q1,
    /structured metadata/,
  ),
  bad('logql-labels', withQuery(COUNT.replace('by (type)', 'by (uid)')), Q1, /unbounded/),
  bad('logql-labels', loki([panel(1, 'logs', range(`${SELECTOR} | raison="x"`))]), Q1, /raison/),
  bad('logql-reasons', withQuery(COUNT.replace('BackOff', 'Backoff')), Q1, /"Backoff" is no known reason/),
  bad(
    'logql-one-parser',
    withQuery(COUNT.replace('| reason', '| logfmt msg | logfmt count | reason')),
    Q1,
    /one parser/,
  ),
  bad('logql-index-labels-first', withQuery(COUNT.replace('| reason', '| kind="Pod" | reason')), Q1, /in the selector/),
  bad('target-promql-rule', prometheus(RATE.replace('rate(', 'rate((')), Q1, /no PromQL/),
  bad('target-job-rule', prometheus(RATE.replace('job=~"$job", ', '')), Q1, /job=~"\$job"/),
  bad('target-instance-rule', prometheus(RATE.replace('instance=~', 'instance=')), Q1, /instance=~"\$instance"/),
  bad('target-rate-interval-rule', prometheus(RATE.replace('$__rate_interval', '5m')), Q1, /\$__rate_interval/),
  bad(
    'promql-metrics',
    prometheus(RATE.replace('entries_sent', 'entries_sended')),
    Q1,
    /did you mean eventail_entries_sent_total/,
  ),
]

/** Rules that only the agent's own dashboards are held to. */
const OF_AGENT: ReadonlySet<Rule> = new Set([
  ...(['logql-labels', 'logql-reasons', 'logql-one-parser', 'logql-index-labels-first', 'promql-metrics'] as const),
])

const textOf = (dashboard: Json | string): string =>
  typeof dashboard === 'string' ? dashboard : JSON.stringify(dashboard)

t.test('each rule finds what it is about, where it is, and nothing else', (t) => {
  t.strictSame(dashboardFindings(textOf(loki()), 'eventail'), [])
  t.strictSame(dashboardFindings(textOf(prometheus()), 'eventail'), [])
  for (const { rule, dashboard, where, message, also } of CASES) {
    const findings = dashboardFindings(textOf(dashboard), 'eventail')
    t.strictSame(new Set(findings.map((one) => one.rule)), new Set([rule, ...also]), `${rule} alone: ${message}`)
    const found = findings.filter((one) => one.rule === rule && one.where === where)
    t.ok(
      found.some((one) => message.test(one.message)),
      `${rule}: ${where}: ${found.map((one) => one.message).join()}`,
    )
    const generic = dashboardFindings(textOf(dashboard), 'generic').map((one) => one.rule)
    t.equal(generic.includes(rule), !OF_AGENT.has(rule), `${rule} in other people's dashboards`)
  }
  t.strictSame(new Set(CASES.map(({ rule }) => rule)), new Set(RULES), 'each rule has a case')
  t.end()
})

t.test('hostile and odd files are told about, never thrown at', (t) => {
  const odd: readonly unknown[] = [
    null,
    7,
    { panels: [null, 7, 'x', { targets: [null, { expr: 7 }], panels: {} }], templating: [], annotations: { list: 7 } },
    { panels: [{ type: 'row', panels: [panel(3, 'stat', instant('{'))] }], templating: { list: [{ __proto__: 1 }] } },
    { ...loki(), panels: [{ ...panel(1, 'stat', instant(`{a="${'('.repeat(70_000)}"}`)) }] },
  ]
  for (const json of odd) t.ok(dashboardFindings(JSON.stringify(json), 'eventail').length > 0)
  const within = dashboardFindings(
    JSON.stringify({
      ...loki(),
      panels: [{ id: 9, type: 'row', gridPos: { x: 0, y: 0, w: 24, h: 1 }, panels: [panel(1, 'stat', instant('{'))] }],
    }),
    'generic',
  )
  t.match(within, [{ rule: 'target-logql-rule', where: Q1 }], 'panels within rows are looked at')
  t.end()
})

t.test('variables are replaced as Grafana does', (t) => {
  const multi = (...values: readonly string[]): VariableValue => ({ values, isMulti: true, all: null })
  const values = new Map([
    ['one', single(`it's a.b`)],
    ['few', multi('a.b', `c\\'d`)],
    ['lone', multi('x+y')],
    ['all', { values: ['a', 'b'], isMulti: true, all: '.*' }],
  ])
  const cases: readonly (readonly [string, string])[] = [
    ['$one ${one} [[one]] $other ${other:csv}', `it\\\\'s a.b it\\\\'s a.b it\\\\'s a.b $other \${other:csv}`],
    ['$few', `a\\\\.b|c\\\\\\\\\\\\'d`],
    ['${lone}', 'x\\\\+y'],
    ['$all ${all:regex} [[all:pipe]]', '.* .* .*'],
    ['${few:raw} ${few:csv} ${few:pipe}', `a.b,c\\'d a.b,c\\'d a.b|c\\'d`],
    ['${few:regex} ${lone:regex}', `(a\\.b|c\\\\'d) x\\+y`],
    ['${few:glob} ${lone:glob}', `{a.b,c\\'d} x+y`],
    ['${few:json} ${lone:json}', `["a.b","c\\\\'d"] "x+y"`],
    ['${few:doublequote} ${few:singlequote} ${few:sqlstring}', `"a.b","c\\'d" 'a.b','c\\\\'d' 'a.b','c\\''d'`],
    [
      '${lone:queryparam} ${all:queryparam} ${lone:percentencode} ${one:uriencode}',
      "var-lone=x%2By var-all=%24__all x%2By it's%20a.b",
    ],
    ['${few:text} ${one:unheardof}', `a.b + c\\'d it\\\\'s a.b`],
    ['$name.* a$', '$name.* a$'],
  ]
  for (const [text, expected] of cases) t.equal(interpolate(text, values), expected, text)
  t.equal(interpolate('$few $lone', values, 'prometheus'), `(a\\\\.b|c\\\\\\\\\\\\'d) x\\\\+y`)
  t.strictSame(referencesIn('$a ${b} ${c:csv} [[d]] [[e:csv]] ${f.text} $ {g}'), ['a', 'b', 'c', 'd', 'e', 'f'])
  const times = (isInstant: boolean): string =>
    interpolate(
      '$__auto ${__interval} $__range_s $__rate_interval',
      timeVariables({ rangeSeconds: 3600, stepSeconds: 15, isInstant }),
    )
  t.equal(times(true), '3600s 15s 3600 60s')
  t.equal(times(false), '15s 15s 3600 60s')
  t.end()
})

t.test('the variant without structured metadata reads names from the line, and keeps variables', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'sum(count_over_time({job="kubernetes-events"} | reason="x" [$__auto]))',
      'sum(count_over_time({job="kubernetes-events"} | logfmt reason | reason="x" [$__auto]))',
    ],
    [
      'sum by (name) (count_over_time({job="kubernetes-events"} |= "a" [${__range}])) / sum by (name) (count_over_time({job="kubernetes-events"} [$__range]))',
      'sum by (name) (count_over_time({job="kubernetes-events"} |= "a" | logfmt name [${__range}])) / sum by (name) (count_over_time({job="kubernetes-events"} | logfmt name [$__range]))',
    ],
    [
      '{job="kubernetes-events"} |~ `$search` | name=~`^$name.*`',
      '{job="kubernetes-events"} |~ `$search` | logfmt name | name=~`^$name.*`',
    ],
    ['{job="kubernetes-events"} |= "x"', '{job="kubernetes-events"} |= "x"'],
    [
      'max(last_over_time({job="eventail"} | logfmt position_age | unwrap position_age [$__auto]) by (cluster))',
      'max(last_over_time({job="eventail"} | logfmt position_age | unwrap position_age [$__auto]) by (cluster))',
    ],
    [
      'sum by (name) (count_over_time({job="kubernetes-events"} | reason="x" | name=~"y" [$__auto]))',
      'sum by (name) (count_over_time({job="kubernetes-events"} | logfmt | reason="x" | name=~"y" [$__auto]))',
    ],
    [
      '{job="kubernetes-events"} | reason="x" | logfmt msg | line_format `{{ .msg }}`',
      '{job="kubernetes-events"} | logfmt reason, msg | reason="x" | line_format `{{ .msg }}`',
    ],
    ['sum(up{job=~"$job"})', 'sum(up{job=~"$job"})'],
  ]
  for (const [text, expected] of cases) t.equal(withoutMetadata(text), expected)
  t.strictSame(rewritten({ a: [{ expr: '{a="b"} | reason="x"', n: 1 }, null], expr: 7 }), {
    a: [{ expr: '{a="b"} | logfmt reason | reason="x"', n: 1 }, null],
    expr: 7,
  })
  t.end()
})

t.test('the metrics that dashboards may use are those of docs/metrics.md', (t) => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/metrics.md'), 'utf8')
  const told = [...text.matchAll(/^\| `([a-z_]+)` +\| (counter|gauge|histogram)/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
  )
  t.ok(told.length > 50)
  const own = [...AGENT_SERIES].filter((name) => !/^(?:process|nodejs)_|^up$/.test(name))
  t.strictSame(own.sort(), told.sort(), 'npm run generate')
  t.end()
})

const run = (
  command: (output: { out: (text: string) => void; err: (text: string) => void }) => number,
): { code: number; out: string; err: string } => {
  const written = { out: '', err: '' }
  const code = command({ out: (text) => (written.out += text), err: (text) => (written.err += text) })
  return { code, ...written }
}

t.test('dashboards check: exit codes, places, and nothing that moves a terminal', (t) => {
  const folder = t.testdir({
    'bad.json': textOf(withQuery(COUNT.replace('count_over_time', 'count_over'))),
    'evil.json': textOf(withPanel({ title: '\\u001b[2J'.replace('\\u001b', '\u001b'), description: '' })),
    'good.json': textOf(loki()),
    'notes.txt': 'no dashboard',
  })
  const all = run((output) => dashboardsCheck({ files: [folder], profile: 'eventail' }, output))
  t.equal(all.code, 1)
  t.equal(all.out, '3 dashboards: 2 findings\n')
  t.match(all.err, /bad\.json: panel 1 "Panel 1", query A: target-logql-rule: .*\n    sum by \(type\) .*\n +\^\n/)
  t.notMatch(all.err, /\u001b/)
  const good = run((output) => dashboardsCheck({ files: [join(folder, 'good.json')], profile: 'generic' }, output))
  t.strictSame(good, { code: 0, out: '1 dashboard: 0 findings\n', err: '' })
  const absent = run((output) => dashboardsCheck({ files: [join(folder, 'absent.json')], profile: 'generic' }, output))
  t.equal(absent.code, 2)
  t.match(absent.err, /cannot be read/)
  const many = join(folder, 'many.json')
  writeFileSync(
    many,
    textOf(loki(Array.from({ length: 60 }, (_, id) => ({ ...panel(id, 'stat', instant(COUNT)), title: '' })))),
  )
  t.match(run((output) => dashboardsCheck({ files: [many], profile: 'generic' }, output)).err, /and 10 more\n$/)
  t.end()
})

t.test('dashboards render: files, a ConfigMap, the variant, and what it refuses', (t) => {
  const folder = t.testdir({ 'good.json': textOf(loki()), 'bad.json': '{}', out: {} })
  const good = join(folder, 'good.json')
  const options = {
    files: [good],
    as: 'files',
    structuredMetadata: true,
    groupBy: 'name',
    namespace: '',
    out: '',
  } as const
  t.strictSame(
    run((output) => dashboardsRender(options, output)),
    { code: 0, out: textOf(loki()), err: '' },
  )
  const variant = run((output) =>
    dashboardsRender({ ...options, structuredMetadata: false, out: join(folder, 'out') }, output),
  )
  t.equal(variant.code, 0)
  t.match(readFileSync(join(folder, 'out', 'eventail-good.json'), 'utf8'), '| logfmt reason | reason=')
  const map = run((output) => dashboardsRender({ ...options, as: 'configmap', namespace: 'monitoring' }, output))
  t.strictSame(parseYaml(map.out), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'eventail-dashboards',
      namespace: 'monitoring',
      labels: { grafana_dashboard: '1' },
      annotations: { grafana_folder: 'Kubernetes events' },
    },
    data: { 'eventail-good.json': textOf(loki()) },
  })
  t.match(
    run((output) => dashboardsRender({ ...options, files: [folder] }, output)),
    { code: 2, err: /bad\.json: expected "panels"/ },
  )
  t.match(
    run((output) => dashboardsRender({ ...options, files: ['/nowhere'] }, output)),
    { code: 2 },
  )
  t.match(
    run((output) => dashboardsRender({ ...options, out: good }, output)),
    { code: 1, err: /cannot be written/ },
  )
  t.end()
})

t.test('chosen values select themselves and nothing else, whatever they consist of', (t) => {
  const value = fc.string({
    unit: fc.constantFrom(...Array.from("ab0-_.*+?()[]{}|^$\\'/ :,~")),
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 4 }), value, (values, other) => {
      const text = interpolate(
        '{namespace=~"$namespace"}',
        new Map([['namespace', { values, isMulti: true, all: null }]]),
      )
      const parsed = parseQuery(text)
      if (parsed.kind === 'error' || parsed.query.kind !== 'log') return false
      const [matcher] = parsed.query.matchers
      if (matcher === undefined) return false
      const matches = valueTest(matcher)
      return values.every(matches) && matches(other) === values.includes(other)
    }),
  )
  t.end()
})

t.test('both commands are understood on a command line, and run', async (t) => {
  const file = join(t.testdir({ 'good.json': textOf(loki()) }), 'good.json')
  const ran = async (...words: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const asked = parseArgv(['dashboards', ...words])
    if (asked.command === 'usage-error') return { code: 2, out: '', err: asked.message }
    if (asked.command !== 'dashboards check' && asked.command !== 'dashboards render') throw new Error(asked.command)
    const written = { out: '', err: '' }
    const output = { out: (text: string) => (written.out += text), err: (text: string) => (written.err += text) }
    const code = await runFileCommand(asked, { clock: handClock(), output })
    return { code, ...written }
  }
  t.match(await ran('check', file), { code: 0, out: '1 dashboard: 0 findings\n' })
  t.match(await ran('check', '-profile=generic', file), { code: 0 })
  t.match(await ran('check', '-profile=none', file), { code: 2, err: /expected eventail or generic for -profile/ })
  t.match(await ran('render', '-as=configmap', '-namespace=x', file), { code: 0, out: /^apiVersion: v1\n/ })
  t.match(await ran('render', '-no-structured-metadata', file), { code: 0, out: /\| logfmt reason \|/ })
  t.match(await ran('render', '-as=image', file), { code: 2, err: /expected one of files, configmap for -as/ })
})
