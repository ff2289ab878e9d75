import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { rulesTest } from '../../src/cli/rules-test.ts'
import { systemClock } from '../../src/clock.ts'

const root = resolve(import.meta.dirname, '../..')

/** Runs tests as the command line does. */
const run = (
  files: readonly string[],
  { junit = '', structuredMetadata = true }: { junit?: string; structuredMetadata?: boolean } = {},
): { code: number; out: string; err: string } => {
  const texts = { out: '', err: '' }
  const output = {
    out: (text: string): void => void (texts.out += text),
    err: (text: string): void => void (texts.err += text),
  }
  const code = rulesTest({ files, junit, structuredMetadata }, { clock: systemClock, output })
  return { code, ...texts }
}

const RULES = `groups:
  - name: g
    rules:
      - alert: Crash
        expr: sum by (cluster, name) (count_over_time({job="kubernetes-events"} | reason="BackOff" [5m])) >= 2
        for: 2m
        labels: { severity: '{{ if gt $value 3.0 }}critical{{ else }}warning{{ end }}' }
        annotations:
          summary: '{{ $labels.name }} in {{ $externalLabels.cluster }} {{ $value }} times'
          link: '{{ externalURL }}/x?{{ $labels.name | urlquery }}'
      - alert: Broken
        expr: sum by (name) (count_over_time({job="kubernetes-events"} [5m]))
        annotations: { summary: '{{ index (args) 1 }}' }
      - record: a:b
        expr: sum by (name) (count_over_time({job="kubernetes-events"} [5m]))
        labels: { team: x }
`

const EVENT = `{ involvedObject: { kind: Pod, namespace: shop, name: web 0 }, type: Warning, reason: BackOff, message: m, source: { component: kubelet } }`

/** A file of one test: some rows of it. */
const testFile = (rows: string): string =>
  `rule_files: [rules.yaml]\nexternal_labels: { cluster: prod }\nexternal_url: http://grafana\nevents: { crash: &crash ${EVENT} }\ntests:\n  - name: a test\n${rows}`

