import type { GapReason } from './source-metrics.ts'

/** Whether the watch can go on where it was, and since when nobody knows. */
export class Continuity {
  #gap: GapReason | null = null
  #gapsInARow = 0
  /** Wall clock at which everything up to W was known to be all there is; null: unknown. */
  #currentMs: number | null

  /** @param currentMs what an earlier process knew, wall clock; null: nothing. */
  constructor(currentMs: number | null) {
    this.#currentMs = currentMs
  }

  /** Why W can't be resumed from; null: it can, as far as is known. */
  get gap(): GapReason | null {
    return this.#gap
  }

  /** Wall clock up to which nothing was missed; null: unknown. */
  get currentMs(): number | null {
    return this.#currentMs
  }

  /** Up to this moment nothing was missed. */
  currentAt(nowMs: number): void {
    this.#currentMs = Math.max(this.#currentMs ?? nowMs, nowMs)
  }

  /** A watch was accepted at W and gave something, or stayed. */
  resumed(): void {
    this.#gapsInARow = 0
  }

  /** The server does not resume at W. @returns how often in a row that was. */
  lost(gap: GapReason): number {
    this.#gap = gap
    this.#gapsInARow += 1
    return this.#gapsInARow
  }

  /** It was not the position that the server disliked. */
  spare(): void {
    this.#gap = null
  }

  /** The gap is owed to the back-fill, and W is the newest revision. @returns for how many seconds the gap was open. */
  healedAt(nowMs: number): number {
    const seconds = Math.max(0, nowMs - (this.#currentMs ?? nowMs)) / 1000
    this.#gap = null
    this.#currentMs = nowMs
    return seconds
  }
}
