import type { LabelFilter, LogQuery, Matcher, MetricQuery, Query } from '../logql/ast.ts'
import { operandsOf } from '../logql/operands.ts'

export type RangeQuery = Extract<MetricQuery, { readonly kind: 'range' }>

export type VectorQuery = Extract<MetricQuery, { readonly kind: 'vector' }>

/** Every part of a query, itself first. */
export const partsOf = (query: MetricQuery): readonly MetricQuery[] => [query, ...operandsOf(query).flatMap(partsOf)]

/** Every reading of entries over a window. */
export const rangesOf = (query: MetricQuery): readonly RangeQuery[] =>
  partsOf(query).filter((part) => part.kind === 'range')

/** The selections of entries of any query. */
export const logsOf = (query: Query): readonly LogQuery[] =>
  query.kind === 'log' ? [query] : rangesOf(query).map(({ log }) => log)

/** The comparisons of a filter, without `and` and `or`. */
export const comparisonsOf = (filter: LabelFilter): readonly Exclude<LabelFilter, { kind: 'and' | 'or' }>[] =>
  'left' in filter ? [...comparisonsOf(filter.left), ...comparisonsOf(filter.right)] : [filter]

/** The name that a comparison is about. */
export const nameOf = (filter: Exclude<LabelFilter, { kind: 'and' | 'or' }>): string =>
  filter.kind === 'string' ? filter.matcher.name : filter.name

/** What is asked of a label anywhere in the selection and its filters. */
export const matchersOn = (log: LogQuery, name: string): readonly Matcher[] => [
  ...log.matchers.filter((matcher) => matcher.name === name),
  ...log.stages.flatMap((stage) =>
    stage.kind === 'label_filter'
      ? comparisonsOf(stage.filter).flatMap((one) =>
          one.kind === 'string' && one.matcher.name === name ? [one.matcher] : [],
        )
      : [],
  ),
]

const union = (a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null =>
  a === null || b === null ? null : [...new Set([...a, ...b])]

const labelsOfBinary = (query: Extract<MetricQuery, { readonly kind: 'binary' }>): readonly string[] | null => {
  const { op, left, right, matching } = query
  if (op === 'or') return union(resultLabels(left), resultLabels(right))
  if (op === 'and' || op === 'unless') return resultLabels(left)
  if (left.kind === 'number') return resultLabels(right)
  if (right.kind === 'number' || matching === null) return resultLabels(left)
  if (matching.group === 'group_left') return union(resultLabels(left), matching.include)
  if (matching.group === 'group_right') return union(resultLabels(right), matching.include)
  return matching.on ? matching.labels : null
}

/** The labels that the series of a query have at most; null: cannot be told from the query. */
export const resultLabels = (query: MetricQuery): readonly string[] | null => {
  switch (query.kind) {
    case 'number':
    case 'vector_of':
      return []
    case 'range':
      return query.grouping?.kind === 'by' ? query.grouping.labels : null
    case 'vector':
      if (['topk', 'bottomk', 'approx_topk', 'sort', 'sort_desc'].includes(query.op)) return resultLabels(query.of)
      if (query.grouping === null) return []
      return query.grouping.kind === 'by' ? query.grouping.labels : null
    case 'binary':
      return labelsOfBinary(query)
    case 'label_replace':
      return union(resultLabels(query.of), [query.target])
  }
}
