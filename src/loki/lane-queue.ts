// What waits for one tenant.
//
//   fresh    entries in the order they were offered. A push takes them from the head, many streams at once.
//   apart    streams that need pushes of their own, because an entry may be too far behind (risk.ts). Entries that
//            come later for such a stream queue up behind it, so that a stream stays in order.
//   parked   streams that Loki refuses to create (limit of active streams). Tried again after a long backoff; their
//            entries stay here, later ones join them, all other streams go on.
//
// An entry is in one of the three, or in the batch that was taken last.

import { BatchBuilder, batchOf, type Batch, type BatchLimits, type StreamBatch } from './batch.ts'
import { Fifo } from './fifo.ts'
import type { NewestSent } from './newest-sent.ts'
import type { QueuedEntry } from './queued-entry.ts'
import { fitsOwnPush, needsOwnPush, type Known, type Window } from './risk.ts'

type Waiting = { readonly entries: Fifo<QueuedEntry>; readonly sinceMs: number }

export type LaneQueueOptions = {
  readonly limits: () => BatchLimits
  readonly newestSent: NewestSent
  readonly window: Window
}

export class LaneQueue {
  readonly #options: LaneQueueOptions
  readonly #fresh = new Fifo<QueuedEntry>()
  readonly #apart = new Map<string, Waiting>()
  readonly #parked = new Map<string, Waiting>()
  #freshBytes = 0
  #apartBytes = 0

  constructor(options: LaneQueueOptions) {
    this.#options = options
  }

  get freshBytes(): number {
    return this.#freshBytes
  }

  get apartBytes(): number {
    return this.#apartBytes
  }

  get parkedStreams(): number {
    return this.#parked.size
  }

  get isEmpty(): boolean {
    return this.#fresh.length === 0 && this.#apart.size === 0 && this.#parked.size === 0
  }

  /** Arrival of the oldest fresh entry. */
  get freshSinceMs(): number | undefined {
    return this.#fresh.peek()?.arrivedMs
  }

  /** Since when the longest waiting stream is apart. */
  get apartSinceMs(): number | undefined {
    return this.#apart.values().next().value?.sinceMs
  }

  push(entry: QueuedEntry): void {
    this.#fresh.push(entry)
    this.#freshBytes += entry.sizeBytes
  }

  /**
   * The next push of fresh entries, up to the limits. `undefined` when every entry looked at had to be set apart or
   * joined its parked stream.
   */
  takeFresh(nowMs: number, wallMs: number): Batch | undefined {
    const builder = new BatchBuilder(this.#options.limits())
    for (let entry = this.#fresh.peek(); entry !== undefined; entry = this.#fresh.peek()) {
      if (!this.#setAside(entry, builder, { nowMs, wallMs }) && !builder.add(entry)) break
      this.#fresh.shift()
      this.#freshBytes -= entry.sizeBytes
    }
    return builder.isEmpty ? undefined : builder.build((key) => this.#options.newestSent.isFamiliar(key, wallMs))
  }

  #setAside(entry: QueuedEntry, builder: BatchBuilder, at: { nowMs: number; wallMs: number }): boolean {
    const key = entry.stream.key
    const parked = this.#parked.get(key)
    if (parked !== undefined) {
      parked.entries.push(entry)
      return true
    }
    const apart = this.#apart.get(key)
    const known = this.#known(key, builder)
    if (apart === undefined && !needsOwnPush(entry.timestampMs, known, this.#options.window, at.wallMs)) return false
    const waiting = apart ?? { entries: new Fifo<QueuedEntry>(), sinceMs: at.nowMs }
    waiting.entries.push(entry)
    this.#apart.set(key, waiting)
    this.#apartBytes += entry.sizeBytes
    return true
  }

  #known(streamKey: string, builder: BatchBuilder): Known {
    return { newestMs: this.#options.newestSent.newestMs(streamKey), inPush: builder.span(streamKey) }
  }

  /** The next push of the stream that has been apart for the longest time. */
  takeApart(nowMs: number): Batch | undefined {
    const first = this.#apart.entries().next().value
    if (first === undefined) return undefined
    const [key, { entries }] = first
    const batch = this.#takeOwn(entries)
    this.#apartBytes -= batch.sizeBytes
    this.#apart.delete(key)
    if (entries.length > 0) this.#apart.set(key, { entries, sinceMs: nowMs })
    return batch
  }

  /** A push of the stream that has been parked for the longest time; the stream stays parked meanwhile. */
  takeParked(): Batch | undefined {
    const first = this.#parked.values().next().value
    return first === undefined ? undefined : this.#takeOwn(first.entries)
  }

  #takeOwn(entries: Fifo<QueuedEntry>): Batch {
    const builder = new BatchBuilder(this.#options.limits())
    for (let entry = entries.peek(); entry !== undefined; entry = entries.peek()) {
      const known = this.#known(entry.stream.key, builder)
      if (!fitsOwnPush(entry.timestampMs, known, this.#options.window) || !builder.add(entry)) break
      entries.shift()
    }
    return builder.build(() => true)
  }

  /** Parks the stream with these entries at its head. */
  park(batch: StreamBatch, nowMs: number): void {
    const { key } = batch.stream
    const apart = this.#apart.get(key)
    const waiting = this.#parked.get(key) ?? apart ?? { entries: new Fifo<QueuedEntry>(), sinceMs: nowMs }
    if (apart !== undefined) {
      this.#apart.delete(key)
      this.#apartBytes -= this.#bytesOf(apart.entries)
    }
    waiting.entries.unshift(batch.entries)
    this.#parked.delete(key)
    this.#parked.set(key, waiting)
  }

  /** Lets a parked stream go on, through a push of its own. */
  unpark(streamKey: string, nowMs: number): void {
    const parked = this.#parked.get(streamKey)
    if (parked === undefined) return
    this.#parked.delete(streamKey)
    if (parked.entries.length === 0) return
    this.#apart.set(streamKey, { entries: parked.entries, sinceMs: nowMs })
    this.#apartBytes += this.#bytesOf(parked.entries)
  }

  #bytesOf(entries: Fifo<QueuedEntry>): number {
    return entries.sum((entry) => entry.sizeBytes)
  }

  /** Takes entries back, before all others of their streams, in this order. */
  unread(entries: readonly QueuedEntry[]): void {
    const fresh: QueuedEntry[] = []
    for (const { stream, entries: own } of batchOf(entries).streams) {
      const parked = this.#parked.get(stream.key)
      const apart = this.#apart.get(stream.key)
      if (parked === undefined && apart === undefined) fresh.push(...own)
      else (parked ?? apart)?.entries.unshift(own)
      if (parked === undefined && apart !== undefined) for (const entry of own) this.#apartBytes += entry.sizeBytes
    }
    this.#fresh.unshift(fresh)
    for (const entry of fresh) this.#freshBytes += entry.sizeBytes
  }
}
