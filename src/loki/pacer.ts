import type { Batch } from './batch.ts'
import type { ClientOptions, PaceOptions } from './client-options.ts'

type Bucket = { tokens: number; filledMs: number }

/** Buckets kept at most; the one not used for the longest time goes first (it is full again by then). */
const MAX_BUCKETS = 20_000

/** Token buckets, one per key. A push larger than the burst is let through when the bucket is full, on credit. */
class Buckets {
  readonly #pace: PaceOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(pace: PaceOptions) {
    this.#pace = pace
  }

  #filled(key: string, nowMs: number): Bucket {
    const { bytesPerSecond, burstBytes } = this.#pace
    const bucket = this.#buckets.get(key) ?? { tokens: burstBytes, filledMs: nowMs }
    const gained = ((nowMs - bucket.filledMs) / 1000) * bytesPerSecond
    return { tokens: Math.min(burstBytes, bucket.tokens + gained), filledMs: nowMs }
  }

  waitMs(key: string, sizeBytes: number, nowMs: number): number {
    const { bytesPerSecond, burstBytes } = this.#pace
    if (bytesPerSecond === 0) return 0
    const missing = Math.min(sizeBytes, burstBytes) - this.#filled(key, nowMs).tokens
    return Math.max(0, Math.ceil((missing / bytesPerSecond) * 1000))
  }

  take(key: string, sizeBytes: number, nowMs: number): void {
    if (this.#pace.bytesPerSecond === 0) return
    const bucket = this.#filled(key, nowMs)
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: bucket.tokens - sizeBytes, filledMs: nowMs })
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value ?? '')
  }
}

/**
 * Keeps pushes below the rates at which Loki refuses (`per_stream_rate_limit`, `ingestion_rate_mb`): a stream over its
 * rate can vanish behind a 204. Bytes are those of lines and metadata, as Loki counts them.
 */
export class Pacer {
  readonly #tenants: Buckets
  readonly #streams: Buckets

  constructor(options: Pick<ClientOptions, 'streamPace' | 'tenantPace'>) {
    this.#tenants = new Buckets(options.tenantPace)
    this.#streams = new Buckets(options.streamPace)
  }

  /** How long this batch must wait; 0: take and send it. */
  waitMs(batch: Batch, nowMs: number): number {
    let waitMs = this.#tenants.waitMs(batch.tenant, batch.sizeBytes, nowMs)
    for (const { stream, entries } of batch.streams) {
      const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
      waitMs = Math.max(waitMs, this.#streams.waitMs(stream.key, sizeBytes, nowMs))
    }
    return waitMs
  }

  take(batch: Batch, nowMs: number): void {
    this.#tenants.take(batch.tenant, batch.sizeBytes, nowMs)
    for (const { stream, entries } of batch.streams) {
      const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
      this.#streams.take(stream.key, sizeBytes, nowMs)
    }
  }
}
