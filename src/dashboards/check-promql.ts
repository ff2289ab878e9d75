import { parser } from '@prometheus-io/lezer-promql'
import { closest } from '../config/closest.ts'
import { AGENT_SERIES } from './agent-series.ts'
import type { DashboardProfile } from './check-logql.ts'
import type { Finding, Rule } from './finding.ts'
import { interpolate, timeVariables } from './interpolate.ts'
import type { Model, Target } from './model.ts'
import { SAMPLE_TIMES, samplesOf } from './samples.ts'

type Span = { readonly from: number; readonly to: number }

/** A selection of series in a query. */
type Selection = Span & { readonly metric: string; readonly matchers: readonly string[] }

type Parts = {
  /** Offset of the first place that is no PromQL; null: it parses. */
  readonly problem: number | null
  readonly selections: readonly Selection[]
  /** Windows of rate(), irate() and increase(), as written. */
  readonly windows: readonly (Span & { readonly text: string })[]
}

const RATES: ReadonlySet<string> = new Set(['rate', 'irate', 'increase'])

/** The parts of a PromQL query that the checks look at (https://github.com/prometheus/prometheus, web/ui/module/lezer-promql). */
const partsOf = (text: string): Parts => {
  const selections: { from: number; to: number; metric: string; matchers: string[] }[] = []
  const windows: (Span & { readonly text: string })[] = []
  const functions: string[] = []
  let problem: number | null = null
  parser.parse(text).iterate({
    enter: ({ type, name, from, to, node }) => {
      const written = text.slice(from, to)
      const last = selections.at(-1)
      if (type.isError) problem ??= from
      else if (name === 'VectorSelector') selections.push({ from, to, metric: '', matchers: [] })
      else if (name === 'Identifier' && last !== undefined && node.parent?.name === 'VectorSelector')
        last.metric = written
      else if (name === 'UnquotedLabelMatcher' && last !== undefined) last.matchers.push(written.replaceAll(/\s/g, ''))
      else if (name === 'FunctionIdentifier') functions.push(written)
      else if (name === 'MatrixSelector' && RATES.has(functions.at(-1) ?? '')) {
        windows.push({ from, to, text: /\[([^\]]*)\]$/.exec(written)?.[1] ?? '' })
      }
    },
  })
  return { problem, selections, windows }
}

const found = (rule: Rule, { where }: Target, message: string, query: Finding['query']): Finding => ({
  rule,
  where,
  message,
  ...(query === undefined ? {} : { query }),
})

/** With the names of variables left where they stand in strings; only times have to be there to parse. */
const partly = ({ expr, isInstant }: Target): string =>
  interpolate(expr, timeVariables({ ...SAMPLE_TIMES, isInstant }), 'prometheus')

const syntaxFindings = (model: Model, target: Target): readonly Finding[] => {
  const { opened, chosen } = samplesOf(model, target.isInstant)
  for (const sample of [opened, chosen]) {
    const text = interpolate(target.expr, sample, 'prometheus')
    const { problem } = partsOf(text)
    if (problem !== null) {
      return [found('target-promql-rule', target, 'this is no PromQL', { text, at: problem })]
    }
  }
  return []
}

/** dashboard-linter's target-job-rule and target-instance-rule. */
const selectorFindings = (target: Target, text: string, { selections }: Parts): readonly Finding[] =>
  selections.flatMap(({ from, matchers }) =>
    (['job', 'instance'] as const)
      .filter((name) => !matchers.includes(`${name}=~"$${name}"`))
      .map((name) =>
        found(`target-${name}-rule`, target, `expected the matcher ${name}=~"$${name}" in each selector`, {
          text,
          at: from,
        }),
      ),
  )

/** dashboard-linter's target-rate-interval-rule; a total over the time range is as good. */
const windowFindings = (target: Target, text: string, { windows }: Parts): readonly Finding[] => {
  const { rangeSeconds, stepSeconds } = SAMPLE_TIMES
  return windows
    .filter((window) => window.text !== `${stepSeconds * 4}s` && window.text !== `${rangeSeconds}s`)
    .map(({ from }) =>
      found('target-rate-interval-rule', target, 'expected a window of $__rate_interval, or of $__range', {
        text,
        at: from,
      }),
    )
}

const metricFindings = (target: Target, text: string, { selections }: Parts): readonly Finding[] =>
  selections
    .filter(({ metric }) => !AGENT_SERIES.has(metric))
    .map(({ metric, from }) => {
      const meant = closest(metric, AGENT_SERIES)
      const hint = meant === null ? '' : `: did you mean ${meant}?`
      return found('promql-metrics', target, `the agent exports no ${JSON.stringify(metric)}${hint}`, {
        text,
        at: from,
      })
    })

/** What is wrong with a query for Prometheus. */
export const promqlFindings = (model: Model, target: Target, profile: DashboardProfile): readonly Finding[] => {
  const wrong = syntaxFindings(model, target)
  if (wrong.length > 0) return wrong
  const text = partly(target)
  const parts = partsOf(text)
  return [
    ...selectorFindings(target, text, parts),
    ...windowFindings(target, text, parts),
    ...(profile === 'eventail' ? metricFindings(target, text, parts) : []),
  ]
}
