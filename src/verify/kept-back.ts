import { occurrencesOf } from '../entry/event-fields.ts'
import type { KubeEvent } from '../kube/event.ts'
import { repeatKey, suppressedOf } from '../throttle/repeats.ts'
import type { ThrottleOptions } from '../throttle/throttle-options.ts'
import type { Certainty } from './expectations.ts'

const CERTAIN: Certainty = { isCertain: true }
const UNCERTAIN: Certainty = { isCertain: false }

/** One object and reason: certain while, all of it in one window, it would be within the limit. */
class Repeats implements Certainty {
  #occurrences = 0
  readonly #lines: number

  constructor(lines: number) {
    this.#lines = lines
  }

  get isCertain(): boolean {
    return this.#occurrences <= this.#lines
  }

  add(event: KubeEvent): this {
    this.#occurrences += occurrencesOf(event)
    return this
  }
}

/**
 * Tells what `throttle` may have kept back, as far as can be told afterwards: which line was one too many depended on
 * the order in which the agent read, what a line says did not.
 */
export class KeptBack {
  readonly #throttle: ThrottleOptions | null
  readonly #repeats = new Map<string, Repeats>()

  /** @param throttle null: nothing is kept back. */
  constructor(throttle: ThrottleOptions | null) {
    this.#throttle = throttle
  }

  /** What an entry of this event says. */
  suppressed(event: KubeEvent): number {
    return this.#throttle === null || this.#throttle.lines === 0 ? 0 : suppressedOf(event, this.#throttle)
  }

  /** Whether the agent sent this event for certain; known once every event was asked about. */
  certainty(event: KubeEvent): Certainty {
    if (this.#throttle === null) return CERTAIN
    const { lines, namespaceLines } = this.#throttle
    if (namespaceLines > 0) return UNCERTAIN
    const key = repeatKey(event)
    const repeats = this.#repeats.get(key) ?? new Repeats(lines)
    this.#repeats.set(key, repeats)
    return repeats.add(event)
  }
}
