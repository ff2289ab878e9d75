import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { checkRules, type RuleProfile } from '../../src/rules/check-files.ts'

const root = resolve(import.meta.dirname, '../..')

const ANNOTATIONS = '{ summary: s, description: d, runbook_url: u }'

/** A file with one alert, the expression on line 5 from column 15 on, and other keys below it. */
const alertFile = (expr: string, more = `labels: { severity: info }\n        annotations: ${ANNOTATIONS}`): string =>
  `groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: ${expr}\n        ${more}\n`

const errorsOf = (text: string, profile: RuleProfile = 'eventail'): readonly string[] =>
  checkRules([{ file: 'f.yaml', text }], profile).errors.map(
    ({ line, col, path, message }) => `${line}:${col} ${path}: ${message}`,
  )

const S = '{job="kubernetes-events"}'
const sum = (log: string, window = '10m'): string => `'sum by (name) (count_over_time(${log} [${window}]))'`

t.test('every rule that is shipped passes', (t) => {
  const files = readdirSync(join(root, 'rules')).filter((name) => name.endsWith('.yaml'))
  const sources = files.map((file) => ({ file, text: readFileSync(join(root, 'rules', file), 'utf8') }))
  const checked = checkRules(sources, 'eventail')
  t.strictSame(checked.errors, [])
  t.ok(checked.files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules)).length > 40)
  t.strictSame(checkRules(sources, 'generic').errors, [])
  t.end()
})

t.test('what the ruler refuses or drops is told with its place, in any profile', (t) => {
  const cases: readonly (readonly [text: string, ...errors: RegExp[]])[] = [
    ['groups: [', /^1:\d+ : expected YAML/],
    ['rules: []', /^1:1 rules: expected a known key/, /^1:1 groups: expected a value, got nothing/],
    ['groups: [{ rules: [] }]', /^1:10 groups\[0\]\.name: expected a value, got nothing/],
    ['groups: [{ name: g }, { name: g }]', /^1:23 groups\[1\]: group name "g" is repeated in this file/],
    ['groups: [{ name: g, interval: 1.5m }]', /^1:31 groups\[0\]\.interval: expected a duration/],
    ['groups: [{ name: g, query_offset: 1m }]', /^1:35 .*query_offset: Loki reads this key and drops it/],
    [alertFile(sum(S), 'keep_firing_for: 5m'), /^6:26 .*keep_firing_for: Loki reads this key and drops it/],
    [alertFile(sum(S), 'for: 5'), /^6:14 .*for: expected a duration/],
    [alertFile(sum(S), 'For: 5m'), /^6:9 .*For: expected a known key, .* did you mean `for`\?/],
    [alertFile(sum(S), 'record: a:b'), /^4:9 .*rules\[0\]: only one of record and alert must be set/],
    [alertFile(sum(S), 'labels: { "a-b": x }'), /^6:19 .*expected a label name/],
    [alertFile(sum(S), 'labels: { __name__: x }'), /^6:19 .*expected a label other than __name__/],
    [alertFile(''), /^4:9 .*expr: expected a value, got nothing/],
    [alertFile(`'${S}'`), /^5:15 .*expr: expected a query for numbers/],
    [alertFile(`'count_over_time(${S} [5x])'`), /^5:\d+ .*expr: expected a LogQL query: .*5x/],
    [
      alertFile('|-\n          sum(\n            count_over_time({a="b"} | = [5m]))'),
      /^7:39 .*expr: expected a LogQL query/,
    ],
    [
      alertFile(sum(S), "labels: { a: '{{ $labels.name ' }"),
      /^6:\d+ .*labels\.a: expected a template: .*unclosed action/,
    ],
    [
      alertFile(sum(S), "annotations: { a: '{{ $labels.name }} {{ $labels.pod }}' }"),
      /^6:50 .*\$labels\.pod is always empty: the expression keeps name/,
    ],
    [alertFile(sum(S), "annotations: { a: '{{ nosuch }}' }"), /^6:\d+ .*function "nosuch" not defined/],
    [
      'groups: [{ name: g, rules: [{ record: "a b", expr: "vector(1)", for: 1m }] }]',
      /^1:39 .*the name of a metric/,
      /^1:65 .*a recording rule has no for/,
    ],
  ]
  for (const [text, ...wanted] of cases) {
    const errors = errorsOf(text, 'generic')
    t.equal(errors.length, wanted.length, `${text}\n${errors.join('\n')}`)
    for (const [at, pattern] of wanted.entries()) t.match(errors[at], pattern)
  }
  t.end()
})

