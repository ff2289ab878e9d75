import type { MetricQuery, Stage, VectorOperator } from './ast.ts'
import { operandsOf } from './operands.ts'

/** Which instant queries over long windows Loki's frontend cuts by the hour (pkg/logql/rangemapper.go). */

const HOUR_NS = 3_600_000_000_000n

/** Whether some part of a query is such. */
export const some = (query: MetricQuery, test: (part: MetricQuery) => boolean): boolean =>
  test(query) || operandsOf(query).some((child) => some(child, test))

/** Range aggregations that Loki's frontend can cut by the hour (pkg/logql/rangemapper.go) and by shards. */
export const CUT: ReadonlySet<string> = new Set([
  'rate',
  'bytes_rate',
  'bytes_over_time',
  'count_over_time',
  'sum_over_time',
  'max_over_time',
  'min_over_time',
])
const CUT_AROUND: ReadonlySet<string> = new Set(['sum', 'count', 'max', 'min', 'avg', 'topk', 'sort', 'sort_desc'])

const isSplittable = (query: MetricQuery): boolean => {
  switch (query.kind) {
    case 'range':
      return CUT.has(query.op)
    case 'vector':
      return CUT_AROUND.has(query.op) && isSplittable(query.of)
    case 'label_replace':
      return isSplittable(query.of)
    case 'binary':
      return query.right.kind === 'number' || isSplittable(query.left) || isSplittable(query.right)
    case 'number':
    case 'vector_of':
      return false
  }
}

/** What an aggregation around may be pushed down with; null: there is none. */
const PUSHED: ReadonlySet<VectorOperator> = new Set(['sum', 'max', 'min', 'avg'])

/** These find any number of labels. */
const findsLabels = ({ stages }: { readonly stages: readonly Stage[] }): boolean =>
  stages.some((stage) => (stage.kind === 'json' || stage.kind === 'logfmt') && stage.extractions.length === 0)

const isRangeMapped = (
  { op, rangeNs, grouping, log }: Extract<MetricQuery, { kind: 'range' }>,
  around: VectorOperator | null,
): boolean => {
  if (rangeNs <= HOUR_NS) return false
  if (!findsLabels(log)) return true
  if (op === 'rate' || op === 'bytes_rate') return around === 'sum'
  return grouping !== null || around !== null
}

/** Whether nothing in a query keeps it whole. */
const isMapped = (query: MetricQuery, around: VectorOperator | null): boolean => {
  switch (query.kind) {
    case 'range':
      return isRangeMapped(query, around)
    case 'vector':
      return isMapped(query.of, PUSHED.has(query.op) && query.of.kind !== 'binary' ? query.op : null)
    case 'label_replace':
      return isMapped(query.of, around)
    case 'binary':
      return [query.left, query.right].every((side) => side.kind === 'number' || isMapped(side, around))
    case 'number':
    case 'vector_of':
      return false
  }
}

export const isCut = (query: MetricQuery): boolean => isSplittable(query) && isMapped(query, null)