const folder = (t: Test, files: Readonly<Record<string, string>>): string => {
  const path = mkdtempSync(join(tmpdir(), 'eventail-rules-'))
  t.teardown(() => {
    rmSync(path, { recursive: true })
  })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const INPUT = '    input_events:\n      - { at: 0m, event: *crash, times: 6, every: 1m }\n'

/** Alert cases as rows of a file. */
const cases = (...all: readonly (readonly [at: string, name: string, expected: string])[]): string =>
  `    alert_rule_test:\n${all
    .map(([at, name, expected]) => `      - { eval_time: ${at}, alertname: ${name}, exp_alerts: [${expected}] }\n`)
    .join('')}`

t.test('every unit test that is shipped passes', (t) => {
  const { code, out, err } = run([join(root, 'rules/tests')])
  t.equal(err, '')
  t.equal(code, 0)
  t.match(out, /^\d{3} tests in \d\d files: 0 failed\n$/)
  const shipped = (under: string): readonly string[] =>
    readdirSync(join(root, under)).filter((name) => name.endsWith('yaml'))
  t.strictSame(shipped('rules/tests'), shipped('rules'), 'a file of tests for each file of rules')
  t.end()
})

t.test('every unit test passes with the variant of the rules for a Loki without structured metadata', (t) => {
  const { code, err } = run([join(root, 'rules/tests')], { structuredMetadata: false })
  t.equal(err, '')
  t.equal(code, 0)
  t.end()
})

t.test(
  'an alert is pending, fires, changes its labels with its value and goes; templates see what the ruler has',
  (t) => {
    const critical = `{ exp_labels: { severity: critical, cluster: prod, name: web 0 }, exp_annotations: { summary: web 0 in prod 5 times, link: 'http://grafana/x?web+0' } }`
    const rows = cases(
      ['2m', 'Crash', ''],
      ['3m', 'Crash', ''],
      ['5m', 'Crash', critical],
      ['6m', 'Crash', critical.replace(/, exp_annotations.*/, '}')],
      // Another label is another alert, which begins as pending.
      ['7m', 'Crash', ''],
      ['30m', 'Crash', ''],
    )
    const path = folder(t, { 'rules.yaml': RULES, 't.yaml': testFile(INPUT + rows) })
    const { code, err } = run([join(path, 't.yaml')])
    t.equal(err, '')
    t.equal(code, 0)
    t.end()
  },
)

t.test('a test that fails says at which line, at what time and what differs', (t) => {
  const rows = cases(
    ['2m', 'Crash', '{ exp_labels: { severity: warning, cluster: prod, name: web 0 } }'],
    ['5m', 'Crash', ''],
    [
      '6m',
      'Crash',
      '{ exp_labels: { severity: critical, cluster: prod, name: web 0 }, exp_annotations: { summary: other, gone: x } }',
    ],
    ['1m', 'Broken', '{ exp_labels: { name: web 0 } }'],
  )
  const samples =
    "    logql_expr_test:\n      - { record: 'a:b', eval_time: 1m, exp_samples: [{ labels: '{name=\"web 0\"}', value: 2 }] }\n" +
    '      - { expr: \'sum(count_over_time({job="kubernetes-events"} [5m]))\', eval_time: 1m, exp_samples: [{ labels: "{}", value: 3 }] }\n'
  const path = folder(t, { 'rules.yaml': RULES, 't.yaml': testFile(INPUT + rows + samples) })
  const junit = join(path, 'junit.xml')
  const { code, out, err } = run([join(path, 't.yaml')], { junit })
  t.equal(code, 1)
  t.equal(out, '1 tests in 1 file: 1 failed\n')
  t.equal(
    err.replace(path, ''),
    `FAILED /t.yaml: a test
    line 10, firing alerts Crash at 2m:
      - {cluster="prod", name="web 0", severity="warning"}
      ~ {cluster="prod", name="web 0", severity="warning"} is pending since 1m
    line 11, firing alerts Crash at 5m:
      + {cluster="prod", name="web 0", severity="critical"}
    line 12, firing alerts Crash at 6m:
      annotations of {cluster="prod", name="web 0", severity="critical"}
      - summary: "other"
      + summary: "web 0 in prod 4 times"
      - gone: "x"
      + gone: nothing
    line 13, firing alerts Broken at 1m:
      annotations of {name="web 0"}
      + summary: <error expanding template: error executing template template: __alert_Broken:1:83: executing "__alert_Broken" at <index (args) 1>: error calling index: value has type int; should be string>
    line 15, samples of a:b at 1m:
      - {name="web 0"} 2
      + {name="web 0", team="x"} 2
    line 16, samples at 1m:
      - {} 3
      + {} 2
`,
  )
  const xml = readFileSync(junit, 'utf8')
  t.match(xml, /<testsuites name="eventail rules test" tests="1" failures="1" time="\d+\.\d{3}">/)
  t.match(xml, /<testcase classname="[^"]*t\.yaml" name="a test" time="\d+\.\d{3}">/)
  t.match(xml, '- {cluster=&quot;prod&quot;, name=&quot;web 0&quot;, severity=&quot;warning&quot;}')
  t.end()
})

t.test('an expression that fails when it is evaluated fails the test', (t) => {
  const rules = `groups: [{ name: g, limit: 1, rules: [
    { alert: Numbers, expr: 'max_over_time({job="kubernetes-events"} | logfmt | unwrap msg [5m])' },
    { alert: Same, expr: 'sum by (name, rv) (count_over_time({job="kubernetes-events"} | logfmt [5m]))', labels: { rv: x } },
    { alert: Many, expr: 'sum by (name, rv) (count_over_time({job="kubernetes-events"} | logfmt [5m]))' }] }]`
  const rows = cases(['5m', 'Numbers', ''], ['5m', 'Same', ''], ['5m', 'Many', ''])
  const path = folder(t, { 'rules.yaml': rules, 't.yaml': testFile(INPUT + rows) })
  const { code, err } = run([join(path, 't.yaml')])
  t.equal(code, 1)
  t.match(err, /Numbers cannot be evaluated at 0s: pipeline error: 'SampleExtractionErr'/)
  t.match(err, /Same cannot be evaluated at 1m: vector contains metrics with the same labelset/)
  t.match(err, /Many cannot be evaluated at 1m: exceeded limit of 1 with 2 alerts/)
  t.end()
})

t.test('what is wrong with a file of tests or its rules is told at once with its place, and nothing runs', (t) => {
  const rows = `    input_events: [{ at: 1m, event: { metadata: { uid: 'a b' } } }, { event: [] , at: x }]
    input_streams: [{ stream: '{a=~"b"}' }]
    alert_rule_test: [{ eval_time: 1m, alertname: Crush }]
    logql_expr_test: [{ expr: '{a="b"}', eval_time: 1m }, { eval_time: 1m }]
`
  const path = folder(t, {
    'rules.yaml': RULES,
    't.yaml': testFile(rows),
    'u.yaml': testFile(rows.replace(/, \{ event: \[\].*\]\n.*\n/, ']\n').replace(', { eval_time: 1m }]', ']')),
    'v.yaml': 'rule_files: [none.yaml, bad.yaml]\ntests: [{ name: x, extra: 1 }]',
    'w.yaml': `rule_files: ['*ad.yaml']\ntests: []`,
    'bad.yaml': 'groups: [{ nam: g }]',
  })
  const wrong = (name: string): readonly string[] => {
    const { code, out, err } = run([join(path, name)])
    t.equal(code, 2)
    t.equal(out, '')
    return err
      .split('\n')
      .filter((line) => line.startsWith('/') || line.startsWith('..'))
      .map((line) => relative(path, line))
  }
  t.match(wrong('t.yaml'), [
    /^t\.yaml:7:78: tests\[0\]\.input_events\[1\]\.event: expected an event, got a list/,
    /^t\.yaml:7:87: tests\[0\]\.input_events\[1\]\.at: expected a duration/,
    /^t\.yaml:8:31: .*stream: expected labels such as/,
    /^t\.yaml:10:59: .*one of expr and record must be set/,
  ])
  t.match(wrong('u.yaml'), [
    /^u\.yaml:7:20: .*expected an event: metadata\.uid is missing or unusable/,
    /^u\.yaml:8:51: .*no alert "Crush" in rule_files: did you mean Crash\?/,
    /^u\.yaml:9:32: .*expected a LogQL query for numbers: it is for lines/,
  ])
  t.match(wrong('v.yaml'), [
    /^v\.yaml:2:9: tests\[0\]: expected alert_rule_test or logql_expr_test/,
    /^v\.yaml:2:20: tests\[0\]\.extra: expected a known key/,
  ])
  t.match(wrong('w.yaml'), [/^bad\.yaml:1:\d+: groups\[0\]/, /^bad\.yaml:1:\d+: groups\[0\]/])
  t.match(run([join(path, 'absent.yaml')]), { code: 2, err: /absent\.yaml: cannot be read/ })
  t.match(run([join(path, 'none*.yaml')]), { code: 2, err: /no such file there/ })
  t.end()
})
