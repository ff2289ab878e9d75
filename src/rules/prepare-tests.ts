import { dirname, isAbsolute, join } from 'node:path'
import { closest } from '../config/closest.ts'
import type { ConfigError } from '../config/config-error.ts'
import { report } from '../config/place.ts'
import type { MetricQuery } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { checkRules } from './check-files.ts'
import { groupedBy } from './grouped.ts'
import { placeAt, type Located } from './located.ts'
import { readSources, type Source } from './read-sources.ts'
import type { Rule } from './rule-file.ts'
import type { Prepared, RunnableRule } from './run-test.ts'
import { entriesOf } from './test-entries.ts'
import { readTestFile, type ExpressionCase, type RuleTest, type TestFile } from './test-file.ts'

export type TestOptions = {
  /** False: as with `structured_metadata: false`, with the rules rendered for it. */
  readonly structuredMetadata: boolean
  /** What becomes of the expression of a rule or a case before it runs. */
  readonly rewrite: (expr: string) => string
}

/** The tests of one file, or everything that is wrong with it or with its rules. */
export type PreparedFile =
  | { readonly kind: 'prepared'; readonly file: string; readonly tests: readonly Prepared[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigError[] }

const queryOf = (expr: string): MetricQuery => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error('a checked expression does not parse')
  return parsed.query
}

type Rules = {
  readonly alerts: ReadonlyMap<string, readonly RunnableRule[]>
  readonly records: ReadonlyMap<string, readonly RunnableRule[]>
}

/** The files that a test names, relative to it. */
const sourcesOf = ({ file, ruleFiles }: TestFile): readonly Source[] =>
  ruleFiles.flatMap((named) => {
    const read = readSources([isAbsolute(named.text) ? named.text : join(dirname(file), named.text)])
    if (read.kind === 'read') return read.sources
    report(named.place, 'UNREADABLE', read.why)
    return []
  })

const rulesIn = (test: TestFile, rewrite: TestOptions['rewrite']): Rules | readonly ConfigError[] => {
  const checked = checkRules(sourcesOf(test), 'generic')
  if (checked.errors.length > 0) return checked.errors
  const all = checked.files
    .flatMap(({ groups }) => groups)
    .flatMap(({ rules, limit }) => rules.map((rule) => ({ rule, limit, query: queryOf(rewrite(rule.expr.text)) })))
  const named = (kind: Rule['kind']): Rules['alerts'] =>
    groupedBy(
      all.filter(({ rule }) => rule.kind === kind),
      ({ rule }) => rule.name.text,
    )
  return { alerts: named('alert'), records: named('record') }
}

const reportUnknown = (what: string, name: Located, known: ReadonlyMap<string, unknown>): void => {
  const meant = closest(name.text, known.keys())
  const hint = meant === null ? '' : `: did you mean ${meant}?`
  report(name.place, 'BAD_VALUE', `no ${what} ${JSON.stringify(name.text)} in rule_files${hint}`)
}

const writtenQuery = (source: string, expr: Located): MetricQuery | null => {
  const parsed = parseQuery(expr.text)
  if (parsed.kind === 'ok' && parsed.query.kind !== 'log') return parsed.query
  const [from, why] = parsed.kind === 'error' ? [parsed.problem.from, parsed.problem.message] : [0, 'it is for lines']
  report(placeAt(source, expr, from), 'BAD_VALUE', `expected a LogQL query for numbers: ${why}`)
  return null
}

type Expression = Prepared['expressions'][number]

const expressionOf = (
  of: ExpressionCase,
  file: TestFile,
  { records, rewrite }: Pick<Rules, 'records'> & Pick<TestOptions, 'rewrite'>,
): readonly Expression[] => {
  if (of.expr !== null) {
    const isSound = writtenQuery(file.text, of.expr) !== null
    return isSound ? [{ of, query: queryOf(rewrite(of.expr.text)), labels: {} }] : []
  }
  if (of.record === null) return []
  const [first] = records.get(of.record.text) ?? []
  if (first === undefined) {
    reportUnknown('recording rule', of.record, records)
    return []
  }
  const labels = Object.entries(first.rule.labels).map(([name, { text }]) => [name, text] as const)
  return [{ of, query: first.query, labels: Object.fromEntries(labels) }]
}

const prepareTest = (test: RuleTest, file: TestFile, rules: Rules & TestOptions): Prepared => {
  const externalLabels = test.externalLabels ?? file.externalLabels
  for (const { alert } of test.alertCases) {
    if (!rules.alerts.has(alert.text)) reportUnknown('alert', alert, rules.alerts)
  }
  return {
    test,
    arrivals: entriesOf(test, externalLabels, rules),
    intervalMs: test.intervalMs ?? file.intervalMs,
    facts: { externalLabels, externalUrl: file.externalUrl },
    alerts: rules.alerts,
    expressions: test.expressionCases.flatMap((of) => expressionOf(of, file, rules)),
  }
}

/** Reads a file of tests and the rules that it names; tests run only when nothing is wrong with any of it. */
export const prepareTests = ({ file, text }: Source, options: TestOptions): PreparedFile => {
  const testFile = readTestFile(text, file)
  const { findings } = testFile
  if (findings.failed()) return { kind: 'invalid', errors: findings.errors }
  const rules = rulesIn(testFile, options.rewrite)
  if (findings.failed()) return { kind: 'invalid', errors: findings.errors }
  if (!('alerts' in rules)) return { kind: 'invalid', errors: rules }
  const tests = testFile.tests.map((test) => prepareTest(test, testFile, { ...rules, ...options }))
  return findings.failed() ? { kind: 'invalid', errors: findings.errors } : { kind: 'prepared', file, tests }
}
