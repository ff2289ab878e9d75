import type { ScopePosition } from '../kube/position.ts'
import { LanePositions } from './lane-positions.ts'
import { ListedItems } from './listed-items.ts'
import type { LaneHead, LaneId, SegmentHead, StreamLists, WalRecord } from './record.ts'
import { countEntry, type MutableFacts, newFacts } from './segment-facts.ts'
import type { Read } from './segment-reader.ts'
import { StreamRegister } from './stream-register.ts'
import type { Place } from './tail.ts'

/** Behind a record: where a client goes on reading. */
export type ReadingPlace = Place & {
  /** Behind the record before it. */
  readonly positions: LanePositions
  /** Entries from here to the end, and how many each lane has of them. */
  readonly entries: number
  readonly entriesByLane: readonly number[]
}

/** Bytes of a segment that are no records. */
export type Damage = {
  readonly segment: number
  readonly from: number
  readonly to: number
  readonly why: string
}

/**
 * Records (`holeKey`) before which others are missing. Settled: nobody needs those; doubtful: what follows may claim
 * positions that only they made good.
 */
export type Holes = ReadonlyMap<string, 'settled' | 'doubtful'>

/**
 * The source of a lane was started anew behind record `index`, from a position that may be before what records up to
 * there claim: they may do so because of others that are missing.
 */
export type Restart = { readonly lane: LaneId; readonly index: number; readonly position: ScopePosition | null }

/** Names a record by its place. */
export const holeKey = (segment: number, from: number): string => `${segment}:${from}`

export type Scanned = {
  readonly facts: readonly MutableFacts[]
  /** Of the newest record. */
  readonly index: number
  readonly entries: number
  readonly lanes: readonly LaneHead[]
  /** Behind the newest record. */
  readonly positions: LanePositions
  /** Of the pages that are not done. */
  readonly listed: ListedItems
  /** Index of the newest record that is missing; 0: none is. */
  readonly lastLostIndex: number
  readonly holes: Holes
  readonly restarts: readonly Restart[]
  /** Records that are missing or damaged. */
  readonly lostRecords: number
  readonly damages: readonly Damage[]
  /** A write that the end of the last process cut short: no damage. Null: none. */
  readonly torn: { readonly segment: number; readonly from: number; readonly to: number } | null
  readonly places: ReadonlyMap<string, ReadingPlace>
  readonly streams: Readonly<Record<string, StreamLists>>
}

/** `why` of bytes that are no record; others the disk refused to read. */
const NO_RECORD = 'no record'

type Waiting = { readonly client: string; readonly cursor: number }
type Start = Omit<ReadingPlace, 'entries' | 'entriesByLane'> & { readonly before: readonly number[] }
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + (number || 0), 0)

/** Adds up what a pass over all records in order shows. */
export class ScanState {
  /** Null: not known. */
  readonly #acknowledgedIndex: number | null
  readonly #facts: MutableFacts[] = []
  readonly #positions = new LanePositions()
  readonly #listed = new ListedItems()
  readonly #streams = new StreamRegister()
  readonly #damages: Damage[] = []
  readonly #holes = new Map<string, 'settled' | 'doubtful'>()
  readonly #restarts: Restart[] = []
  readonly #waiting: Waiting[]
  readonly #starts = new Map<string, Start>()
  #lanes: readonly LaneHead[] = []
  #index = 0
  /** By lane. */
  readonly #entries: number[] = []
  #hasBegun = false
  /** Offset behind what was read of the segment. */
  #readTo = 0
  #lost = 0
  #lastLostIndex = 0
  /** Met since the last head or numbered record; what they cost is told by the next one. */
  #unexplained: Damage[] = []

  constructor(options: { readonly acknowledgedIndex: number | null; readonly cursors: ReadonlyMap<string, number> }) {
    this.#acknowledgedIndex = options.acknowledgedIndex
    this.#waiting = [...options.cursors]
      .map(([client, cursor]) => ({ client, cursor }))
      .sort((a, b) => a.cursor - b.cursor)
  }

  segmentBegins(segment: number, sizeBytes: number): void {
    this.#facts.push(newFacts(segment, sizeBytes, this.#index))
    this.#readTo = 0
  }

