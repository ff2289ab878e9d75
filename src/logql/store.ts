import type { Labels } from '../entry/entry.ts'
import type { StoredEntry } from './pipeline.ts'

/** A stream as queries read it. */
export type QueriedStream = {
  readonly labels: Labels
  /** Sorted by time; entries of equal time in the order in which they came. */
  readonly entries: readonly StoredEntry[]
}

/** What queries run on. Nothing of it is copied for a query. */
export type StreamSource = { streams(): Iterable<QueriedStream> }

/** Index of the first entry later than `timeNs`; the number of entries when there is none. */
export const firstAfter = (entries: readonly StoredEntry[], timeNs: bigint): number => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    if (entry !== undefined && entry.timestampNs <= timeNs) low = middle + 1
    else high = middle
  }
  return low
}

/** The labels in the order of their names, as one text. */
export const streamName = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))

class IndexedStream implements QueriedStream {
  readonly labels: Labels
  readonly #entries: StoredEntry[] = []
  #isSorted = true

  constructor(labels: Labels) {
    this.labels = labels
  }

  get entries(): readonly StoredEntry[] {
    if (!this.#isSorted) {
      this.#entries.sort((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0))
      this.#isSorted = true
    }
    return this.#entries
  }

  add(entry: StoredEntry): void {
    const last = this.#entries.at(-1)
    if (last !== undefined && entry.timestampNs < last.timestampNs) this.#isSorted = false
    this.#entries.push(entry)
  }
}

/** Streams in memory by their labels. Entries may come in any order; what comes twice is kept twice. */
export class StreamIndex implements StreamSource {
  readonly #streams = new Map<string, IndexedStream>()

  add(labels: Labels, entries: Iterable<StoredEntry>): void {
    const name = streamName(labels)
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = new IndexedStream(labels)
      this.#streams.set(name, stream)
    }
    for (const entry of entries) stream.add(entry)
  }

  streams(): Iterable<QueriedStream> {
    return this.#streams.values()
  }
}
