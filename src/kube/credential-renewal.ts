import type { Clock } from '../clock.ts'
import type { KubeClient } from './client.ts'
import { RENEWAL_PERIOD_MS } from './limits.ts'

/** Renews credentials after a 401, once for all scopes that met it, and at most once in 10 s. */
export class CredentialRenewal {
  readonly #client: KubeClient
  readonly #clock: Clock
  #renewedAtMs = -Infinity
  #running: Promise<void> | null = null

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Resolves when a request is worth trying again. `sentAtMs`: when the one that was refused went out. */
  async after(sentAtMs: number, signal: AbortSignal): Promise<void> {
    if (this.#renewedAtMs > sentAtMs) return
    this.#running ??= this.#renew(signal).finally(() => {
      this.#running = null
    })
    await this.#running
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const dueMs = this.#renewedAtMs + RENEWAL_PERIOD_MS - this.#clock.monotonicMs()
    if (dueMs > 0) await this.#clock.sleep(dueMs, signal)
    if (signal.aborted) return
    await this.#client.renewCredentials()
    this.#renewedAtMs = this.#clock.monotonicMs()
  }
}
