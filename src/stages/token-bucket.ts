/** Go's rate.Limiter: `burst` tokens, refilled at `perSecond`, full at first. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes a token if there is one. */
  allow(nowMs: number): boolean {
    this.#refill(nowMs)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Takes a token, owing it if there is none; answers how many milliseconds until nothing is owed. */
  reserveMs(nowMs: number): number {
    this.#refill(nowMs)
    this.#tokens -= 1
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs
  }

  /** Tokens that are there; negative when some are owed. */
  tokens(nowMs: number): number {
    this.#refill(nowMs)
    return this.#tokens
  }

  #refill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + passedMs * this.#perMs)
    this.#atMs = nowMs
  }
}
