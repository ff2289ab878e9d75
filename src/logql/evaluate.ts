import type { LogQuery, MetricQuery } from './ast.ts'
import { evaluateLog, type LogWindow } from './evaluate-log.ts'
import { evaluateMetric, type Sharing } from './evaluate-metric.ts'
import { CUT, isCut, some } from './hour-split.ts'
import { EvaluationError, MAX_SERIES, tooManySeries } from './evaluation-error.ts'
import { compareMetrics, type Metric, type Vector } from './metric.ts'
import type { ProcessedEntry } from './pipeline.ts'
import type { StreamSource } from './store.ts'

export type Point = { readonly timeNs: bigint; readonly value: number }

export type MatrixSeries = { readonly metric: Metric; readonly points: readonly Point[] }

/** Why there is no answer; `status` as Loki's HTTP API gives it. */
export type EvaluationFailure = { readonly kind: 'error'; readonly status: 400 | 500; readonly message: string }

export type InstantOutcome =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'vector'; readonly samples: Vector }
  | EvaluationFailure

export type RangeOutcome = { readonly kind: 'matrix'; readonly series: readonly MatrixSeries[] } | EvaluationFailure

export type LogOutcome = { readonly kind: 'entries'; readonly entries: readonly ProcessedEntry[] } | EvaluationFailure

/** `ruler`: the limit of series is on the result alone; `frontend`: on the parts that a query is cut into, too. */
export type EvaluatedBy = 'ruler' | 'frontend'

const MAX_POINTS = 11_000n

const caught = <T>(evaluate: () => T): T | EvaluationFailure => {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof EvaluationError) return { kind: 'error', status: error.status, message: error.message }
    throw error
  }
}

/** An instant query over a long window is cut by the hour instead, which no known set of series runs into. */
const isInParts = (query: MetricQuery, by: EvaluatedBy, isInstant: boolean): boolean => {
  if (by === 'ruler' || !some(query, (part) => part.kind === 'range' && CUT.has(part.op))) return false
  return !(isInstant && isCut(query))
}

const sharing = (query: MetricQuery, by: EvaluatedBy, isInstant: boolean): Sharing => ({
  inParts: isInParts(query, by, isInstant),
  isSharded: by === 'frontend',
  isCut: by === 'frontend' && isInstant && isCut(query),
})

const keepsOrder = (query: MetricQuery): boolean =>
  some(query, (part) => part.kind === 'vector' && (part.op === 'sort' || part.op === 'sort_desc'))

/** Evaluates a metric query at one time. Samples are sorted by their labels, or as `sort` left them. */
export const evaluateInstant = (
  source: StreamSource,
  query: MetricQuery,
  at: { readonly timeNs: bigint; readonly by: EvaluatedBy },
): InstantOutcome =>
  caught((): InstantOutcome => {
    const evaluated = evaluateMetric({ source, timesNs: [at.timeNs] }, query, sharing(query, at.by, true))
    if (evaluated.kind === 'scalar') return evaluated
    const samples = [...evaluated.next()]
    if (samples.length > MAX_SERIES) throw tooManySeries()
    if (!keepsOrder(query)) samples.sort((a, b) => compareMetrics(a.metric, b.metric))
    return { kind: 'vector', samples }
  })

/** The times of a range query: multiples of the step around what was asked for. */
const alignedTimes = (startNs: bigint, endNs: bigint, stepNs: bigint): readonly bigint[] => {
  if (stepNs <= 0n) {
    throw new EvaluationError('zero or negative query resolution step widths are not accepted. Try a positive integer')
  }
  if ((endNs - startNs) / stepNs > MAX_POINTS) {
    throw new EvaluationError(
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  }
  const times: bigint[] = []
  for (let time = startNs - (startNs % stepNs); ; time += stepNs) {
    times.push(time)
    if (time >= endNs) return times
  }
}

export type RangeWindow = {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly stepNs: bigint
  readonly by: EvaluatedBy
}

/** Evaluates a metric query at each step from `startNs` to `endNs`, both moved outwards to multiples of the step. */
export const evaluateRange = (source: StreamSource, query: MetricQuery, window: RangeWindow): RangeOutcome =>
  caught((): RangeOutcome => {
    const timesNs = alignedTimes(window.startNs, window.endNs, window.stepNs)
    const evaluated = evaluateMetric({ source, timesNs }, query, sharing(query, window.by, false))
    if (evaluated.kind === 'scalar') {
      const points = timesNs.map((timeNs) => ({ timeNs, value: evaluated.value }))
      return { kind: 'matrix', series: [{ metric: { pairs: [], key: '' }, points }] }
    }
    const series = new Map<string, { metric: Metric; points: Point[] }>()
    for (const timeNs of timesNs) {
      for (const { metric, value } of evaluated.next()) {
        const found = series.get(metric.key)
        if (found !== undefined) found.points.push({ timeNs, value })
        else if (series.size < MAX_SERIES) series.set(metric.key, { metric, points: [{ timeNs, value }] })
        else throw tooManySeries()
      }
    }
    return { kind: 'matrix', series: [...series.values()].sort((a, b) => compareMetrics(a.metric, b.metric)) }
  })

/** Evaluates a query for lines. */
export const evaluateLines = (source: StreamSource, query: LogQuery, window: LogWindow): LogOutcome =>
  caught((): LogOutcome => ({ kind: 'entries', entries: evaluateLog(source, query, window) }))
