import type { ClientOptions } from './client-options.ts'

export type CalmOptions = Pick<ClientOptions, 'lingerMs' | 'batchWaitMs' | 'maxPushesPerSecond'>

/**
 * When the next push of a client should leave while there is little to do. After idle the first entry waits only for
 * the linger; under a steady trickle pushes are spaced by 1/`maxPushesPerSecond`; no entry waits longer than
 * `batchWaitMs`. A full batch does not ask.
 */
export class Calm {
  readonly #options: CalmOptions
  #lastPushMs = -Infinity

  constructor(options: CalmOptions) {
    this.#options = options
  }

  /** @param sinceMs arrival of the entry that has waited longest. All times are monotonic. */
  dueMs(sinceMs: number): number {
    const { lingerMs, batchWaitMs, maxPushesPerSecond } = this.#options
    const spacedMs = this.#lastPushMs + 1000 / maxPushesPerSecond
    return Math.min(Math.max(sinceMs + lingerMs, spacedMs), sinceMs + batchWaitMs)
  }

  pushed(nowMs: number): void {
    this.#lastPushMs = nowMs
  }
}
