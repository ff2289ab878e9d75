import { INDEX_LABELS } from '../entry/names.ts'
import type { LogQuery, Query, Stage } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { labelFaults } from '../rules/check-labels.ts'
import { reasonFaults } from '../rules/check-reasons.ts'
import { comparisonsOf, logsOf, nameOf, rangesOf, type RangeQuery } from '../rules/query-parts.ts'
import type { Finding, Rule } from './finding.ts'
import { interpolate } from './interpolate.ts'
import type { Model, Target } from './model.ts'
import { SAMPLE_TIMES, type Sample, samplesOf } from './samples.ts'

/** `eventail`: dashboards of what the agent writes, held to its names. `generic`: anybody's. */
export type DashboardProfile = 'eventail' | 'generic'

type Fault = { readonly rule: Rule; readonly from: number; readonly message: string }

type Parsed = { readonly text: string; readonly query: Query }

const NANOSECONDS = 1_000_000_000n

/** A query for lines as one for numbers, which the checks of rules are about. */
const counted = (log: LogQuery): RangeQuery => ({
  kind: 'range',
  op: 'count_over_time',
  parameter: null,
  log,
  unwrap: null,
  rangeNs: NANOSECONDS,
  offsetNs: 0n,
  grouping: { kind: 'by', labels: [] },
  from: log.from,
  to: log.to,
})

const nameFaults = ({ query }: Parsed): readonly Fault[] => {
  const metric = query.kind === 'log' ? counted(query) : query
  return [
    ...labelFaults(metric, rangesOf(metric)).map((fault) => ({ rule: 'logql-labels' as const, ...fault })),
    ...logsOf(metric)
      .flatMap(reasonFaults)
      .map((fault) => ({ rule: 'logql-reasons' as const, ...fault })),
  ]
}

const PARSERS: ReadonlySet<Stage['kind']> = new Set(['json', 'logfmt', 'regexp', 'pattern', 'unpack'])
const INDEXED: ReadonlySet<string> = new Set([...INDEX_LABELS, 'cluster'])

const isAboutIndex = (stage: Stage): boolean =>
  stage.kind === 'label_filter' && comparisonsOf(stage.filter).some((one) => INDEXED.has(nameOf(one)))

const costFaults = ({ query }: Parsed): readonly Fault[] =>
  logsOf(query).flatMap(({ stages }): readonly Fault[] => {
    const parsers = stages.filter(({ kind }) => PARSERS.has(kind))
    return [
      ...parsers.slice(1).map(({ from }) => ({
        rule: 'logql-one-parser' as const,
        from,
        message: 'expected one parser at most',
      })),
      ...stages.filter(isAboutIndex).map(({ from }) => ({
        rule: 'logql-index-labels-first' as const,
        from,
        message: 'expected the index label in the selector: Loki then does not read what is not wanted',
      })),
    ]
  })

/** A range that does not follow the time range or the step: dashboard-linter's target-logql-auto-rule. */
const rangeFaults = ({ query }: Parsed, { isInstant }: Target): readonly Fault[] => {
  if (query.kind === 'log') return []
  const seconds = isInstant ? SAMPLE_TIMES.rangeSeconds : SAMPLE_TIMES.stepSeconds
  return rangesOf(query)
    .filter(({ rangeNs }) => rangeNs !== BigInt(seconds) * NANOSECONDS)
    .map(({ from }) => ({
      rule: 'target-logql-auto-rule' as const,
      from,
      message: `expected a range of $__auto, which is the ${isInstant ? 'time range' : 'step'} here`,
    }))
}

/** `=` with a variable of which several can be chosen. */
const equalityFaults = ({ query }: Parsed, sample: Sample): readonly Fault[] => {
  const several = [...sample.values()]
    .filter(({ isMulti }) => isMulti)
    .map((value) => interpolate('$x', new Map([['x', value]])))
  const joined = new Set(several.map((text) => text.replaceAll('\\\\', '\\')))
  return logsOf(query).flatMap(({ matchers, from }) =>
    matchers
      .filter(({ op, value }) => (op === '=' || op === '!=') && joined.has(value))
      .map(({ name, op }) => ({
        rule: 'logql-multi-value' as const,
        from,
        message: `expected ${name}${op === '=' ? '=~' : '!~'}: several values can be chosen`,
      })),
  )
}

const parsed = ({ where, expr }: Target, sample: Sample): Parsed | Finding => {
  const text = interpolate(expr, sample)
  const outcome = parseQuery(text)
  if (outcome.kind === 'ok') return { text, query: outcome.query }
  const { message, from } = outcome.problem
  return { rule: 'target-logql-rule', where, message, query: { text, at: from } }
}

/** What is wrong with a query for Loki, after its variables were replaced by what may stand for them. */
export const logqlFindings = (model: Model, target: Target, profile: DashboardProfile): readonly Finding[] => {
  const { opened, chosen } = samplesOf(model, target.isInstant)
  const first = parsed(target, opened)
  if ('rule' in first) return [first]
  const second = parsed(target, chosen)
  if ('rule' in second) return [second]
  const text = first.text
  const faults = [
    ...rangeFaults(first, target),
    ...equalityFaults(second, chosen),
    ...(profile === 'eventail' ? [...nameFaults(first), ...costFaults(first)] : []),
  ]
  return faults.map(({ rule, from, message }) => ({ rule, where: target.where, message, query: { text, at: from } }))
}
