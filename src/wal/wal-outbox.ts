import type { Clock } from '../clock.ts'
import type { Entry, Labels } from '../entry/entry.ts'
import type { CursorScope, WalMark } from '../kube/cursor.ts'
import type { ScopePosition } from '../kube/position.ts'
import type { Lane, Outbox, OutboxAccount, StreamLists } from '../outbox.ts'
import type { CurrentTimes } from './current-times.ts'
import type { CursorKeeper } from './cursor-keeper.ts'
import type { Feed } from './feed.ts'
import { isCovered } from './lane-positions.ts'
import type { LaneTable } from './lane-table.ts'
import type { DirectoryLock } from './lock.ts'
import type { LaneId } from './record.ts'
import type { Retention } from './retention.ts'
import type { SegmentLog } from './segment-log.ts'
import type { StreamRegister } from './stream-register.ts'
import type { Tail } from './tail.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Records in memory that the disk has not taken: above this the source waits. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024

/**
 * A client that is only a little slower than the source needs nothing from disk: the source waits so long for its queue,
 * as it would without a log. After that, entries wait on disk until the client has caught up.
 */
export const PATIENCE_MS = 5000

/** What the scan says of a lane's beginning. */
export type LaneStart = {
  readonly job: CursorScope
  /** The log was confirmed by the job's checkpoint, or there is none: its positions count. */
  readonly isConfirmed: boolean
  /** A hole up to here is behind what the job's checkpoint says. */
  readonly acknowledgedIndex: number
}

export type WalOutboxParts = {
  readonly id: string
  readonly log: SegmentLog
  readonly tail: Tail
  readonly feeds: readonly Feed[]
  readonly lanes: LaneTable
  readonly streams: StreamRegister
  readonly retention: Retention
  readonly keeper: CursorKeeper
  readonly times: CurrentTimes
  readonly lock: DirectoryLock
  readonly clock: Clock
  /** By job. */
  readonly starts: ReadonlyMap<string, LaneStart>
  readonly isDoubtful: (lane: LaneId) => boolean
  /** What the checkpoint and the cursors knew to be settled. */
  readonly acknowledgedIndex: number
  /** Index of the newest record known to be missing; 0: none is. */
  readonly lastLostIndex: number
  /** By job: wall clock until which its sources had missed nothing, as far as is known. */
  readonly currentMs: Readonly<Record<string, number>>
}

type OpenLane = {
  readonly id: LaneId
  readonly resumed: ScopePosition | null
  moved: ScopePosition | null
  resume: ScopePosition | null
}
type JobStreams = { readonly admitted: () => StreamLists; readonly seen: WeakSet<Labels> }

/**
 * An outbox whose entries are on disk before anything else: it takes whatever comes until the disk's bound, hands the
 * entries to each client as that has room, and remembers over a restart what is left.
 */
export class WalOutbox implements Outbox {
  readonly #o: WalOutboxParts
  readonly #required: readonly Feed[]
  readonly #lanes: OpenLane[] = []
  readonly #jobs = new Map<string, JobStreams>()
  readonly #waiting = new WaitingRoom()
  /** A required client was waited for in vain, and has not caught up since. */
  #isImpatient: boolean
  /** Positions behind everything durable, and with the group that is being written; for when no client is required. */
  #durable: readonly (ScopePosition | null)[] = []
  #closing: readonly (ScopePosition | null)[] = []

  constructor(parts: WalOutboxParts) {
    this.#o = parts
    this.#required = parts.feeds.filter((feed) => feed.required)
    this.#isImpatient = this.#required.some((feed) => !feed.isCaughtUp())
  }

  streams(job: string): StreamLists | null {
    return this.#o.starts.get(job)?.isConfirmed === true ? this.#o.streams.of(job) : null
  }

  keepStreams(job: string, admitted: () => StreamLists): void {
    this.#o.streams.restore({ [job]: admitted() })
    this.#jobs.set(job, { admitted, seen: new WeakSet() })
  }

