import type { Clock } from '../clock.ts'
import type { Vector } from '../logql/metric.ts'
import type { ReadSeries } from './read-answer.ts'

/** Times at which a query is asked, multiples of the step, both inclusive; milliseconds since 1970. */
export type StepTimes = { readonly firstMs: number; readonly lastMs: number; readonly stepMs: number }

export type StepFailure = {
  readonly kind: 'failed'
  readonly why: string
  /** The query is at fault, not the way to Loki. */
  readonly isRefused: boolean
}

/** Asks Loki for a query at some times. */
export type StepReader = (
  query: string,
  times: StepTimes,
) => Promise<{ readonly kind: 'series'; readonly series: readonly ReadSeries[] } | StepFailure>

/** A vector for each time, in their order. */
export type StepAnswer = { readonly kind: 'vectors'; readonly vectors: readonly Vector[] } | StepFailure

type Step = { readonly readMs: number; readonly vector: Vector }
type Kept = { readonly steps: Map<number, Step>; samples: number }

/** Samples over all queries; those of queries that were not asked for longest are forgotten. */
const MAX_SAMPLES = 500_000
/** Queries of one page, at several steps. */
const MAX_QUERIES = 500

const NOTHING: Vector = []

const timesOf = ({ firstMs, lastMs, stepMs }: StepTimes): readonly number[] =>
  Array.from({ length: Math.max(0, Math.floor((lastMs - firstMs) / stepMs) + 1) }, (_, at) => firstMs + at * stepMs)

const vectorsAt = (series: readonly ReadSeries[]): ReadonlyMap<number, Vector> => {
  const found = new Map<number, { metric: ReadSeries['metric']; value: number }[]>()
  for (const { metric, points } of series) {
    for (const [timeMs, value] of points) {
      const vector = found.get(timeMs)
      if (vector === undefined) found.set(timeMs, [{ metric, value }])
      else vector.push({ metric, value })
    }
  }
  return found
}

/**
 * Answers of queries at the steps of a time range, each asked once. A step is asked again when it has become twice as old
 * as it was when it was read: so an entry that reached Loki late is seen after at most its lateness once more, and what a
 * refresh asks for is the end of the range.
 */
export class StepCache {
  readonly #read: StepReader
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()
  readonly #asking = new Map<string, Promise<StepFailure | null>>()
  #samples = 0

  constructor(read: StepReader, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** Samples in memory. */
  get samples(): number {
    return this.#samples
  }

  /** Forgets everything: what comes next is as Loki has it now. */
  clear(): void {
    this.#kept.clear()
    this.#samples = 0
  }

  async vectors(query: string, times: StepTimes): Promise<StepAnswer> {
    const key = `${times.stepMs} ${query}`
    const askedMs = this.#clock.now()
    // Another one may be asking for the same at this moment.
    for (let asking = this.#asking.get(key); asking !== undefined; asking = this.#asking.get(key)) await asking
    const needed = this.#needed(key, times, askedMs)
    if (needed !== null) {
      const asking = this.#fetch(key, query, needed)
      this.#asking.set(key, asking)
      const failure = await asking
      this.#asking.delete(key)
      if (failure !== null) return failure
    }
    return { kind: 'vectors', vectors: this.#take(key, times) }
  }

  /** From the first to the last step that is not known, or known no more; null: all are. */
  #needed(key: string, { firstMs, lastMs, stepMs }: StepTimes, askedMs: number): StepTimes | null {
    const steps = this.#kept.get(key)?.steps
    const isKnown = (timeMs: number): boolean => {
      const step = steps?.get(timeMs)
      return step !== undefined && (step.readMs >= askedMs || askedMs < 2 * step.readMs - timeMs)
    }
    let first = firstMs
    while (first <= lastMs && isKnown(first)) first += stepMs
    let last = lastMs
    while (last >= first && isKnown(last)) last -= stepMs
    return first > lastMs ? null : { firstMs: first, lastMs: last, stepMs }
  }

  async #fetch(key: string, query: string, times: StepTimes): Promise<StepFailure | null> {
    const readMs = this.#clock.now()
    const answer = await this.#read(query, times)
    if (answer.kind === 'failed') return answer
    const vectors = vectorsAt(answer.series)
    const kept = this.#kept.get(key) ?? { steps: new Map<number, Step>(), samples: 0 }
    this.#kept.set(key, kept)
    for (const timeMs of timesOf(times)) {
      const vector = vectors.get(timeMs) ?? NOTHING
      this.#count(kept, vector.length - (kept.steps.get(timeMs)?.vector.length ?? 0))
      kept.steps.set(timeMs, { readMs, vector })
    }
    return null
  }

  #take(key: string, times: StepTimes): readonly Vector[] {
    const kept = this.#kept.get(key)
    if (kept === undefined) return timesOf(times).map(() => NOTHING)
    const vectors = timesOf(times).map((timeMs) => kept.steps.get(timeMs)?.vector ?? NOTHING)
    this.#tidy(kept, times)
    // The most recently used one is the last one.
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    this.#forgetOldest()
    return vectors
  }

  /** What lies a whole range before this one is not asked for again soon. */
  #tidy(kept: Kept, { firstMs, lastMs }: StepTimes): void {
    for (const [timeMs, { vector }] of kept.steps) {
      if (timeMs >= firstMs - (lastMs - firstMs)) continue
      kept.steps.delete(timeMs)
      this.#count(kept, -vector.length)
    }
  }

  #forgetOldest(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= 1 || (this.#samples <= MAX_SAMPLES && this.#kept.size <= MAX_QUERIES)) return
      this.#kept.delete(key)
      this.#samples -= kept.samples
    }
  }

  #count(kept: Kept, more: number): void {
    kept.samples += more
    this.#samples += more
  }
}
