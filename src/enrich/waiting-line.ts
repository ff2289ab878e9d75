import type { Clock } from '../clock.ts'
import type { Enrichment } from '../entry/enrichment.ts'
import type { KubeEvent } from '../kube/event.ts'
import type { Enricher } from './enricher.ts'
import type { EnrichMetrics } from './enrich-metrics.ts'

export type WaitingLineOptions = {
  readonly enricher: Enricher
  readonly clock: Clock
  readonly waitMs: number
  readonly metrics: EnrichMetrics
}

/** An event, or something without one that must not overtake events. */
type Waiting =
  | {
      readonly event: KubeEvent
      readonly sizeBytes: number
      readonly sinceMs: number
      readonly pass: (enrichment: Enrichment) => void
    }
  | { readonly event: null; readonly events: 0 | 1; readonly pass: () => void }

/** At these bounds the source is not read. */
const MAX_EVENTS = 4096
const MAX_BYTES = 16 * 1024 * 1024
const EVENT_BYTES = 2048
/** An event leaves after this part of its time: timers come late, and a long line takes a while to pass on. */
const PART_OF_TIME = 0.8

/**
 * Events in the order in which they came, each until what is looked up about it is known, or its time is over. Nothing
 * overtakes: since every event has the same time to wait, none waits longer than that for those before it. In calm, when
 * everything is known, nothing waits here at all.
 */
export class WaitingLine {
  readonly #o: WaitingLineOptions
  #line: Waiting[] = []
  /** How many at the beginning of `#line` have left. */
  #left = 0
  #events = 0
  #sizeBytes = 0
  #isTimed = false
  #isDue = false
  #listeners: (() => void)[] = []

  /** After so long an event leaves as it is. */
  readonly #waitMs: number

  constructor(options: WaitingLineOptions) {
    this.#o = options
    this.#waitMs = options.waitMs * PART_OF_TIME
  }

  /** Events in it. */
  get events(): number {
    return this.#events
  }

  /** What is known of an event that need not wait, as nearly all: it may pass at once. Null: it is to `wait`. */
  ready(event: KubeEvent): Enrichment | null {
    const { enrichment, outcome } = this.#o.enricher.look(event)
    if (outcome === 'pending' || !this.#isEmpty()) return null
    this.#o.metrics.ended(outcome, 0)
    return enrichment
  }

  /** Passes the event on within the time to wait. */
  wait(event: KubeEvent, pass: (enrichment: Enrichment) => void): void {
    const sizeBytes = EVENT_BYTES + lengthOf(event)
    this.#line.push({ event, sizeBytes, sinceMs: this.#o.clock.monotonicMs(), pass })
    this.#events += 1
    this.#sizeBytes += sizeBytes
    this.#wakeInTime()
  }

  /** Passes something on that waits for nothing but what came before it; `events`: whether it stands for one. */
  behind(events: 0 | 1, pass: () => void): void {
    if (this.#isEmpty()) {
      pass()
      return
    }
    this.#line.push({ event: null, events, pass })
    this.#events += events
  }

  /** Answers may have come. */
  lookAgain(): void {
    if (this.#isDue || this.#isEmpty()) return
    // Once for all that changes in this turn.
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#passOn()
    })
  }

  hasRoom(): boolean {
    return this.#events < MAX_EVENTS && this.#sizeBytes < MAX_BYTES
  }

  /** Resolves when it is below half of its bounds, or the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    const isRoomy = (): boolean => this.#events < MAX_EVENTS / 2 && this.#sizeBytes < MAX_BYTES / 2
    while (!signal.aborted && !isRoomy()) await this.#change(signal)
  }

  /** Resolves when it is empty: within the time to wait, when nothing is added any more. */
  async emptied(): Promise<void> {
    while (!this.#isEmpty()) await this.#change(null)
  }

  #change(signal: AbortSignal | null): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.push(done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }

  #isEmpty(): boolean {
    return this.#left === this.#line.length
  }

  /** One timer for the whole line: it wakes when the time of the first is over, or of one that was. */
  #wakeInTime(): void {
    const first = this.#line[this.#left]
    if (this.#isTimed || first === undefined || first.event === null) return
    const { clock } = this.#o
    this.#isTimed = true
    void clock.sleep(first.sinceMs + this.#waitMs - clock.monotonicMs()).then(() => {
      this.#isTimed = false
      this.#passOn()
    })
  }

  #passOn(): void {
    const nowMs = this.#o.clock.monotonicMs()
    for (let first = this.#line[this.#left]; first !== undefined; first = this.#line[this.#left]) {
      if (!this.#passFirst(first, nowMs)) break
    }
    if (this.#isEmpty()) {
      this.#line = []
      this.#left = 0
    } else if (this.#left > 1024 && this.#left * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#left)
      this.#left = 0
    }
    for (const tell of this.#listeners.splice(0)) tell()
    this.#wakeInTime()
  }

  /** @returns false when it must wait on. */
  #passFirst(first: Waiting, nowMs: number): boolean {
    if (first.event === null) {
      this.#left += 1
      this.#events -= first.events
      first.pass()
      return true
    }
    const { enricher, metrics } = this.#o
    const look = enricher.look(first.event)
    const waitedMs = nowMs - first.sinceMs
    if (look.outcome === 'pending' && waitedMs < this.#waitMs - 1) return false
    this.#left += 1
    this.#events -= 1
    this.#sizeBytes -= first.sizeBytes
    metrics.ended(look.outcome === 'pending' ? 'timeout' : look.outcome, waitedMs)
    first.pass(look.enrichment)
    return true
  }
}

/** Characters of all its texts, names too: any of them may be long, not the message alone. */
const lengthOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce((sum, [name, one]) => sum + name.length + lengthOf(one), 0)
}