  /** The disk refused: nobody is to try it again behind what was read. */
  unreadable(segment: number, why: string): void {
    if (this.#facts.at(-1)?.segment !== segment) this.segmentBegins(segment, 0)
    this.#current().sizeBytes = this.#readTo
    this.#unexplained.push({ segment, from: this.#readTo, to: this.#readTo, why })
  }

  read(read: Read): void {
    this.#readTo = read.kind === 'damage' ? read.from : read.to
    if (read.kind === 'damage') {
      this.#unexplained.push({ segment: this.#current().segment, from: read.from, to: read.to, why: NO_RECORD })
    } else if (read.record.kind === 'head') this.#head(read.record.head, read.from)
    else if (read.record.kind === 'streams') this.#streams.apply(read.record)
    else this.#numbered(read.record, read.from)
  }

  end(): Scanned {
    const last = this.#facts.at(-1)
    const tail = this.#unexplained.at(-1)
    const torn = tail?.why === NO_RECORD && tail.segment === last?.segment ? tail : null
    if (torn !== null) this.#unexplained.pop()
    if (this.#unexplained.length > 0) this.#doubt(1, last?.sizeBytes ?? 0)
    for (const { client } of this.#waiting) this.#start(client, last?.segment ?? 0, torn?.from ?? last?.sizeBytes ?? 0)
    return {
      facts: this.#facts,
      index: this.#index,
      entries: sum(this.#entries),
      lanes: this.#lanes,
      positions: this.#positions,
      listed: this.#listed,
      lastLostIndex: this.#lastLostIndex,
      holes: this.#holes,
      restarts: this.#restarts,
      lostRecords: this.#lost,
      damages: this.#damages,
      torn,
      places: this.#places(),
      streams: this.#streams.all(),
    }
  }

  #head(head: SegmentHead, from: number): void {
    const acknowledged = this.#acknowledgedIndex ?? 0
    const isWhole = this.#unexplained.length === 0
    if (isWhole && this.#hasBegun && this.#index < head.index && this.#index < acknowledged) {
      // Of what all required clients have settled, a file may have stayed where those behind it were deleted.
      this.#index = Math.min(acknowledged, head.index)
      this.#holes.set(holeKey(this.#current().segment, from), 'settled')
    }
    this.#reach(head.index, from)
    const before = this.#facts.at(-2)
    // Of those, the ones that are missing at its end belong to it too.
    if (before !== undefined) before.lastIndex = Math.max(before.lastIndex, head.index)
    // Nothing numbered is missing before it: what was damaged is made good by the head itself.
    this.#unexplained = []
    this.#current().lastIndex = this.#index
    this.#lanes = head.lanes
    for (const [lane, { begins, position, listed = [] }] of head.lanes.entries()) {
      this.#listed.restore(lane, listed)
      if (begins !== null) this.#restarts.push({ lane, index: head.index, position })
    }
    this.#positions.head(head)
    this.#streams.restore(head.streams)
  }

  #numbered(record: WalRecord & { readonly kind: 'entry' | 'moved' }, from: number): void {
    // Cannot be, but for a log put together by hand.
    if (record.index <= this.#index) return
    this.#reach(record.index - 1, from)
    // No numbered record is missing, but perhaps the head, and with it the beginning of a lane.
    if (this.#unexplained.length > 0) this.#doubt(1, from)
    const facts = this.#current()
    for (let next = this.#waiting[0]; next !== undefined && next.cursor < record.index; next = this.#waiting[0]) {
      this.#start(next.client, facts.segment, from)
      this.#waiting.shift()
    }
    this.#index = record.index
    facts.lastIndex = record.index
    const before = this.#positions.of(record.lane)
    this.#listed.moved(record.lane, before, this.#positions.apply(record.lane, record.change))
    if (record.kind === 'moved') return
    if (record.listed !== undefined) this.#listed.add(record.lane, record.listed)
    countEntry(facts, record.entry)
    this.#entries[record.lane] = this.#entriesOf(record.lane) + 1
  }

  /** Every record up to `index` was there; those not seen are missing. */
  #reach(index: number, at: number): void {
    const isFirst = !this.#hasBegun
    const missing = index - (isFirst ? this.#firstIndex(index) : this.#index)
    this.#hasBegun = true
    this.#index = Math.max(this.#index, index)
    // Of damage at the very beginning nobody can tell what it was.
    const isDoubtful = isFirst && index > 0 && this.#unexplained.length > 0
    if (missing <= 0 && !isDoubtful) return
    if (this.#unexplained.length === 0) {
      this.#unexplained.push({ segment: this.#current().segment, from: 0, to: 0, why: 'records before it are missing' })
    }
    this.#doubt(Math.max(1, missing), at)
  }

  /** What all required clients have settled was deleted; where nothing tells what that was, it is what is not there. */
  #firstIndex(index: number): number {
    return this.#acknowledgedIndex ?? index
  }

  /** @param at where the record begins before which they are missing. */
  #doubt(lostRecords: number, at: number): void {
    this.#holes.set(holeKey(this.#current().segment, at), 'doubtful')
    this.#damages.push(...this.#unexplained)
    this.#unexplained = []
    this.#lost += lostRecords
    this.#lastLostIndex = this.#index
    this.#positions.hole()
  }

  #start(client: string, segment: number, offset: number): void {
    this.#starts.set(client, {
      index: this.#index,
      segment,
      offset,
      positions: this.#positions.copy(),
      before: [...this.#entries],
    })
  }

  #places(): ReadonlyMap<string, ReadingPlace> {
    const place = ({ before, ...start }: Start): ReadingPlace => {
      const entriesByLane = Array.from(this.#entries, (_, lane) => this.#entriesOf(lane) - (before[lane] ?? 0))
      return { ...start, entries: sum(entriesByLane), entriesByLane }
    }
    return new Map([...this.#starts].map(([client, start]) => [client, place(start)]))
  }

  #entriesOf(lane: LaneId): number {
    return this.#entries[lane] ?? 0
  }

  #current(): MutableFacts {
    const facts = this.#facts.at(-1)
    if (facts === undefined) throw new Error('no segment has begun')
    return facts
  }
}
