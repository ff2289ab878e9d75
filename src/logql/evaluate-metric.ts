import type { Grouping, MetricQuery, RangeOperator, VectorOperator } from './ast.ts'
import { scalarResult, withScalar, withVector, type BinaryQuery } from './evaluate-binary.ts'
import { rangeSteps } from './evaluate-range.ts'
import { vectorSteps, type VectorQuery } from './evaluate-vector.ts'
import type { RangeQuery } from './extract-samples.ts'
import { isSentWhole, shardMerge } from './shard-merge.ts'
import { EvaluationError, MAX_SERIES, tooManySeries } from './evaluation-error.ts'
import { replaceLabel } from './label-replace.ts'
import { NO_LABELS } from './metric.ts'
import type { Run, Steps } from './steps.ts'

/** What a metric query comes to. */
export type Evaluated =
  { readonly kind: 'scalar'; readonly value: number } | { readonly kind: 'steps'; readonly next: Steps }

const HOUR_NS = 3_600_000_000_000n

/** Sums that need only some labels of what they add (Loki's canInjectVectorGrouping). */
const SUMMED: ReadonlySet<RangeOperator> = new Set([
  'count_over_time',
  'rate',
  'bytes_over_time',
  'bytes_rate',
  'sum_over_time',
])

/** Vector aggregations that Loki's frontend sends to queriers whole, so that only their result meets the limit. */
const SENT_WHOLE: ReadonlySet<VectorOperator> = new Set(['sum', 'min', 'max', 'count', 'avg'])

/** A query cut into parts has the limit on the series of each part within an hour of steps. */
const limited = (run: Run, next: Steps): Steps => {
  let step = 0
  let hour: bigint | null = null
  const met = new Set<string>()
  return () => {
    const here = (run.timesNs[step] ?? 0n) / HOUR_NS
    if (here !== hour) met.clear()
    hour = here
    step += 1
    const samples = next()
    for (const { metric } of samples) met.add(metric.key)
    if (met.size > MAX_SERIES) throw tooManySeries()
    return samples
  }
}

/** How a query frontend would share a query out among queriers. */
export type Sharing = {
  /** The limit of series also holds for the parts that the query is cut into. */
  readonly inParts: boolean
  readonly isSharded: boolean
  /** Long windows are cut by the hour. */
  readonly isCut: boolean
}

/** Evaluates one query in one run. */
class Evaluation {
  readonly #run: Run
  readonly #how: Sharing

  constructor(run: Run, how: Sharing) {
    this.#run = run
    this.#how = how
  }

  evaluate(query: MetricQuery): Evaluated {
    switch (query.kind) {
      case 'number':
        return { kind: 'scalar', value: query.value }
      case 'vector_of': {
        const vector = [{ metric: NO_LABELS, value: query.value }]
        return { kind: 'steps', next: () => vector }
      }
      case 'range':
        return {
          kind: 'steps',
          next: this.#merged(query, this.#part(rangeSteps(this.#run, query, null)), this.#how.isCut),
        }
      case 'vector':
        return { kind: 'steps', next: this.#vector(query) }
      case 'binary':
        return this.#binary(query)
      case 'label_replace':
        return { kind: 'steps', next: replaceLabel(query, this.#steps(query.of)) }
    }
  }

  #steps(query: MetricQuery): Steps {
    const found = this.evaluate(query)
    if (found.kind === 'steps') return found.next
    throw new EvaluationError('a number stands where a vector is needed')
  }

  #part(next: Steps): Steps {
    return this.#how.inParts ? limited(this.#run, next) : next
  }

  #merged(query: RangeQuery, next: Steps, isCut: boolean): Steps {
    const merge = this.#how.isSharded ? shardMerge(query, isCut) : null
    return merge === null ? next : vectorSteps(merge, next)
  }

  #vector(query: VectorQuery): Steps {
    if (query.of.kind !== 'range') return vectorSteps(query, this.#steps(query.of))
    const outer: Grouping | null = query.op === 'sum' && SUMMED.has(query.of.op) ? sumGrouping(query) : null
    const isWhole = SENT_WHOLE.has(query.op)
    const inner = rangeSteps(this.#run, query.of, query.of.grouping === null ? outer : null)
    const whole = isWhole ? inner : this.#part(inner)
    const next = vectorSteps(query, isSentWhole(query, query.of) ? whole : this.#merged(query.of, whole, false))
    return isWhole ? this.#part(next) : next
  }

  #binary(query: BinaryQuery): Evaluated {
    const left = this.evaluate(query.left)
    const right = this.evaluate(query.right)
    if (left.kind === 'steps' && right.kind === 'steps') {
      return { kind: 'steps', next: withVector(query, left.next, right.next) }
    }
    if (left.kind === 'steps' && right.kind === 'scalar') {
      return { kind: 'steps', next: withScalar(query, { scalar: right.value, side: 'right', of: left.next }) }
    }
    if (left.kind === 'scalar' && right.kind === 'steps') {
      return { kind: 'steps', next: withScalar(query, { scalar: left.value, side: 'left', of: right.next }) }
    }
    if (left.kind === 'scalar' && right.kind === 'scalar') {
      const value = scalarResult(query.op, left.value, right.value)
      // Loki closes the connection.
      if (Number.isNaN(value)) throw new EvaluationError(`${left.value} ${query.op} ${right.value} is not a number`)
      return { kind: 'scalar', value }
    }
    throw new Error('both sides were looked at')
  }
}

const sumGrouping = (query: VectorQuery): Grouping => query.grouping ?? { kind: 'by', labels: [] }

/** Evaluates a query at the times of a run. */
export const evaluateMetric = (run: Run, query: MetricQuery, how: Sharing): Evaluated =>
  new Evaluation(run, how).evaluate(query)
