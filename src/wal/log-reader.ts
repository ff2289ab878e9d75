import { join } from 'node:path'
import type { Entry } from '../entry/entry.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Disk, DiskFile } from './disk.ts'
import { segmentSeed } from './frame.ts'
import type { LanePositions } from './lane-positions.ts'
import { RecordReader } from './record-reader.ts'
import { SEGMENT_TITLE_BYTES, segmentName } from './segment-file.ts'
import { holeKey, type Holes } from './scan-state.ts'
import type { SegmentFacts } from './segment-facts.ts'
import { type Read, SegmentReader } from './segment-reader.ts'
import type { Mark, Place } from './tail.ts'

/** The part of the log a reader looks at. */
export type ReadableLog = {
  readonly facts: readonly SegmentFacts[]
  readableBytes(facts: SegmentFacts): number
}

export type LogReaderParts = {
  readonly disk: Disk
  readonly directory: string
  readonly id: string
  readonly log: ReadableLog
  /** Records before which others are known to be missing. */
  readonly holes: Holes
  /** Kept up with every record taken. */
  readonly positions: LanePositions
}

type OpenSegment = { readonly segment: number; readonly file: DiskFile; readonly reader: SegmentReader }

/**
 * Reads on from any place, segment after segment: `take` until it answers null, then `fill`. What the scan at the start
 * found to be missing is passed over; damage that came later ends the reading.
 */
export class LogReader {
  readonly #o: LogReaderParts
  readonly #records = new RecordReader()
  #open: OpenSegment | null = null
  /** Behind the record taken last. */
  #place: Place = { index: -1, segment: 0, offset: 0 }
  #sawDamage = false
  #damaged: string | null = null

  constructor(parts: LogReaderParts) {
    this.#o = parts
  }

  /** Behind what was taken last, or behind what is known to be missing there. */
  get place(): Place {
    return this.#place
  }

  /** Why it cannot go on; null: it can. */
  get damaged(): string | null {
    return this.#damaged
  }

  /** More should have been there. */
  endedEarly(): void {
    this.#damaged ??= `segment ${this.#place.segment}: records are missing that were there when the log was opened`
  }

  /** Continues behind this record; nothing happens when it stands there already. */
  async moveTo(place: Place): Promise<void> {
    const { index, segment, offset } = this.#place
    if (index === place.index && segment === place.segment && offset === place.offset) return
    await this.close()
    this.#place = { index: place.index, segment: place.segment, offset: place.offset }
    this.#sawDamage = false
  }

  /** The next numbered record in memory; null: `fill` first. */
  take(): { readonly mark: Mark; readonly entry: Entry | null } | null {
    const open = this.#open
    while (open !== null && this.#damaged === null) {
      const read = open.reader.take()
      if (read === null) return null
      const taken = this.#follow(open.segment, read)
      if (taken !== null) return taken
    }
    return null
  }

  /** @returns false when there is nothing more to read: all of it was, or it is damaged. */
  async fill(): Promise<boolean> {
    if (this.#damaged !== null) return false
    try {
      return await this.#fill()
    } catch (error) {
      if (codeOf(error) === '') throw error
      this.#damaged = `segment ${this.#place.segment}: ${reasonOf(error)}`
      return false
    }
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.file.close()
  }

  async #fill(): Promise<boolean> {
    const { log } = this.#o
    const open = this.#open
    const current = log.facts.find(({ segment }) => segment === open?.segment)
    if (open !== null && current !== undefined) {
      open.reader.extendTo(log.readableBytes(current))
      if (await open.reader.fill()) return true
    }
    const from = open === null ? this.#place.segment : open.segment + 1
    // An empty one was left by a process that died over it.
    const next = log.facts.find((facts) => facts.segment >= from && log.readableBytes(facts) > 0)
    if (next === undefined) return false
    try {
      await this.#openSegment(next)
    } catch (error) {
      // Removed meanwhile: the next look finds another one.
      if (log.facts.includes(next)) throw error
    }
    return true
  }

  async #openSegment(facts: SegmentFacts): Promise<void> {
    const { disk, directory, id, log } = this.#o
    await this.close()
    const file = await disk.openToRead(join(directory, segmentName(facts.segment)))
    const { segment, offset } = this.#place
    const reader = new SegmentReader({
      file,
      seed: segmentSeed(id, facts.segment),
      records: this.#records,
      from: segment === facts.segment ? Math.max(offset, SEGMENT_TITLE_BYTES) : SEGMENT_TITLE_BYTES,
      limit: log.readableBytes(facts),
    })
    this.#open = { segment: facts.segment, file, reader }
  }

  #follow(segment: number, read: Read): { readonly mark: Mark; readonly entry: Entry | null } | null {
    const { positions } = this.#o
    if (read.kind === 'damage') {
      this.#sawDamage = true
      return null
    }
    const { record, from, to } = read
    if (record.kind === 'streams') return null
    if (record.kind === 'head') {
      // A head makes good whatever was damaged before it, when no numbered record is missing.
      this.#sawDamage = false
      if (!this.#isWhole(record.head.index, holeKey(segment, from))) return null
      positions.head(record.head)
      this.#place = { index: Math.max(this.#place.index, record.head.index), segment, offset: to }
      return null
    }
    if (record.index <= this.#place.index) return null
    if (!this.#isWhole(record.index - 1, holeKey(segment, from))) return null
    this.#place = { index: record.index, segment, offset: to }
    const position = positions.apply(record.lane, record.change)
    const entry = record.kind === 'entry' ? record.entry : null
    const { index, lane } = record
    return { mark: { index, lane, position, segment, offset: to, isEntry: entry !== null }, entry }
  }

  /** Whether all records up to `before` were there, or are known to be missing. */
  #isWhole(before: number, key: string): boolean {
    const missing = this.#sawDamage || this.#place.index < before
    this.#sawDamage = false
    const hole = this.#o.holes.get(key)
    if (hole === 'doubtful') this.#o.positions.hole()
    if (missing && hole === undefined)
      this.#damaged = `segment ${key}: records are damaged that were whole when the log was opened`
    return this.#damaged === null
  }
}
