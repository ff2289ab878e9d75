import { INDEX_LABELS } from '../entry/names.ts'
import type { LogQuery, Query, Stage } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { labelFaults } from '../rules/check-labels.ts'
import { reasonFaults } from '../rules/check-reasons.ts'
import { comparisonsOf, logsOf, nameOf, rangesOf, type RangeQuery } from '../rules/query-parts.ts'
import type { Finding } from './finding.ts'
import { interpolate } from './interpolate.ts'
import type { Model, Target } from './model.ts'
import { SAMPLE_TIMES, type Sample, samplesOf } from './samples.ts'

/** `eventail`: dashboards of what the agent writes, held to its names. `generic`: anybody's. */
export type DashboardProfile = 'eventail' | 'generic'

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

const nameFindings = ({ where }: Target, { text, query }: Parsed): readonly Finding[] => {
  const metric = query.kind === 'log' ? counted(query) : query
  const faults = [
    ...labelFaults(metric, rangesOf(metric)).map((fault) => ({ rule: 'logql-labels', ...fault })),
    ...logsOf(metric)
      .flatMap(reasonFaults)
      .map((fault) => ({ rule: 'logql-reasons', ...fault })),
  ]
  return faults.map(({ rule, from, message }) => ({ rule, where, message, query: { text, at: from } }))
}

const PARSERS: ReadonlySet<Stage['kind']> = new Set(['json', 'logfmt', 'regexp', 'pattern', 'unpack'])
const INDEXED: ReadonlySet<string> = new Set([...INDEX_LABELS, 'cluster'])

const costFindings = ({ where }: Target, { text, query }: Parsed): readonly Finding[] =>
  logsOf(query).flatMap(({ stages }): readonly Finding[] => {
    const [, second] = stages.filter(({ kind }) => PARSERS.has(kind))
    const late = stages.filter(
      (stage) => stage.kind === 'label_filter' && comparisonsOf(stage.filter).some((one) => INDEXED.has(nameOf(one))),
    )
    return [
      ...(second === undefined
        ? []
        : [{ rule: 'logql-one-parser', message: 'expected one parser at most', at: second.from }]),
      ...late.map(({ from }) => ({
        rule: 'logql-index-labels-first',
        message: 'an index label belongs into the selector, where Loki does not read what is not wanted',
        at: from,
      })),
    ].map(({ rule, message, at }) => ({ rule, where, message, query: { text, at } }))
  })

/** A range that does not follow the time range or the step: dashboard-linter's target-logql-auto-rule. */
const rangeFindings = ({ where, isInstant }: Target, { text, query }: Parsed): readonly Finding[] => {
  if (query.kind === 'log') return []
  const seconds = isInstant ? SAMPLE_TIMES.rangeSeconds : SAMPLE_TIMES.stepSeconds
  return rangesOf(query)
    .filter(({ rangeNs }) => rangeNs !== BigInt(seconds) * NANOSECONDS)
    .map(({ from }) => ({
      rule: 'target-logql-auto-rule',
      where,
      message: `expected a range of $__auto, which is the ${isInstant ? 'time range' : 'step'} here`,
      query: { text, at: from },
    }))
}

/** `=` with a variable of which several can be chosen. */
const equalityFindings = (target: Target, { text, query }: Parsed, sample: Sample): readonly Finding[] => {
  const several = [...sample.values()].filter(({ isMulti }) => isMulti).map((value) => value.values)
  const joined = new Set(
    several.map((values) => interpolate('$x', new Map([['x', { values, isMulti: true, all: null }]]))),
  )
  return logsOf(query).flatMap(({ matchers, from }) =>
    matchers
      .filter(({ op, value }) => (op === '=' || op === '!=') && joined.has(value.replaceAll('\\', '\\\\')))
      .map(({ name, op }) => ({
        rule: 'logql-multi-value',
        where: target.where,
        message: `expected ${name}${op === '=' ? '=~' : '!~'}: several values can be chosen`,
        query: { text, at: from },
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
  const [opened, chosen] = samplesOf(model, target.isInstant)
  if (opened === undefined || chosen === undefined) return []
  const first = parsed(target, opened)
  if ('rule' in first) return [first]
  const second = parsed(target, chosen)
  if ('rule' in second) return [second]
  return [
    ...rangeFindings(target, first),
    ...equalityFindings(target, second, chosen),
    ...(profile === 'eventail' ? [...nameFindings(target, first), ...costFindings(target, first)] : []),
  ]
}
