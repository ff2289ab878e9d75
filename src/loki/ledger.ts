import type { ClientMetrics } from './client-metrics.ts'
import type { ClientOptions } from './client-options.ts'
import type { Settle } from './loki-client.ts'
import { memoryBytesOf, type QueuedEntry } from './queued-entry.ts'
import type { DropReason, RejectReason } from './reasons.ts'

/**
 * Every entry of a client from offer to fate, and the memory they hold meanwhile. An entry that was `took` is ended
 * exactly once, or is still queued.
 */
export class Ledger {
  readonly #capacityBytes: number
  readonly #settle: Settle
  readonly #metrics: ClientMetrics
  #queued = 0
  #heldBytes = 0
  #waiters: (() => void)[] = []

  constructor(
    options: Pick<ClientOptions, 'queueBytes'>,
    ends: { readonly settle: Settle; readonly metrics: ClientMetrics },
  ) {
    this.#capacityBytes = options.queueBytes
    this.#settle = ends.settle
    this.#metrics = ends.metrics
  }

  get queued(): number {
    return this.#queued
  }

  /** Bytes of waiting entries and of encoded pushes. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  get isFull(): boolean {
    return this.#heldBytes >= this.#capacityBytes
  }

  took(entry: QueuedEntry): void {
    this.#queued += 1
    this.#heldBytes += memoryBytesOf(entry)
  }

  /** Refused before it was queued: it could not be sent as it is. */
  turnedAway(sequence: number, tenant: string, reason: RejectReason): void {
    this.#metrics.rejected(tenant, 0, reason)
    this.#settle(sequence, 'rejected')
  }

  /** Let go before it was queued. */
  overflowed(entry: QueuedEntry): void {
    this.#metrics.dropped(entry.stream.tenant, entry.sizeBytes, 'queue_full')
    this.#settle(entry.sequence, 'dropped')
  }

  sent(entries: readonly QueuedEntry[]): void {
    this.#metrics.sent(entries)
    this.#end(entries, 'sent')
  }

  rejected(entries: readonly QueuedEntry[], reason: RejectReason): void {
    for (const entry of entries) this.#metrics.rejected(entry.stream.tenant, entry.sizeBytes, reason)
    this.#end(entries, 'rejected')
  }

  dropped(entries: readonly QueuedEntry[], reason: DropReason): void {
    for (const entry of entries) this.#metrics.dropped(entry.stream.tenant, entry.sizeBytes, reason)
    this.#end(entries, 'dropped')
  }

  #end(entries: readonly QueuedEntry[], fate: 'sent' | 'rejected' | 'dropped'): void {
    this.#queued -= entries.length
    for (const entry of entries) {
      this.#heldBytes -= memoryBytesOf(entry)
      this.#settle(entry.sequence, fate)
    }
    this.#wake()
  }

  /** An encoded push counts as long as it is kept. */
  hold(sizeBytes: number): void {
    this.#heldBytes += sizeBytes
  }

  release(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes
    this.#wake()
  }

  #wake(): void {
    if (this.#heldBytes * 2 > this.#capacityBytes) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Resolves when at most half the capacity is held, or the signal aborts. */
  room(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#heldBytes * 2 <= this.#capacityBytes) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiters.push(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}