t.test('what does not fit what the agent writes is told by profile eventail alone', (t) => {
  const by = (labels: string): string => `'sum by (${labels}) (count_over_time(${S} [10m]))'`
  const cases: readonly (readonly [expr: string, message: RegExp])[] = [
    [sum('{job="kubernetes-events", reason="BackOff"}'), /^5:47 .*reason is structured metadata and no index label/],
    [sum('{job="kubernetes-events", kinds="Pod"}'), /kinds is no label of the entries: did you mean kind\?/],
    [sum(`${S} | resaon="BackOff"`), /^5:73 .*resaon is no label of the entries: did you mean reason\?/],
    [sum('{job="loki.source.kubernetes_events"}'), /expected job="kubernetes-events" for events/],
    [sum('{namespace="a"}'), /expected job="kubernetes-events" for events/],
    [by('uid'), /by \(uid\) is unbounded/],
    [by('cluster, msg'), /by \(msg\) is unbounded/],
    [by('namspace'), /namspace is no label of the entries: did you mean namespace\?/],
    [`'count_over_time(${S} [10m])'`, /each combination of labels and structured metadata is a series/],
    [`'sum without (name) (count_over_time(${S} [10m]))'`, /each combination of labels and structured metadata/],
    [sum(`${S} | reason="BackOf"`), /"BackOf" is no known reason of an event: did you mean BackOff\?/],
    [sum(`${S} | reason=~"BackOff|Evictd"`), /"Evictd" is no known reason .*Evicted\?/],
    [sum(`${S} | reason=~"Xyz.*"`), /no known reason matches "Xyz\.\*"/],
    [
      sum('{job="kubernetes-events", type="Warning"} | reason="Scheduled"'),
      /have the type Normal: type="Warning" never finds them/,
    ],
    [
      sum(`${S} | reason="BackOff"`, '4m'),
      /a state of reason BackOff may be written again only after 5m: expected a longer window than 4m/,
    ],
    [
      `'max_over_time({job="eventail"} | logfmt | unwrap position_ag [5m]) by (cluster)'`,
      /did you mean position_age\?/,
    ],
  ]
  for (const [expr, message] of cases) {
    const errors = errorsOf(alertFile(expr))
    t.ok(
      errors.some((error) => message.test(error)),
      `${expr}\n${errors.join('\n')}`,
    )
  }
  for (const expr of [by('uid'), sum('{app="x", reason="y"}'), sum(`${S} | reason="BackOff"`, '4m')]) {
    t.strictSame(errorsOf(alertFile(expr), 'generic'), [])
  }
  for (const expr of [
    sum(`${S} | logfmt | count > 5 | annotations_team="x" | kind_extracted="Pod"`),
    sum(`${S} | regexp "(?P<claim>a+)" | claim="a"`),
    `'absent_over_time({job="eventail"} [10m])'`,
    `'max_over_time({job="eventail"} | logfmt position_age | unwrap position_age | __error__="" [5m]) by (cluster)'`,
    `'topk(3, sum by (name, pod) (label_replace(sum by (name) (count_over_time(${S} [10m])), "pod", "$1", "name", "(.*)")))'`,
  ]) {
    t.strictSame(errorsOf(alertFile(expr)), [], expr)
  }
  t.end()
})

t.test('an alert has a severity and its annotations, and a name of its own over all files', (t) => {
  const bare = errorsOf(alertFile(sum(S), 'labels: { severity: huge }'))
  t.match(bare, [
    /labels\.severity: expected one of critical, warning, info|annotations/,
    /annotations/,
    /annotations/,
    /annotations|severity/,
  ])
  t.equal(bare.length, 4)
  t.match(errorsOf(alertFile(sum(S), `annotations: ${ANNOTATIONS}`)), [/labels: expected a label severity, got none/])
  t.strictSame(errorsOf(alertFile(sum(S), 'for: 1m'), 'generic'), [])

  const text = alertFile(sum(S))
  const twice = [
    { file: 'a.yaml', text },
    { file: 'b.yaml', text },
  ]
  t.match(checkRules(twice, 'eventail').errors, [
    { file: 'b.yaml', line: 4, message: 'alert "A" is defined already, in a.yaml:4' },
  ])
  t.strictSame(checkRules(twice, 'generic').errors, [])
  t.end()
})

t.test('text that anyone wrote is no trap: __proto__, deep and endless YAML', (t) => {
  t.match(errorsOf('groups: [{ name: g, __proto__: 1 }]', 'generic'), [/__proto__: expected a known key/])
  t.match(errorsOf(alertFile(sum(S), 'labels: { __proto__: x, severity: info }'), 'generic'), [])
  t.match(errorsOf(`groups: ${'['.repeat(100)}`, 'generic'), [/less deeply nested/])
  t.ok(errorsOf('groups: &a [*a, *a]', 'generic').length > 0)
  t.end()
})
