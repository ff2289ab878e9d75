import { formatDuration } from '../config/go-duration.ts'
import type { Labels } from '../entry/entry.ts'
import type { MetricQuery } from '../logql/ast.ts'
import { evaluateInstant } from '../logql/evaluate.ts'
import { metricOf, setLabel, NO_LABELS, type Metric, type Vector } from '../logql/metric.ts'
import { StreamIndex } from '../logql/store.ts'
import { AlertState, type RulerFacts } from './alert-state.ts'
import { groupedBy } from './grouped.ts'
import type { Rule } from './rule-file.ts'
import { alertDiff, sampleDiff } from './test-diff.ts'
import { type Arrival, START_MS } from './test-entries.ts'
import type { AlertCase, ExpressionCase, RuleTest } from './test-file.ts'

/** A rule with its query. */
export type RunnableRule = { readonly rule: Rule; readonly query: MetricQuery; readonly limit: number }

/** One test, ready to run. */
export type Prepared = {
  readonly test: RuleTest
  readonly arrivals: readonly Arrival[]
  readonly intervalMs: number
  readonly facts: RulerFacts
  readonly alerts: ReadonlyMap<string, readonly RunnableRule[]>
  /** The expression cases with what is to be evaluated, and the labels that a recording rule adds. */
  readonly expressions: readonly { readonly of: ExpressionCase; readonly query: MetricQuery; readonly labels: Labels }[]
}

type Answer = { readonly samples: Vector } | { readonly why: string }

/** What Loki has at a time; times must not fall. */
class ArrivingStore {
  readonly #index = new StreamIndex()
  readonly #arrivals: readonly Arrival[]
  #next = 0

  constructor(arrivals: readonly Arrival[]) {
    this.#arrivals = arrivals
  }

  evaluate(query: MetricQuery, atMs: number): Answer {
    for (let next = this.#arrivals[this.#next]; next !== undefined && next.atMs <= atMs;) {
      this.#index.add(next.labels, [next.entry])
      this.#next += 1
      next = this.#arrivals[this.#next]
    }
    const timeNs = BigInt(START_MS + atMs) * 1_000_000n
    const outcome = evaluateInstant(this.#index, query, { timeNs, by: 'ruler' })
    if (outcome.kind === 'error') return { why: outcome.message }
    if (outcome.kind === 'vector') return outcome
    return { samples: [{ metric: NO_LABELS, value: outcome.value }] }
  }
}

const lineOf = ({ place }: { readonly place: AlertCase['place'] }): number => place.walk.findings.line(place)

const told = (of: AlertCase | ExpressionCase, what: string, lines: readonly string[]): string =>
  [`    line ${lineOf(of)}, ${what} at ${formatDuration(of.evalMs)}:`, ...lines].join('\n')

/** Evaluates the rules of one name at every interval, and looks at the alerts where cases ask for it. */
const runAlerts = (prepared: Prepared, name: string, cases: readonly AlertCase[]): readonly string[] => {
  const { arrivals, intervalMs, facts } = prepared
  const store = new ArrivingStore(arrivals)
  const rules = (prepared.alerts.get(name) ?? []).map(({ rule, query, limit }) => ({
    query,
    state: new AlertState(rule, limit, facts),
  }))
  const failures: string[] = []
  let nextMs = 0
  for (const one of [...cases].sort((a, b) => a.evalMs - b.evalMs)) {
    for (; nextMs <= one.evalMs; nextMs += intervalMs) {
      for (const { query, state } of rules) {
        const answer = store.evaluate(query, nextMs)
        const why = 'why' in answer ? answer.why : state.evaluate(answer.samples, nextMs)
        if (why !== null) return [...failures, `    ${name} cannot be evaluated at ${formatDuration(nextMs)}: ${why}`]
      }
    }
    const lines = alertDiff(
      one.expected,
      rules.flatMap(({ state }) => state.alerts()),
    )
    if (lines.length > 0) failures.push(told(one, `firing alerts ${name}`, lines))
  }
  return failures
}

const withLabels = (metric: Metric, labels: Labels): Metric =>
  Object.entries(labels).reduce((all, [name, value]) => setLabel(all, name, value), metricOf(metric.pairs))

const runExpressions = ({ expressions, arrivals }: Prepared): readonly string[] => {
  const store = new ArrivingStore(arrivals)
  const inOrder = [...expressions].sort((a, b) => a.of.evalMs - b.of.evalMs)
  return inOrder.flatMap(({ of, query, labels }) => {
    const answer = store.evaluate(query, of.evalMs)
    const what = of.record === null ? 'samples' : `samples of ${of.record.text}`
    if ('why' in answer) return told(of, what, [`      ${answer.why}`])
    const samples = answer.samples.map(({ metric, value }) => ({ metric: withLabels(metric, labels), value }))
    const lines = sampleDiff(of.expected, samples)
    return lines.length === 0 ? [] : told(of, what, lines)
  })
}

/** Runs one test. @returns how it failed, a text of some lines each; none when it passed. */
export const runTest = (prepared: Prepared): readonly string[] => {
  const byName = groupedBy(prepared.test.alertCases, ({ alert }) => alert.text)
  return [...[...byName].flatMap(([name, cases]) => runAlerts(prepared, name, cases)), ...runExpressions(prepared)]
}