  openLane(job: string, scope: string, resumed: ScopePosition | null): Lane {
    const { lanes, starts } = this.#o
    const start = starts.get(job)
    if (start === undefined) throw new Error(`the log was not opened for job ${job}`)
    const { id, isNew } = lanes.open(start.job, scope)
    const spooled = isNew ? null : this.#spooled(id, start)
    const resume = spooled ?? resumed
    if (spooled === null) lanes.begin(id, resume, 'settled')
    else if (this.#o.isDoubtful(id)) lanes.begin(id, resume, 'before_hole')
    this.#lanes.push({ id, resumed, resume, moved: null })
    return { index: this.#lanes.length - 1, job, scope }
  }

  resume(lane: Lane): ScopePosition | null {
    return this.#of(lane).resume
  }

  currentMs(lane: Lane): number | null {
    const { id, resume, resumed } = this.#of(lane)
    // Before a hole nobody knows it.
    if (resume === resumed || this.#o.isDoubtful(id)) return null
    return Object.hasOwn(this.#o.currentMs, lane.job) ? (this.#o.currentMs[lane.job] ?? null) : null
  }

  keepCurrent(job: string, currentMs: () => number | null): void {
    this.#o.times.keep(job, currentMs)
  }

  start(): void {
    this.#o.log.start()
    for (const feed of this.#o.feeds) feed.start()
    this.#o.keeper.start()
  }

  isListed(lane: Lane, revision: string): boolean {
    return this.#o.lanes.isListed(this.#of(lane).id, revision)
  }

  offer(lane: Lane, entry: Entry, position: ScopePosition, listed?: string): void {
    const open = this.#of(lane)
    open.moved = null
    this.#noteStreams(lane.job, entry.labels)
    this.#append(open, position, entry, listed)
  }

  moved(lane: Lane, position: ScopePosition): void {
    this.#of(lane).moved = position
    this.#o.log.announce()
  }

  hasRoom(): boolean {
    const { log, retention } = this.#o
    if (retention.isFull) retention.tidy()
    return !retention.isFull && log.unwrittenBytes < MAX_UNWRITTEN_BYTES && this.#laggard() === null
  }

  async room(signal: AbortSignal): Promise<void> {
    await this.#diskRoom(signal)
    for (let feed = this.#laggard(); feed !== null && !signal.aborted; feed = this.#laggard()) {
      const waited = new AbortController()
      const either = AbortSignal.any([signal, waited.signal])
      const slept = this.#o.clock.sleep(PATIENCE_MS, either).then(() => {
        this.#isImpatient ||= !either.aborted
      })
      await Promise.race([feed.caughtUp(either), slept])
      waited.abort()
    }
  }

  #diskRoom(signal: AbortSignal): Promise<void> {
    return signal.aborted || this.#isRoomy() ? Promise.resolve() : this.#waiting.wait(signal)
  }

  acknowledged(lane: Lane): ScopePosition | null {
    const { id, resumed, resume } = this.#of(lane)
    const slowest = this.#slowest()
    const settled = (slowest === null ? this.#durable[id] : slowest.settledPosition(id)) ?? null
    // Where a damage made the log's own positions doubtful, the saved one may be newer, and is as sound.
    return settled === null || (resume === resumed && isCovered(settled, resumed)) ? resumed : settled
  }

  outstanding(lane: Lane): number {
    return this.#slowest()?.outstanding(this.#of(lane).id) ?? 0
  }

  settle(client: number, sequence: number): void {
    this.#o.feeds[client]?.settle(sequence)
  }

  mark(): WalMark {
    const { id, log, acknowledgedIndex } = this.#o
    if (!log.maySettle) return { id, acknowledgedIndex }
    return { id, acknowledgedIndex: this.#slowest()?.settledIndex ?? log.syncedIndex }
  }

  account(client: number): OutboxAccount {
    const feed = this.#o.feeds[client]
    return { recovered: feed?.recovered ?? 0, dropped: feed?.dropped ?? 0, waiting: feed?.backlog ?? 0 }
  }

  problem(): string | null {
    const { failing } = this.#o.log
    if (failing !== null) return `write-ahead log cannot be written: ${failing}`
    return this.#o.retention.isFull ? 'write-ahead log is full: no events are read' : null
  }

  async pause(): Promise<void> {
    await Promise.all(this.#o.feeds.map((feed) => feed.stop()))
  }

  async close(): Promise<void> {
    const { log, retention, keeper, lock } = this.#o
    await log.stop()
    await retention.settled()
    await keeper.stop()
    await lock.release()
  }

  /** Told by the log: a group is about to be closed. */
  closing(): void {
    for (const lane of this.#lanes) {
      const { moved } = lane
      lane.moved = null
      if (moved !== null) this.#append(lane, moved, null)
    }
    if (this.#required.length === 0) this.#closing = this.#o.lanes.positions()
  }

  /** Told by the log: a group is durable. */
  synced(): void {
    this.#durable = this.#closing
    for (const feed of this.#o.feeds) feed.synced()
    this.settled()
  }

  /** Told by the feeds: a client settled something. */
  settled(): void {
    this.#o.retention.tidy()
    if (!this.#waiting.isEmpty && this.#isRoomy()) this.#waiting.wake()
  }

  /** Where the log says that the lane's source stands; null: it cannot tell. */
  #spooled(id: LaneId, start: LaneStart): ScopePosition | null {
    if (!start.isConfirmed) return null
    // What is missing was settled, as the checkpoint knows: its position is as sound, and newer.
    if (this.#o.isDoubtful(id) && this.#o.lastLostIndex <= start.acknowledgedIndex) return null
    return this.#o.lanes.positionOf(id)
  }

  #append(lane: OpenLane, position: ScopePosition, entry: Entry | null, listed?: string): void {
    const { log, lanes, tail, feeds } = this.#o
    log.rollWhenFull()
    const change = lanes.move(lane.id, position)
    const index = log.index + 1
    const before = log.unwrittenBytes
    if (listed !== undefined) lanes.noteListed(lane.id, listed)
    const at = log.append(
      entry === null
        ? { kind: 'moved', index, lane: lane.id, change }
        : { kind: 'entry', index, lane: lane.id, change, entry, listed },
    )
    // Field by field: this is done for every event, and a spread is slow.
    const mark = { index, lane: lane.id, position, segment: at.segment, offset: at.offset, isEntry: entry !== null }
    let isHanded = true
    for (const feed of feeds) isHanded = feed.appended(mark, entry) && isHanded
    if (!isHanded) tail.push({ mark, entry, sizeBytes: log.unwrittenBytes - before }, log.syncedIndex)
  }

  /** A set of labels that was not seen before may be a stream that the guard just admitted. */
  #noteStreams(job: string, labels: Labels): void {
    const streams = this.#jobs.get(job)
    if (streams === undefined || streams.seen.has(labels)) return
    streams.seen.add(labels)
    const record = this.#o.streams.noteAdded(job, streams.admitted())
    if (record !== null) this.#o.log.append(record)
  }

  #slowest(): Feed | null {
    let slowest: Feed | null = null
    for (const feed of this.#required) {
      if (slowest === null || feed.settledIndex < slowest.settledIndex) slowest = feed
    }
    return slowest
  }

  /** A client that the source should wait for; null: it need not wait. */
  #laggard(): Feed | null {
    const laggard = this.#required.find((feed) => !feed.isCaughtUp()) ?? null
    if (laggard === null) this.#isImpatient = false
    return this.#isImpatient ? null : laggard
  }

  #isRoomy(): boolean {
    return this.#o.retention.isRoomy && this.#o.log.unwrittenBytes < MAX_UNWRITTEN_BYTES / 2
  }

  #of(lane: Lane): OpenLane {
    const open = this.#lanes[lane.index]
    if (open === undefined) throw new Error(`lane ${lane.job}/${lane.scope} was not opened here`)
    return open
  }
}
