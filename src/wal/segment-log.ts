import { nextDelayMs } from '../backoff.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Log } from '../log.ts'
import { Bell } from './bell.ts'
import { segmentSeed, writeFrame } from './frame.ts'
import { Group } from './group.ts'
import { type SegmentHead, type WalRecord, writeRecord } from './record.ts'
import { countEntry, type MutableFacts, newFacts, type SegmentFacts } from './segment-facts.ts'
import { SEGMENT_TITLE_BYTES, segmentTitle } from './segment-file.ts'
import { SegmentWriter, type SegmentWriterParts } from './segment-writer.ts'

/** How long records wait for others before they are written and synced together. */
export const GROUP_MS = 20
/** Moves of a position without an entry can wait longer: what is lost with them is only read again. */
export const QUIET_GROUP_MS = 1000
/** A group of this size waits for nothing more. */
const GROUP_BYTES = 1024 * 1024
/** A write that failed is tried again after this, doubling. */
const RETRY = { minMs: 100, maxMs: 10_000 }

export type SegmentLogParts = SegmentWriterParts & {
  readonly id: string
  readonly segmentBytes: number
  readonly log: Log
  /** What is there already, oldest first. */
  readonly facts: readonly MutableFacts[]
  /** Of the newest record that is there. */
  readonly index: number
  /** Something of it was lost. */
  readonly isDamaged: boolean
  /** The next segment's number. */
  readonly segment: number
  /** What a new segment begins with, all records appended so far taken into account. */
  readonly head: () => Omit<SegmentHead, 'index' | 'createdAtMs'>
  /** Right before a group is closed: the last moment to append to it. */
  readonly onClosing: () => void
  /** A group is durable. */
  readonly onSynced: () => void
}

/**
 * The writing end: records are encoded at once and in order, and written and synced by the group in the background. It
 * begins a segment of its own; what earlier processes wrote stays as it is.
 */
