import { nextDelayMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { BACKOFF, HEALTHY_MS, RETRY_AFTER_MAX_MS, TRIES_WHEN_REFUSED } from './limits.ts'

/** Counts what happens time after time; two minutes without it and it begins anew. */
class Streak {
  readonly #clock: Clock
  #times = 0
  #atMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns how often it happened, this time included. */
  again(): number {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#atMs >= HEALTHY_MS) this.#times = 0
    this.#atMs = nowMs
    this.#times += 1
    return this.#times
  }

  end(): void {
    this.#times = 0
  }
}

/** How long to wait after the failures so far; two minutes without one and it begins anew. */
export class Patience {
  readonly #failures: Streak
  readonly #random: () => number

  constructor(clock: Clock, random: () => number) {
    this.#failures = new Streak(clock)
    this.#random = random
  }

  /** One more failure. @returns the wait before the next try; a Retry-After wins if it is larger. */
  nextWaitMs(retryAfterMs: number | null): number {
    const waitMs = nextDelayMs(BACKOFF, this.#failures.again() - 1, this.#random)
    return Math.max(waitMs, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS))
  }

  /** All is well: the next failure counts as the first. */
  restore(): void {
    this.#failures.end()
  }
}

/**
 * Tells a right that is missing from an API server that has just started: that one refuses for a moment what it will
 * allow, until it has read the roles. Two minutes without a refusal and it begins anew.
 */
export class Refusals {
  readonly #refusals: Streak

  constructor(clock: Clock) {
    this.#refusals = new Streak(clock)
  }

  /** Refused once more. @returns whether that is for long, so that asking soon is of no use. */
  again(): boolean {
    return this.#refusals.again() > TRIES_WHEN_REFUSED
  }
}

/** Counts what happens again and again at one place: a resourceVersion, a continue token. */
export class RepeatsAt {
  #place = ''
  #times = 0

  /** @returns how often it happened at `place` in a row, this time included. */
  count(place: string): number {
    if (place !== this.#place) this.#times = 0
    this.#place = place
    this.#times += 1
    return this.#times
  }
}
