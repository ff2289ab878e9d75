import type { DiskFile } from './disk.ts'
import { frameAt, MARKER } from './frame.ts'
import type { WalRecord } from './record.ts'
import type { RecordReader } from './record-reader.ts'

/** What a segment holds at a place; offsets are bytes from the beginning of its file. */
export type Read =
  | { readonly kind: 'record'; readonly record: WalRecord; readonly from: number; readonly to: number }
  /** Bytes that are no record; `to` is where the next one begins, or the end. */
  | { readonly kind: 'damage'; readonly from: number; readonly to: number }

const CHUNK_BYTES = 256 * 1024

export type SegmentReaderParts = {
  readonly file: DiskFile
  readonly seed: number
  readonly records: RecordReader
  /** Where a record begins. */
  readonly from: number
  /** Nothing is read from here on: it may still be being written. */
  readonly limit: number
}

/** Reads one segment forwards: `take` until it answers null, then `fill`, and so on until that answers false. */
export class SegmentReader {
  readonly #file: DiskFile
  readonly #seed: number
  readonly #records: RecordReader
  #limit: number
  #chunk = Buffer.alloc(0)
  /** Offset of the chunk's first byte. */
  #chunkAt: number
  /** Offset of the next byte to look at. */
  #at: number
  /** The chunk must reach to this offset to go on. */
  #wanted = 0
  #damagedFrom: number | null = null

  constructor({ file, seed, records, from, limit }: SegmentReaderParts) {
    this.#file = file
    this.#seed = seed
    this.#records = records
    this.#limit = limit
    this.#chunkAt = from
    this.#at = from
  }

  /** More was written meanwhile. */
  extendTo(limit: number): void {
    this.#limit = limit
  }

  /** The next thing in memory; null: `fill` first. */
  take(): Read | null {
    for (;;) {
      if (this.#at >= this.#limit) return this.#endOfDamage()
      const framed = frameAt(this.#chunk, this.#at - this.#chunkAt, this.#seed, this.#limit - this.#chunkAt)
      if (framed.kind === 'short') {
        this.#wanted = framed.to + this.#chunkAt
        return null
      }
      const record = framed.kind === 'payload' ? this.#records.read(this.#chunk, framed.from, framed.to) : null
      if (framed.kind === 'damage' || record === null) {
        this.#damagedFrom ??= this.#at
        this.#seek()
        continue
      }
      const damage = this.#endOfDamage()
      if (damage !== null) return damage
      const from = this.#at
      this.#at = framed.to + this.#chunkAt
      return { kind: 'record', record, from, to: this.#at }
    }
  }

  /** Reads on. False: the end is reached. Rejects when the disk refuses. */
  async fill(): Promise<boolean> {
    if (this.#at >= this.#limit) return false
    const kept = this.#chunk.subarray(this.#at - this.#chunkAt)
    const wanted = Math.max(this.#wanted - this.#at, kept.length + CHUNK_BYTES)
    const chunk = Buffer.allocUnsafe(Math.min(wanted, this.#limit - this.#at))
    kept.copy(chunk)
    const read = await this.#file.read(chunk.subarray(kept.length), this.#at + kept.length)
    this.#chunk = chunk.subarray(0, kept.length + read)
    this.#chunkAt = this.#at
    if (this.#chunk.length < chunk.length) this.#limit = this.#at + this.#chunk.length
    return true
  }

  #endOfDamage(): Read | null {
    if (this.#damagedFrom === null) return null
    const from = this.#damagedFrom
    this.#damagedFrom = null
    return { kind: 'damage', from, to: Math.min(this.#at, this.#limit) }
  }

  /** To where the next record may begin: its marker, or what may be the first half of one at the chunk's end. */
  #seek(): void {
    const found = this.#chunk.indexOf(MARKER, this.#at + 1 - this.#chunkAt)
    const end = this.#chunkAt + this.#chunk.length
    const halfAtEnd = this.#chunk.at(-1) === MARKER[0] && end - 1 > this.#at
    if (found !== -1) this.#at = this.#chunkAt + found
    // Not even a frame's head is left, and that was not read.
    else if (end <= this.#at) this.#at = this.#limit
    else this.#at = halfAtEnd ? end - 1 : end
  }
}
