import { metricText, labelOf, type Metric } from './metric.ts'

/** Why a query has no answer. Thrown inside the engine, a value at its boundary. */
export class EvaluationError extends Error {
  readonly code = 'EVALUATION'
  readonly status: 400 | 500

  constructor(message: string, status: 400 | 500 = 400) {
    super(message)
    this.status = status
  }
}

/** `max_query_series`. */
export const MAX_SERIES = 500

/** Loki's logqlmodel.NewSeriesLimitError. */
export const tooManySeries = (): EvaluationError =>
  new EvaluationError(
    `maximum number of series (${MAX_SERIES}) reached for a single query; consider reducing query cardinality by ` +
      'adding more specific stream selectors, reducing the time range, or aggregating results with functions like ' +
      'sum(), count() or topk()',
  )

/** Loki's logqlmodel.NewPipelineErr: entries with `__error__` reached a metric. */
export const pipelineError = (metric: Metric): EvaluationError => {
  const kind = labelOf(metric, '__error__')
  return new EvaluationError(
    `pipeline error: '${kind}' for series: '${metricText(metric)}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${kind}").\n` +
      'To skip all potential errors you can match empty errors.(e.g __error__="")\n' +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )',
  )
}
