/** What a tenant may push; names and defaults are those of Loki's `limits_config` and ingester. */
export type LokiLimits = {
  /** `reject_old_samples_max_age`. */
  readonly maxAgeMs: number
  /** `creation_grace_period`. */
  readonly graceMs: number
  /** `max_line_size`. */
  readonly maxLineBytes: number
  /** `max_line_size_truncate` with its identifier; null: longer lines are refused. */
  readonly truncateIdentifier: string | null
  readonly maxLabelNames: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
  readonly allowMetadata: boolean
  /** `max_structured_metadata_size`. */
  readonly maxMetadataBytes: number
  /** `max_structured_metadata_entries_count`. */
  readonly maxMetadataEntries: number
  /** `max_chunk_age`; half of it is how far an entry may be behind the newest of its stream. */
  readonly maxChunkAgeMs: number
  /** `ingestion_rate_mb` in bytes; null: not limited. */
  readonly rateBytes: number | null
  readonly burstBytes: number
  /** `per_stream_rate_limit`; null: not limited. */
  readonly streamRateBytes: number | null
  readonly streamBurstBytes: number
  /** `max_global_streams_per_user`; 0: not limited. */
  readonly maxStreams: number
}

/** Loki's defaults, but rates that are not limited. */
export const LOKI_LIMITS: LokiLimits = {
  maxAgeMs: 7 * 24 * 3_600_000,
  graceMs: 600_000,
  maxLineBytes: 262_144,
  truncateIdentifier: null,
  maxLabelNames: 15,
  maxLabelNameBytes: 1024,
  maxLabelValueBytes: 2048,
  allowMetadata: true,
  maxMetadataBytes: 65_536,
  maxMetadataEntries: 128,
  maxChunkAgeMs: 7_200_000,
  rateBytes: null,
  burstBytes: 6 * 1_048_576,
  streamRateBytes: null,
  streamBurstBytes: 15 * 1_048_576,
  maxStreams: 5000,
}

/** A token bucket as golang.org/x/time/rate: full at first, nothing above its burst ever passes. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes `amount` if it is there. */
  allows(amount: number, nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond)
    this.#atMs = nowMs
    if (amount > this.#tokens) return false
    this.#tokens -= amount
    return true
  }
}
