import type { Entry } from '../entry/entry.ts'
import type { AloneOutcome } from './push-alone.ts'

/** How an entry ended. Sent: Loki took it. Rejected: Loki refused it for good. Dropped: we let it go. */
export type Fate = 'sent' | 'rejected' | 'dropped'

/** Told once for each entry offered, in any order. */
export type Settle = (sequence: number, fate: Fate) => void

/**
 * One item of `clients:` at work: its own queue, batches per tenant, one send loop. Never throws for what the world
 * does; every offered entry is settled in the end, or is still queued.
 */
export type LokiClient = {
  readonly name: string
  readonly required: boolean
  /** Takes the entry; when it is over its bound and not `required`, the entry is settled as dropped at once. */
  offer(entry: Entry, sequence: number): void
  /** False: the queue is full; always true for a client that is not required. */
  hasRoom(): boolean
  /** Resolves when the queue is below half its bound, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>
  start(): void
  /** One push, outside of the queue and of all accounts, never tried again; for what is no event. */
  pushAlone(entry: Entry): Promise<AloneOutcome>
  /**
   * Sends what is queued, without waiting for company, for at most `deadlineMs`, then stops. What is left stays
   * unsettled (the position stays before it) and is returned as a count.
   */
  drain(deadlineMs: number): Promise<number>
  /** Entries offered and not settled. */
  queued(): number
  /** False with a reason while Loki refuses for reasons of configuration (401, 403, tenant, required labels, ...). */
  readiness(): { readonly ready: boolean; readonly why: string }
}
