import { occurrencesOf } from '../entry/event-fields.ts'
import type { KubeEvent } from '../kube/event.ts'
import { repeatKey, suppressedOf, throttleTimeNs } from '../throttle/repeats.ts'
import type { ThrottleOptions } from '../throttle/throttle-options.ts'
import { windowNsOf, windowOf } from '../throttle/window-limit.ts'
import type { Certainty } from './expectations.ts'

const CERTAIN: Certainty = { isCertain: true }
const UNCERTAIN: Certainty = { isCertain: false }

/** What the API server still shows of one object and reason. */
type Repeats = { occurrences: number }

/** The oldest of all events that it still shows. */
type Oldest = { timeNs: bigint | null }

/** Certain while all of its object and reason is shown, and would be within the limit in one window. */
class WithinLimit implements Certainty {
  readonly #repeats: Repeats
  readonly #oldest: Oldest
  readonly #lines: number
  readonly #windowBeganNs: bigint

  constructor(repeats: Repeats, oldest: Oldest, lines: number, windowBeganNs: bigint) {
    this.#repeats = repeats
    this.#oldest = oldest
    this.#lines = lines
    this.#windowBeganNs = windowBeganNs
  }

  get isCertain(): boolean {
    const { timeNs } = this.#oldest
    return this.#repeats.occurrences <= this.#lines && timeNs !== null && timeNs <= this.#windowBeganNs
  }
}

/**
 * Tells what `throttle` may have kept back, as far as can be told afterwards: which line was one too many depended on
 * the order in which the agent read, what a line says did not.
 */
export class KeptBack {
  readonly #throttle: ThrottleOptions | null
  readonly #repeats = new Map<string, Repeats>()
  readonly #oldest: Oldest = { timeNs: null }

  /** @param throttle null: nothing is kept back. */
  constructor(throttle: ThrottleOptions | null) {
    this.#throttle = throttle
  }

  /** What an entry of this event says. */
  suppressed(event: KubeEvent): number {
    return this.#throttle === null || this.#throttle.lines === 0 ? 0 : suppressedOf(event, this.#throttle)
  }

  /**
   * Whether the agent sent this event for certain; known once every event was asked about. Others of its window, which
   * used up its lines, may have expired since; not so when one is still there that is older than the window.
   */
  certainty(event: KubeEvent): Certainty {
    if (this.#throttle === null) return CERTAIN
    const { lines, windowMs, namespaceLines } = this.#throttle
    if (namespaceLines > 0) return UNCERTAIN
    if (lines === 0) return CERTAIN
    const key = repeatKey(event)
    const repeats = this.#repeats.get(key) ?? { occurrences: 0 }
    this.#repeats.set(key, repeats)
    repeats.occurrences += occurrencesOf(event)
    const timeNs = throttleTimeNs(event)
    const oldest = this.#oldest
    if (oldest.timeNs === null || timeNs < oldest.timeNs) oldest.timeNs = timeNs
    const windowNs = windowNsOf(windowMs)
    return new WithinLimit(repeats, oldest, lines, windowOf(timeNs, windowNs) * windowNs)
  }
}