export class SegmentLog {
  readonly #o: SegmentLogParts
  readonly #writer: SegmentWriter
  readonly #facts: MutableFacts[]
  readonly #bell = new Bell()
  #group = new Group()
  #spare = new Group()
  /** Aborted: the group that is gathering is closed at once. */
  #hurry = new AbortController()
  readonly #stopping = new AbortController()
  #seed = 0
  #index: number
  #syncedIndex: number
  #inFlightBytes = 0
  #sizeBytes: number
  #failing: string | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(parts: SegmentLogParts) {
    this.#o = parts
    this.#facts = [...parts.facts]
    this.#sizeBytes = this.#facts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    this.#index = parts.index
    this.#syncedIndex = parts.index
    const last = this.#facts.at(-1)
    this.#writer = new SegmentWriter(parts, { segment: last?.segment ?? 0, offset: last?.sizeBytes ?? 0 })
  }

  /** Of the newest record. */
  get index(): number {
    return this.#index
  }

  /** Everything up to this record is durable, and can be read from its file. */
  get syncedIndex(): number {
    return this.#syncedIndex
  }

  /** The segment whose head is durable, so that those before it are no longer needed for what it tells. */
  get durableSegment(): number {
    return this.#writer.written.segment
  }

  /**
   * Whether what was settled may be remembered. After a damage only once the head of this process' first segment is
   * durable: it tells from where the sources began, which ends the doubt that the damage left.
   */
  get maySettle(): boolean {
    return !this.#o.isDamaged || this.#writer.written.segment >= this.#o.segment
  }

  /** Bytes in memory that are not durable yet. */
  get unwrittenBytes(): number {
    return this.#group.bytes.length + this.#inFlightBytes
  }

  /** Oldest first; the last one is being written. */
  get facts(): readonly SegmentFacts[] {
    return this.#facts
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Why nothing can be written at the moment; null: it can. */
  get failing(): string | null {
    return this.#failing
  }

  /** How far a segment can be read. */
  readableBytes({ segment, sizeBytes }: SegmentFacts): number {
    const { written } = this.#writer
    if (segment < written.segment) return sizeBytes
    return segment === written.segment ? written.offset : 0
  }

  /** Forgets the oldest segment; the caller removes its file. */
  dropOldest(): void {
    this.#sizeBytes -= this.#facts.shift()?.sizeBytes ?? 0
  }

  start(): void {
    this.#beginSegment()
    this.#running = this.#run()
  }

  /** Makes everything appended so far durable, unless the disk refuses, and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#hurry.abort()
    this.#bell.ring()
    await this.#running
    await this.#writer.close()
  }

  /** Goes over to a new segment when this one is full. Its head tells what is known now: nothing that comes behind it. */
  rollWhenFull(): void {
    if (this.#current().sizeBytes >= this.#o.segmentBytes) this.#beginSegment()
  }

  /** @returns where the record ends. */
  append(record: WalRecord): { readonly segment: number; readonly offset: number } {
    this.#write(record)
    const facts = this.#current()
    if (record.kind === 'entry' || record.kind === 'moved') {
      this.#index = record.index
      facts.lastIndex = record.index
      this.#group.lastIndex = record.index
    }
    if (record.kind === 'entry') countEntry(facts, record.entry)
    this.#gather(record.kind === 'entry')
    return { segment: facts.segment, offset: facts.sizeBytes }
  }

  /** There will be something to append when the next group closes. */
  announce(): void {
    this.#bell.ring()
  }

  #gather(urgent: boolean): void {
    const first = urgent && !this.#group.isUrgent
    if (first) this.#group.isUrgent = true
    // Asked before: each abort makes an exception, even a second one.
    if ((first || this.#group.bytes.length >= GROUP_BYTES) && !this.#hurry.signal.aborted) this.#hurry.abort()
    this.#bell.ring()
  }

  #write(record: WalRecord): void {
    const facts = this.#current()
    const { bytes } = this.#group
    const before = bytes.length
    this.#group.begin(facts.segment, facts.sizeBytes)
    writeFrame(bytes, this.#seed, (into) => {
      writeRecord(into, record)
    })
    this.#group.end()
    facts.sizeBytes += bytes.length - before
    this.#sizeBytes += bytes.length - before
  }

  #beginSegment(): void {
    const { id, clock, head } = this.#o
    const segment = Math.max(this.#o.segment, (this.#facts.at(-1)?.segment ?? 0) + 1)
    this.#seed = segmentSeed(id, segment)
    this.#group.lastIndex = this.#index
    this.#group.begin(segment, 0)
    this.#group.bytes.text(segmentTitle(id, segment))
    this.#group.end()
    this.#facts.push(newFacts(segment, SEGMENT_TITLE_BYTES, this.#index))
    this.#sizeBytes += SEGMENT_TITLE_BYTES
    const createdAtMs = Math.max(0, Math.floor(clock.now()))
    this.#write({ kind: 'head', head: { index: this.#index, createdAtMs, ...head() } })
    this.#gather(true)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      if (this.#group.isEmpty && !signal.aborted) await this.#bell.wait()
      await this.#linger()
      this.#o.onClosing()
      if (this.#group.isEmpty && signal.aborted) return
      if (!this.#group.isEmpty && !(await this.#commit())) return
    }
  }

  /** Waits for company: shortly once there is an entry. */
  async #linger(): Promise<void> {
    const { clock } = this.#o
    if (!this.#group.isUrgent) await clock.sleep(QUIET_GROUP_MS, this.#hurry.signal)
    if (this.#stopping.signal.aborted) return
    if (this.#group.isUrgent && this.#group.bytes.length < GROUP_BYTES) {
      this.#hurry = new AbortController()
      await clock.sleep(GROUP_MS, this.#hurry.signal)
    }
    if (!this.#isStopping()) this.#hurry = new AbortController()
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Tries until the disk takes the group. False: stopped before it did. */
  async #commit(): Promise<boolean> {
    const group = this.#group
    this.#group = this.#spare
    this.#group.lastIndex = this.#index
    this.#spare = group
    this.#inFlightBytes = group.bytes.length
    for (let attempt = 0; !(await this.#tryCommit(group)); attempt += 1) {
      if (this.#isStopping()) return false
      await this.#o.clock.sleep(nextDelayMs(RETRY, attempt), this.#stopping.signal)
    }
    this.#failing = null
    this.#syncedIndex = group.lastIndex
    this.#inFlightBytes = 0
    group.clear()
    this.#o.onSynced()
    return true
  }

  async #tryCommit(group: Group): Promise<boolean> {
    const { log, metrics, directory } = this.#o
    try {
      await this.#writer.write(group)
      return true
    } catch (error) {
      if (codeOf(error) === '') throw error
      const why = reasonOf(error)
      this.#failing = why
      metrics.writeFailures.inc()
      log.error('write-ahead log cannot be written, trying again; no events are read meanwhile', { directory, why })
      return false
    }
  }

  #current(): MutableFacts {
    const facts = this.#facts.at(-1)
    if (facts === undefined) throw new Error('the log was not started')
    return facts
  }
}
