import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Entry } from '../entry/entry.ts'
import { Frontier } from '../kube/frontier.ts'
import type { ScopePosition } from '../kube/position.ts'
import { Bell } from './bell.ts'
import type { FeedParts } from './feed-parts.ts'
import { isCovered, type LanePositions } from './lane-positions.ts'
import type { LaneId } from './record.ts'
import type { Mark, Place, TailRecord } from './tail.ts'

/**
 * Entries a client may have taken and not settled, together with those behind them. Bounds the memory that one stream
 * which Loki does not take costs while all others go on.
 */
export const MAX_WINDOW = 131_072
/** Entries handed on in one turn of the event loop. */
const MAX_AT_ONCE = 500

/**
 * One client's way through the log: what it was handed, and up to where it has settled everything. Memory is bounded by
 * the client's queue, whatever waits on disk.
 */
export class Feed {
  readonly name: string
  readonly required: boolean
  /** Entries read back after a start, which this client had not settled before. */
  readonly recovered: number
  readonly #o: FeedParts
  readonly #frontier: Frontier<Mark>
  readonly #positions: (ScopePosition | null | undefined)[] = []
  /** By lane: entries that are not in the settled prefix. */
  readonly #outstanding: number[] = []
  /** What may be claimed of each lane behind what was handed on. */
  readonly #handedPositions: LanePositions
  readonly #bell = new Bell()
  readonly #stopped = new AbortController()
  #settledIndex: number
  #handed: Place
  #lastSequence = -1
  /** Settled before their record was durable. */
  #early: number[] = []
  #backlog: number
  #dropped = 0
  /** The reader stands behind what was handed on last. */
  #readerFollows = false
  /** Told when everything was handed on. */
  #waiters: (() => void)[] = []
  #running: Promise<void> = Promise.resolve()

