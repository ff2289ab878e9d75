import { resolve } from 'node:path'
import t from 'tap'
import type { MetricQuery, Stage } from '../../src/logql/ast.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { printQuery } from '../../src/logql/print.ts'
import { shippedRules } from '../../src/demo/shipped-rules.ts'
import { checkRules } from '../../src/rules/check-files.ts'
import { prepareTests } from '../../src/rules/prepare-tests.ts'
import { readSources } from '../../src/rules/read-sources.ts'
import { runTest, type Prepared } from '../../src/rules/run-test.ts'
import type { AlertCase } from '../../src/rules/test-file.ts'

const TESTS = resolve(import.meta.dirname, '../../rules/tests')

const prepared = (rewrite: (expr: string) => string): readonly Prepared[] => {
  const read = readSources([TESTS])
  if (read.kind === 'unreadable') throw new Error(read.why)
  return read.sources.flatMap((source) => {
    const file = prepareTests(source, { structuredMetadata: true, rewrite })
    if (file.kind === 'invalid') throw new Error(`${source.file}: ${file.errors[0]?.message ?? ''}`)
    return file.tests
  })
}

const shipped = checkRules(shippedRules(), 'generic').files.flatMap(({ groups }) =>
  groups.flatMap(({ rules }) => rules),
)
const alerts = shipped.filter(({ kind }) => kind === 'alert')

const casesOf = ({ test }: Prepared, alert: string): readonly AlertCase[] =>
  test.alertCases.filter((one) => one.alert.text === alert).sort((a, b) => a.evalMs - b.evalMs)

const isQuiet = (cases: readonly AlertCase[]): boolean =>
  cases.length > 0 && cases.every(({ expected }) => expected.length === 0)

const occurrences = ({ test }: Prepared): readonly { readonly copies: number; readonly arrivesMs: number | null }[] => [
  ...test.events,
  ...test.streams.flatMap(({ entries }) => entries),
]

t.test('every alert has a test in which it fires and resolves, a look-alike, a repeat and what comes late', (t) => {
  const tests = prepared((expr) => expr)
  for (const { name } of alerts) {
    const own = tests.filter((one) => casesOf(one, name.text).length > 0)
    const has = (what: string, test: (one: Prepared, cases: readonly AlertCase[]) => boolean): void => {
      t.ok(
        own.some((one) => test(one, casesOf(one, name.text))),
        `${name.text}: ${what}`,
      )
    }
    has('fires and resolves', (_, cases) => {
      const fired = cases.findIndex(({ expected }) => expected.length > 0)
      return fired >= 0 && cases.slice(fired).some(({ expected }) => expected.length === 0)
    })
    has('a look-alike', (one, cases) => one.arrivals.length > 0 && isQuiet(cases))
    has('a repeat', (one) => occurrences(one).some(({ copies }) => copies > 1))
    has(
      'late',
      (one) =>
        occurrences(one).some(({ arrivesMs }) => arrivesMs !== null) ||
        one.test.name.text.includes('missing meanwhile'),
    )
  }
  t.end()
})

const isFilter = ({ kind }: Stage): boolean => kind === 'line_filter' || kind === 'label_filter'

/** Whether filters of the right side of operations, such as of what ends an alert, are left out too. */
type Where = 'everywhere' | 'left'

/** The query without its filters: it counts whatever the selector selects. */
const unfiltered = (query: MetricQuery, where: Where): MetricQuery => {
  switch (query.kind) {
    case 'range':
      return { ...query, log: { ...query.log, stages: query.log.stages.filter((stage) => !isFilter(stage)) } }
    case 'vector':
    case 'label_replace':
      return { ...query, of: unfiltered(query.of, where) }
    case 'binary':
      return {
        ...query,
        left: unfiltered(query.left, where),
        right: where === 'left' ? query.right : unfiltered(query.right, where),
      }
    case 'number':
    case 'vector_of':
      return query
  }
}

const withoutFilters =
  (where: Where) =>
  (expr: string): string => {
    const parsed = parseQuery(expr)
    if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error(expr)
    return printQuery(unfiltered(parsed.query, where))
  }

/** They count all warnings of a namespace, or all events of a cluster. */
const UNFILTERED: ReadonlySet<string> = new Set(['KubeEventWarningSpike', 'KubeEventsClusterQuiet'])

t.test('what looks alike would raise the alert if its rule did not filter', (t) => {
  const loose = [...prepared(withoutFilters('everywhere')), ...prepared(withoutFilters('left'))]
  // The alerts about heartbeats look at numbers.
  const filtering = alerts.filter(
    ({ expr, name }) => expr.text.includes('kubernetes-events') && !UNFILTERED.has(name.text),
  )
  t.ok(filtering.length > 30, `${filtering.length} alerts filter`)
  for (const { name } of filtering) {
    const alike = loose.filter((one) => isQuiet(casesOf(one, name.text)))
    t.ok(
      alike.some((one) => runTest(one).length > 0),
      name.text,
    )
  }
  t.end()
})
