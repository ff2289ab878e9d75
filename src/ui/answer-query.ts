import type { Clock } from '../clock.ts'
import { parseQuery } from '../logql/parse.ts'
import { labelsOf, type Metric, type Vector } from '../logql/metric.ts'
import { type AsksLoki, LOKI_PATHS, type LokiAnswer, type LokiParameters } from './loki-reader.ts'
import { errorSpan, type ErrorSpan } from './error-span.ts'
import type { PageQuery, PageResult, PageSeries } from './page-query.ts'
import { planQuery } from './query-plan.ts'
import { readResult, type ReadResult, type ReadSeries } from './read-answer.ts'
import { StepCache, type StepFailure, type StepTimes } from './step-cache.ts'

const NS_PER_MS = 1_000_000n
/** How long a query that Loki would not answer in pieces is asked as it is. */
const WHOLE_MS = 600_000
const MAX_WHOLE = 200

type Read = { readonly kind: 'result'; readonly result: ReadResult } | StepFailure

const readOf = (answer: LokiAnswer): Read => {
  if (answer.kind === 'refused') return { kind: 'failed', why: answer.text, isRefused: answer.status < 500 }
  if (answer.kind === 'failed') return { kind: 'failed', why: answer.why, isRefused: false }
  const result = readResult(answer.json)
  return result === null
    ? { kind: 'failed', why: 'the answer is not one of Loki', isRefused: false }
    : { kind: 'result', result }
}

const noNumbers: StepFailure = { kind: 'failed', why: 'the query gives lines, not numbers', isRefused: true }

const seconds = (ms: number): string => String(ms / 1000)
const nanoseconds = (ms: number): string => String(BigInt(ms) * NS_PER_MS)

const shownSeries = (metric: Metric, points: PageSeries['points']): PageSeries => ({ labels: labelsOf(metric), points })

const vectorResult = (vector: Vector, timeMs: number): PageResult => ({
  kind: 'vector',
  series: vector.map(({ metric, value }) => shownSeries(metric, [[timeMs, value]])),
})

/** Series out of the vectors of steps, in the order in which they appear. */
const matrixResult = (vectors: readonly Vector[], { firstMs, stepMs }: StepTimes): PageResult => {
  const found = new Map<string, { readonly metric: Metric; readonly points: [number, number][] }>()
  for (const [at, vector] of vectors.entries()) {
    for (const { metric, value } of vector) {
      const series = found.get(metric.key) ?? { metric, points: [] }
      found.set(metric.key, series)
      series.points.push([firstMs + at * stepMs, value])
    }
  }
  return { kind: 'matrix', series: [...found.values()].map(({ metric, points }) => shownSeries(metric, points)) }
}

/** Answers the queries of a page out of Loki, asking only for what is not known yet. */
export class QueryAnswerer {
  readonly #loki: AsksLoki
  readonly #clock: Clock
  readonly #cache: StepCache
  /** Queries that Loki refuses in pieces, and until when they are asked as they are. */
  readonly #whole = new Map<string, number>()

  constructor(loki: AsksLoki, clock: Clock) {
    this.#loki = loki
    this.#clock = clock
    this.#cache = new StepCache((query, times) => this.#readSteps(query, times), clock)
  }

  /** Asks everything anew next time. */
  forget(): void {
    this.#cache.clear()
    this.#whole.clear()
  }

  async answer(query: PageQuery, stop: AbortSignal): Promise<PageResult> {
    switch (query.kind) {
      case 'instant':
        return this.#instant(query, stop)
      case 'range':
        return this.#range(query)
      case 'lines':
        return this.#lines(query, stop)
    }
  }

  async #instant(query: PageQuery, stop: AbortSignal): Promise<PageResult> {
    const { expr, startMs, endMs, stepMs } = query
    const parsed = parseQuery(expr)
    const isMetric = parsed.kind === 'ok' && parsed.query.kind !== 'log'
    const rangeNs = BigInt(endMs - startMs) * NS_PER_MS
    const plan = isMetric ? planQuery(parsed.query, rangeNs, BigInt(stepMs) * NS_PER_MS) : null
    if (plan === null || (this.#whole.get(plan.piece) ?? 0) > this.#clock.now()) return this.#atOnce(query, stop)
    const times = { firstMs: startMs + stepMs, lastMs: endMs, stepMs }
    const answer = await this.#cache.vectors(plan.piece, times)
    if (answer.kind === 'vectors') return vectorResult(plan.whole(answer.vectors), endMs)
    if (!answer.isRefused) return this.#failed(expr, answer)
    // Pieces may be more series than Loki answers, where the whole is not.
    if (this.#whole.size > MAX_WHOLE) this.#whole.clear()
    this.#whole.set(plan.piece, this.#clock.now() + WHOLE_MS)
    return this.#atOnce(query, stop)
  }

  async #atOnce({ expr, endMs }: PageQuery, stop: AbortSignal): Promise<PageResult> {
    const read = await this.#read(LOKI_PATHS.instant, { query: expr, time: nanoseconds(endMs) }, stop)
    if (read.kind === 'failed') return this.#failed(expr, read)
    if (read.result.kind === 'lines') return this.#failed(expr, noNumbers)
    return { kind: 'vector', series: read.result.series.map(({ metric, points }) => shownSeries(metric, points)) }
  }

  async #range({ expr, startMs, endMs, stepMs }: PageQuery): Promise<PageResult> {
    const times = { firstMs: startMs + stepMs, lastMs: endMs, stepMs }
    const answer = await this.#cache.vectors(expr, times)
    return answer.kind === 'vectors' ? matrixResult(answer.vectors, times) : this.#failed(expr, answer)
  }

  async #lines({ expr, startMs, endMs, limit }: PageQuery, stop: AbortSignal): Promise<PageResult> {
    const range = { start: nanoseconds(startMs), end: nanoseconds(endMs) }
    const parameters = { query: expr, ...range, limit: String(limit), direction: 'backward' }
    const read = await this.#read(LOKI_PATHS.range, parameters, stop)
    if (read.kind === 'failed') return this.#failed(expr, read)
    if (read.result.kind !== 'lines') {
      return this.#failed(expr, { kind: 'failed', why: 'the query gives numbers, not lines', isRefused: true })
    }
    // Streams come one after the other.
    const lines = read.result.lines.toSorted((a, b) => {
      const [first, second] = [BigInt(a.timeNs), BigInt(b.timeNs)]
      return first === second ? 0 : first > second ? -1 : 1
    })
    return { kind: 'lines', lines }
  }

  /** Not ended with the request: others wait for the same. */
  async #readSteps(
    query: string,
    { firstMs, lastMs, stepMs }: StepTimes,
  ): Promise<{ readonly kind: 'series'; readonly series: readonly ReadSeries[] } | StepFailure> {
    const range = { start: nanoseconds(firstMs), end: nanoseconds(lastMs), step: seconds(stepMs) }
    const read = await this.#read(LOKI_PATHS.range, { query, ...range }, new AbortController().signal)
    if (read.kind === 'failed') return read
    return read.result.kind === 'lines' ? noNumbers : { kind: 'series', series: read.result.series }
  }

  async #read(path: string, parameters: LokiParameters, stop: AbortSignal): Promise<Read> {
    return readOf(await this.#loki.ask(path, parameters, stop))
  }

  #failed(expr: string, { why, isRefused }: StepFailure): PageResult {
    const span: ErrorSpan | null = isRefused ? errorSpan(expr, why) : null
    return { kind: 'error', message: why, span }
  }
}