  constructor(parts: FeedParts) {
    const { client, required, start } = parts
    this.#o = parts
    this.name = client.name
    this.required = required
    this.recovered = start.entries
    this.#backlog = start.entries
    this.#settledIndex = start.index
    this.#handed = start
    this.#handedPositions = start.positions
    start.positions.all().forEach((position, lane) => {
      this.#positions[lane] = this.#claimable(lane, start.index, position)
    })
    start.entriesByLane.forEach((entries, lane) => {
      this.#outstanding[lane] = entries
    })
    this.#frontier = new Frontier((mark) => {
      this.#passed(mark)
    })
  }

  /** Everything up to this record is settled, and durable. */
  get settledIndex(): number {
    return this.#settledIndex
  }

  /** Segment of the record handed on last. */
  get handedSegment(): number {
    return this.#handed.segment
  }

  /** Entries that were not handed to the client yet. */
  get backlog(): number {
    return this.#backlog
  }

  /** Entries it never got because their segments had to go. */
  get dropped(): number {
    return this.#dropped
  }

  /** Position of the lane behind the settled prefix; undefined: no record of the lane is in it. */
  settledPosition(lane: LaneId): ScopePosition | null | undefined {
    return this.#positions[lane]
  }

  /** Entries of the lane that are not in the settled prefix. */
  outstanding(lane: LaneId): number {
    return this.#outstanding[lane] ?? 0
  }

  start(): void {
    this.#running = this.#run()
  }

  /** It was handed everything, and could take more. */
  isCaughtUp(): boolean {
    return this.#isHandedOn() && this.#o.client.hasRoom()
  }

  /** It was handed everything that it may be handed. */
  #isHandedOn(): boolean {
    const { isDurableFirst, log } = this.#o
    return this.#backlog === 0 || (isDurableFirst && this.#handed.index >= log.syncedIndex)
  }

  /** Resolves when its queue had room for a good while and it was handed everything, or the signal aborts. */
  async caughtUp(signal: AbortSignal): Promise<void> {
    await this.#o.client.room(signal)
    if (this.#isHandedOn() || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
  }

  /** Hands nothing on any more; what was handed on may still be settled. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#bell.ring()
    await this.#running
    await this.#o.reader.close()
  }

  /** A record was appended. In calm it goes straight on. @returns whether it did. */
  appended(mark: Mark, entry: Entry | null): boolean {
    if (entry !== null) {
      this.#backlog += 1
      this.#outstanding[mark.lane] = this.outstanding(mark.lane) + 1
    }
    if (this.#handed.index + 1 !== mark.index || !this.#mayHand()) {
      this.#bell.ring()
      return false
    }
    this.#handFromMemory({ mark, entry })
    return true
  }

  /** The client let go of an entry. */
  settle(sequence: number): void {
    const { log } = this.#o
    // The newest records are handed on before they are durable; until then nobody may count on them.
    const undurable = this.#handed.index - log.syncedIndex
    if (this.#lastSequence - sequence < undurable) this.#early.push(sequence)
    else {
      this.#frontier.settle(sequence)
      if (this.#frontier.outstanding() < MAX_WINDOW) this.#bell.ring()
      this.#o.onSettled()
    }
  }

  /** More records are durable. */
  synced(): void {
    const early = this.#early
    this.#early = []
    for (const sequence of early) this.settle(sequence)
    if (this.#o.isDurableFirst) this.#bell.ring()
  }

  /**
   * What stands before this place is gone; what was not handed on of it is dropped. @returns how many entries.
   *
   * @param entriesFromThere what the log still holds.
   */
  skipTo(place: Place, entriesFromThere: number): number {
    if (this.#handed.segment >= place.segment) return 0
    const dropped = Math.max(0, this.#backlog - entriesFromThere)
    this.#dropped += dropped
    this.#backlog -= dropped
    this.#handed = place
    this.#readerFollows = false
    this.#bell.ring()
    return dropped
  }

  #passed({ index, lane, position, isEntry }: Mark): void {
    this.#settledIndex = index
    this.#positions[lane] = this.#claimable(lane, index, position)
    if (isEntry) this.#outstanding[lane] = this.outstanding(lane) - 1
  }

  /** Not what is beyond the position from which the source was started anew behind it. */
  #claimable(lane: LaneId, index: number, position: ScopePosition | null): ScopePosition | null {
    let claim = position
    for (const restart of this.#o.restarts) {
      if (restart.lane === lane && index <= restart.index && isCovered(restart.position, claim))
        claim = restart.position
    }
    return claim
  }

  #mayHand(): boolean {
    const { isDurableFirst, log } = this.#o
    if (isDurableFirst && this.#handed.index >= log.syncedIndex) return false
    return !this.#stopped.signal.aborted && this.#frontier.outstanding() < MAX_WINDOW && this.#o.client.hasRoom()
  }

  #handFromMemory({ mark, entry }: Pick<TailRecord, 'mark' | 'entry'>): void {
    this.#readerFollows = false
    this.#handedPositions.set(mark.lane, mark.position)
    this.#hand(mark, entry)
  }

  #hand(mark: Mark, entry: Entry | null): void {
    const { log, client } = this.#o
    this.#handed = mark
    const durable = mark.index <= log.syncedIndex
    const sequence = this.#frontier.open(mark, entry === null && durable ? 0 : 1)
    this.#lastSequence = sequence
    if (entry !== null) {
      this.#backlog -= 1
      client.offer(entry, sequence)
      if (this.#isHandedOn()) this.#tellCaughtUp()
    } else if (!durable) this.#early.push(sequence)
    else this.#o.onSettled()
  }

  #tellCaughtUp(): void {
    const waiters = this.#waiters
    if (waiters.length > 0) this.#waiters = []
    for (const wake of waiters) wake()
  }

  async #run(): Promise<void> {
    const { log, client, reader, onDamaged } = this.#o
    const { signal } = this.#stopped
    while (!signal.aborted) {
      if (this.#handed.index >= log.index) await this.#bell.wait()
      else if (!client.hasRoom()) await client.room(signal)
      else if (!this.#mayHand()) await this.#bell.wait()
      else if (this.#handFromTail()) await nextTurn()
      else await this.#handFromDisk()
      if (reader.damaged !== null) {
        onDamaged(reader.damaged)
        return
      }
    }
  }

  /** @returns false when the next record is not in memory. */
  #handFromTail(): boolean {
    let handed = 0
    for (; handed < MAX_AT_ONCE && this.#mayHand(); handed += 1) {
      const record = this.#o.tail.at(this.#handed.index + 1)
      if (record === null) break
      this.#handFromMemory(record)
    }
    return handed > 0
  }

  async #handFromDisk(): Promise<void> {
    const { reader, log } = this.#o
    // Before the wait: what happens meanwhile may say otherwise.
    this.#readerFollows = true
    await reader.moveTo(this.#handed)
    for (let handed = 0; handed < MAX_AT_ONCE && this.#mayRead(); handed += 1) {
      const next = reader.take()
      if (next !== null) {
        this.#hand(next.mark, next.entry)
        continue
      }
      const { syncedIndex } = log
      if (await reader.fill()) continue
      if (!this.#mayRead()) return
      this.#handed = reader.place
      if (this.#handed.index < syncedIndex) reader.endedEarly()
      return
    }
    await nextTurn()
  }

  /** False too when newer records came by another way while it was read. */
  #mayRead(): boolean {
    return this.#readerFollows && this.#mayHand()
  }
}
