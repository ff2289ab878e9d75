import { join } from 'node:path'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Log } from '../log.ts'
import type { CursorKeeper } from './cursor-keeper.ts'
import type { Disk } from './disk.ts'
import type { Feed } from './feed.ts'
import { segmentName } from './segment-file.ts'
import type { SegmentLog } from './segment-log.ts'

export type RetentionParts = {
  readonly disk: Disk
  readonly directory: string
  readonly log: SegmentLog
  readonly feeds: readonly Feed[]
  readonly keeper: CursorKeeper
  /** Behind a damage that was found at the start, up to the end that the log had then; 0: there was none. */
  readonly doubtfulIndex: number
  readonly maxBytes: number
  readonly segmentBytes: number
  readonly logger: Log
  /** A client that is not required will never get so many entries. */
  readonly onDropped: (client: string, entries: number) => void
}

/** Which segments are kept. Required clients hold them back; the others only as long as there is space. */
export class Retention {
  readonly #o: RetentionParts
  /** From here on nothing more is read: what is under way still finds its place. */
  readonly #fullBytes: number
  readonly #required: readonly Feed[]
  #removing: Promise<void> = Promise.resolve()
  /** It was full, and there is no space for a good while yet. */
  #makesRoom = false

  constructor(parts: RetentionParts) {
    this.#o = parts
    this.#required = parts.feeds.filter((feed) => feed.required)
    this.#fullBytes = parts.maxBytes - Math.min(parts.segmentBytes, Math.floor(parts.maxBytes / 8))
  }

  get isFull(): boolean {
    return this.#o.log.sizeBytes >= this.#fullBytes
  }

  /** There is space for a good while. */
  get isRoomy(): boolean {
    return this.#o.log.sizeBytes < this.#fullBytes - this.#o.segmentBytes / 2
  }

  /** Removes what nobody needs, and when there is no space, what only clients need that are not required. */
  tidy(): void {
    const { log, feeds, keeper } = this.#o
    if (!log.maySettle) return
    for (let oldest = log.facts[0]; oldest !== undefined; oldest = log.facts[0]) {
      const { segment, lastIndex } = oldest
      // First what mostly holds: it is asked for every entry that a client settles.
      if (segment >= log.durableSegment || lastIndex > log.syncedIndex) return
      const isSettledBy = (feed: Feed): boolean => feed.settledIndex >= lastIndex
      if (!this.#required.every(isSettledBy)) return
      if (!this.#mayForget(lastIndex)) return
      if (!feeds.every(isSettledBy) && !this.#needsRoom()) return
      log.dropOldest()
      this.#skip({ index: lastIndex, segment: segment + 1, offset: 0 })
      // Cursors first: without them the next start would take what is gone for lost.
      this.#removing = this.#removing.then(() => keeper.save()).then(() => this.#remove(segment))
    }
  }

  /** As long as there is a record that a damage made doubtful, the damage must be seen at the next start too. */
  #mayForget(lastIndex: number): boolean {
    const { doubtfulIndex } = this.#o
    return lastIndex >= doubtfulIndex || this.#required.every((feed) => feed.settledIndex >= doubtfulIndex)
  }

  /** Once full, space is made for a good while: who waits for room waits until there is so much. */
  #needsRoom(): boolean {
    this.#makesRoom = this.isFull || (this.#makesRoom && !this.isRoomy)
    return this.#makesRoom
  }

  /** Resolves when no file is being removed. */
  settled(): Promise<void> {
    return this.#removing
  }

  #skip(place: { readonly index: number; readonly segment: number; readonly offset: number }): void {
    const { log, feeds, logger, onDropped } = this.#o
    const left = log.facts.reduce((sum, { entries }) => sum + entries, 0)
    for (const feed of feeds) {
      const dropped = feed.skipTo(place, left)
      if (dropped === 0) continue
      onDropped(feed.name, dropped)
      logger.error('write-ahead log is full: entries for a client that is not required are dropped', {
        client: feed.name,
        entries: dropped,
      })
    }
  }

  /** A file that stays is found at the next start, and read over. */
  async #remove(segment: number): Promise<void> {
    const { disk, directory, logger } = this.#o
    try {
      await disk.remove(join(directory, segmentName(segment)))
    } catch (error) {
      if (codeOf(error) === '') throw error
      logger.warn('segment cannot be removed', { segment, why: reasonOf(error) })
    }
  }
}
