import type { Grouping, MetricQuery, RangeOperator, VectorOperator } from './ast.ts'
import { filteredNames } from './wanted-labels.ts'

/**
 * What Loki's frontend puts around a range aggregation that it sends to several queriers, where streams of different
 * queriers may end in one series (pkg/logql/shardmapper.go). It is seen in answers, because `without` loses empty labels.
 */

type RangeQuery = Extract<MetricQuery, { kind: 'range' }>
type VectorQuery = Extract<MetricQuery, { kind: 'vector' }>

const MERGERS: ReadonlyMap<RangeOperator, VectorOperator> = new Map([
  ['count_over_time', 'sum'],
  ['rate', 'sum'],
  ['bytes_over_time', 'sum'],
  ['bytes_rate', 'sum'],
  ['sum_over_time', 'sum'],
  ['avg_over_time', 'avg'],
  ['max_over_time', 'max'],
  ['min_over_time', 'min'],
])

const reduces = (grouping: Grouping | null): boolean =>
  grouping !== null && !(grouping.kind === 'without' && grouping.labels.length === 0)

/** Whether different streams may come to have the same labels. */
const reducesLabels = ({ grouping, log }: RangeQuery): boolean =>
  reduces(grouping) ||
  log.stages.some(
    (stage) =>
      stage.kind === 'drop' ||
      stage.kind === 'keep' ||
      (stage.kind === 'label_format' && stage.formats.some(({ kind }) => kind === 'rename')),
  )

/** A mean is not taken apart where a filter behind its unwrap asks for errors. */
const isKeptWhole = ({ op, unwrap }: RangeQuery): boolean =>
  op === 'avg_over_time' && unwrap?.filters.flatMap(filteredNames).includes('__error__') === true

/** The aggregation around a range aggregation; null: there is none. @param isCut it is cut by the hour as well */
export const shardMerge = (query: RangeQuery, isCut: boolean): VectorQuery | null => {
  const op = MERGERS.get(query.op)
  if (op === undefined || isKeptWhole(query) || !(isCut || reducesLabels(query))) return null
  const { from, to } = query
  const grouping = query.grouping ?? { kind: 'without', labels: [] }
  return { kind: 'vector', op, parameter: null, of: query, grouping, from, to }
}

/** Whether an aggregation right around a range aggregation goes to the queriers together with it. */
export const isSentWhole = ({ op }: VectorQuery, of: RangeQuery): boolean => {
  const merge = MERGERS.get(of.op)
  if (merge === undefined) return false
  if (op === 'sum') return merge === 'sum' || !reducesLabels(of)
  return !reducesLabels(of)
}
