import { encodedBytesOf, type QueuedEntry } from './queued-entry.ts'
import type { Stream } from './stream-labels.ts'

/** The entries of one stream in one push, in the order they were offered. */
export type StreamBatch = { readonly stream: Stream; readonly entries: readonly QueuedEntry[] }

/** One push: streams of one tenant, in the order they are sent. Never changed once made. */
export type Batch = {
  readonly tenant: string
  readonly streams: readonly StreamBatch[]
  /** Entries. */
  readonly count: number
  /** Bytes of lines and metadata. */
  readonly sizeBytes: number
}

export type BatchLimits = {
  /** Bytes of lines and metadata. */
  readonly maxBytes: number
  /** Bytes of the encoded push before compression, labels included. */
  readonly maxEncodedBytes: number
}

type Filling = { readonly stream: Stream; readonly entries: QueuedEntry[]; oldestMs: number; newestMs: number }

/** Tags and lengths around a stream. */
const STREAM_OVERHEAD_BYTES = 16

/** Collects the entries of one push until one of the limits is reached. */
export class BatchBuilder {
  readonly #limits: BatchLimits
  readonly #streams = new Map<string, Filling>()
  #count = 0
  #sizeBytes = 0
  #encodedBytes = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  /** False: it does not fit. The first entry always fits, or a long line could never leave. */
  add(entry: QueuedEntry): boolean {
    const filling = this.#streams.get(entry.stream.key)
    const labelsBytes = filling === undefined ? entry.stream.labelsBytes + STREAM_OVERHEAD_BYTES : 0
    const sizeBytes = this.#sizeBytes + entry.sizeBytes
    const encodedBytes = this.#encodedBytes + encodedBytesOf(entry) + labelsBytes
    const fits = sizeBytes <= this.#limits.maxBytes && encodedBytes <= this.#limits.maxEncodedBytes
    if (this.#count > 0 && !fits) return false
    this.#sizeBytes = sizeBytes
    this.#encodedBytes = encodedBytes
    this.#count += 1
    this.#put(filling, entry)
    return true
  }

  #put(filling: Filling | undefined, entry: QueuedEntry): void {
    const at = entry.timestampMs
    if (filling === undefined) {
      this.#streams.set(entry.stream.key, { stream: entry.stream, entries: [entry], oldestMs: at, newestMs: at })
      return
    }
    filling.entries.push(entry)
    filling.oldestMs = Math.min(filling.oldestMs, at)
    filling.newestMs = Math.max(filling.newestMs, at)
  }

  /** The timestamps of a stream's entries so far. */
  span(streamKey: string): { readonly oldestMs: number; readonly newestMs: number } | undefined {
    return this.#streams.get(streamKey)
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /**
   * Streams that Loki knows come first. Only the last result of a push is seen: when the limit of active streams is
   * reached, it refuses every further new one, so the refusal is seen if new streams come last.
   */
  build(isFamiliar: (streamKey: string) => boolean): Batch {
    const streams = [...this.#streams.values()].map(({ stream, entries }) => ({ stream, entries }))
    const known = streams.filter((s) => isFamiliar(s.stream.key))
    const fresh = streams.filter((s) => !isFamiliar(s.stream.key))
    const tenant = streams[0]?.stream.tenant ?? ''
    return { tenant, streams: [...known, ...fresh], count: this.#count, sizeBytes: this.#sizeBytes }
  }
}

/** A batch of these entries, streams in the order of their first entry. */
export const batchOf = (entries: readonly QueuedEntry[]): Batch => {
  const builder = new BatchBuilder({ maxBytes: Infinity, maxEncodedBytes: Infinity })
  for (const entry of entries) builder.add(entry)
  return builder.build(() => true)
}

/** All entries, stream after stream. */
export const entriesOf = (batch: Batch): QueuedEntry[] => batch.streams.flatMap((s) => s.entries)

/** Two pushes in place of one of at least two entries. Each keeps the order of streams and entries. */
export const halvesOf = (batch: Batch): [Batch, Batch] => {
  const entries = entriesOf(batch)
  const middle = Math.ceil(entries.length / 2)
  return [batchOf(entries.slice(0, middle)), batchOf(entries.slice(middle))]
}

/** A push for each stream. */
export const streamsOf = (batch: Batch): Batch[] => batch.streams.map((s) => batchOf(s.entries))
