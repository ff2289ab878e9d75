import type { Batch } from './batch.ts'

type Remembered = { newestMs: number; acceptedAtMs: number }

/** Streams remembered; the one not sent to for the longest time is forgotten first. About 200 bytes each. */
const MAX_STREAMS = 20_000
/** Loki closes an idle stream's chunk after 30 minutes (`chunk_idle_period`) and may then forget the stream. */
const FAMILIAR_FOR_MS = 15 * 60_000

/** The newest timestamp that Loki accepted, per stream: an ingester measures "too far behind" against it. */
export class NewestSent {
  readonly #streams = new Map<string, Remembered>()

  /** `undefined`: nothing accepted since the start of this process, or forgotten. */
  newestMs(streamKey: string): number | undefined {
    return this.#streams.get(streamKey)?.newestMs
  }

  /** Whether Loki surely has this stream in memory, so that a push to it does not count against the stream limit. */
  isFamiliar(streamKey: string, nowMs: number): boolean {
    const known = this.#streams.get(streamKey)
    return known !== undefined && nowMs - known.acceptedAtMs < FAMILIAR_FOR_MS
  }

  accepted(batch: Batch, nowMs: number): void {
    for (const { stream, entries } of batch.streams) {
      let newestMs = this.#streams.get(stream.key)?.newestMs ?? -Infinity
      for (const entry of entries) newestMs = Math.max(newestMs, entry.timestampMs)
      this.#streams.delete(stream.key)
      this.#streams.set(stream.key, { newestMs, acceptedAtMs: nowMs })
    }
    for (const key of this.#streams.keys()) {
      if (this.#streams.size <= MAX_STREAMS) break
      this.#streams.delete(key)
    }
  }
}
