import type { MetricQuery, RangeOperator, VectorOperator } from '../logql/ast.ts'
import type { VectorQuery } from '../logql/evaluate-vector.ts'
import { vectorSteps } from '../logql/evaluate-vector.ts'
import { compareMetrics, type Metric, type Vector } from '../logql/metric.ts'
import { printQuery } from '../logql/print.ts'

/** How the values of one series in two windows that touch make that of both; `later` is the younger one. */
type Join = (earlier: number, later: number) => number

/** What a query over a long window is, in pieces of the window. */
export type QueryPlan = {
  /** The query that is asked for each piece. */
  readonly piece: string
  /** The answer, out of those of all pieces, the earliest first. */
  readonly whole: (pieces: readonly Vector[]) => Vector
}

const sum: Join = (earlier, later) => earlier + later

const JOINS: Readonly<Partial<Record<RangeOperator, Join>>> = {
  count_over_time: sum,
  sum_over_time: sum,
  bytes_over_time: sum,
  max_over_time: Math.max,
  min_over_time: Math.min,
  first_over_time: (earlier) => earlier,
  last_over_time: (_, later) => later,
}

/** Aggregations that may be done before pieces are joined, because they are the same operation. */
const SAME: Readonly<Partial<Record<VectorOperator, Join>>> = { sum, max: Math.max, min: Math.min }

const joined = (pieces: readonly Vector[], join: Join): Vector => {
  const found = new Map<string, { readonly metric: Metric; value: number }>()
  for (const { metric, value } of pieces.flat()) {
    const known = found.get(metric.key)
    if (known === undefined) found.set(metric.key, { metric, value })
    else known.value = join(known.value, value)
  }
  return [...found.values()]
}

type RangePart = Extract<MetricQuery, { kind: 'range' }>

/** The aggregations around the only range of a query, the innermost first; null: there is more in it than these. */
const unwrapped = (
  query: MetricQuery,
): { readonly range: RangePart; readonly around: readonly VectorQuery[] } | null => {
  if (query.kind === 'range') return { range: query, around: [] }
  if (query.kind !== 'vector') return null
  const inner = unwrapped(query.of)
  return inner === null ? null : { range: inner.range, around: [...inner.around, query] }
}

/**
 * Cuts an instant query over one window of `rangeNs` into pieces of `stepNs`. Null: its answer cannot be put together
 * from those of pieces, or it looks at another window.
 */
export const planQuery = (query: MetricQuery, rangeNs: bigint, stepNs: bigint): QueryPlan | null => {
  const found = unwrapped(query)
  if (found === null) return null
  const { range, around } = found
  const join = JOINS[range.op]
  if (join === undefined || range.rangeNs !== rangeNs || range.offsetNs !== 0n) return null
  const [innermost] = around
  const isSame = innermost !== undefined && SAME[innermost.op] === join
  const short: MetricQuery = { ...range, rangeNs: stepNs }
  const piece: MetricQuery = isSame ? { ...innermost, of: short } : short
  const outer = isSame ? around.slice(1) : around
  const isSorted = outer.some(({ op }) => op === 'sort' || op === 'sort_desc')
  return {
    piece: printQuery(piece),
    whole: (pieces) => {
      let vector = joined(pieces, join)
      for (const one of outer) {
        const of = vector
        vector = vectorSteps(one, () => of)()
      }
      return isSorted ? vector : vector.toSorted((a, b) => compareMetrics(a.metric, b.metric))
    },
  }
}
