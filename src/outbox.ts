import type { Entry } from './entry/entry.ts'
import type { WalMark } from './kube/cursor.ts'
import { Frontier } from './kube/frontier.ts'
import type { ScopePosition } from './kube/position.ts'
import type { LokiClient } from './loki/loki-client.ts'
import type { Sink } from './sinks.ts'

/** One watched scope of one job: what positions are kept for. `index` counts the lanes of the agent from 0. */
export type Lane = { readonly index: number; readonly job: string; readonly scope: string }

/** Lists that only ever grow, by name: what a job's stream guard admitted. */
export type StreamLists = Readonly<Record<string, readonly string[]>>

/** What an outbox adds to the account of one client. */
export type OutboxAccount = {
  /** Entries read back from an earlier life. */
  readonly recovered: number
  /** Entries that the client will never be handed. */
  readonly dropped: number
  /** Entries that the client will be handed later. */
  readonly waiting: number
}

/**
 * Between a source's entries and the clients: hands each entry to every client, and knows how far each lane is
 * settled. All lanes must be opened before `start`, and the first offer comes after it.
 */
export type Outbox = {
  /** @param resumed the saved position of the lane, which stays the acknowledged one until something moves it. */
  openLane(job: string, scope: string, resumed: ScopePosition | null): Lane
  /** Where the lane's source goes on: what was saved, or further when the entries since are kept on disk. */
  resume(lane: Lane): ScopePosition | null
  /** Wall clock until which the position of `resume` was all there was; null: as the checkpoint says. */
  currentMs(lane: Lane): number | null
  /** What the job's stream guard had admitted, when it is known better than by the checkpoint. */
  streams(job: string): StreamLists | null
  /** What the job's stream guard has admitted must be known again with the entries. */
  keepStreams(job: string, admitted: () => StreamLists): void
  /** Until when the job's sources missed nothing (wall clock) must be known again with their positions. */
  keepCurrent(job: string, currentMs: () => number | null): void
  start(): void
  /**
   * Takes one entry, always, in the lane's order; `position` is the one after it.
   *
   * @param listed revision of the listed item that it was made of, when the same item could give another entry later.
   */
  offer(lane: Lane, entry: Entry, position: ScopePosition, listed?: string): void
  /** An entry of this listed item is kept already, and will be sent as it is: the item is not to be offered again. */
  isListed(lane: Lane, revision: string): boolean
  /** The lane's position moved without an entry. */
  moved(lane: Lane, position: ScopePosition): void
  /** False: the source must not be read. */
  hasRoom(): boolean
  /** Resolves when there is room for a good while, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>
  /** A client (by its place among the sinks) let go of an entry. */
  settle(client: number, sequence: number): void
  /** The position behind which every entry of the lane is settled by every required client; null: none yet. */
  acknowledged(lane: Lane): ScopePosition | null
  /** Events of the lane that a required client has not settled, or that wait behind one of those. */
  outstanding(lane: Lane): number
  /** What a checkpoint must remember together with the acknowledged positions; null: nothing. */
  mark(): WalMark | null
  account(client: number): OutboxAccount
  /** Why it cannot do all it should, for people; null: it can. */
  problem(): string | null
  /** Hands nothing more to the clients; what was handed on may still be settled. */
  pause(): Promise<void>
  /** The clients have stopped. */
  close(): Promise<void>
}

/** A sequence number that tells its lane, so that clients need to know nothing of lanes: `local * lanes + index`. */
export class DirectOutbox implements Outbox {
  readonly #frontiers: Frontier<ScopePosition>[] = []
  readonly #resumed: (ScopePosition | null)[] = []
  readonly #sinks: readonly Sink[]
  readonly #required: readonly LokiClient[]

  constructor(sinks: readonly Sink[]) {
    this.#sinks = sinks
    this.#required = sinks.filter(({ required }) => required).map(({ client }) => client)
  }

  settle(client: number, sequence: number): void {
    if (this.#sinks[client]?.required !== true) return
    const lanes = this.#frontiers.length
    const index = sequence % lanes
    this.#frontiers[index]?.settle((sequence - index) / lanes)
  }

  openLane(job: string, scope: string, resumed: ScopePosition | null): Lane {
    const frontier = new Frontier<ScopePosition>()
    if (resumed !== null) frontier.moved(resumed)
    this.#frontiers.push(frontier)
    this.#resumed.push(resumed)
    return { index: this.#frontiers.length - 1, job, scope }
  }

  resume(lane: Lane): ScopePosition | null {
    return this.#resumed[lane.index] ?? null
  }

  currentMs(): null {
    return null
  }

  streams(): null {
    return null
  }

  keepStreams(): void {
    // The checkpoint keeps them.
  }

  keepCurrent(): void {
    // The checkpoint keeps it.
  }

  start(): void {
    // Everything goes straight on.
  }

  offer(lane: Lane, entry: Entry, position: ScopePosition): void {
    const local = this.#of(lane).open(position, this.#required.length)
    const sequence = local * this.#frontiers.length + lane.index
    for (const { client } of this.#sinks) client.offer(entry, sequence)
  }

  isListed(): boolean {
    return false
  }

  moved(lane: Lane, position: ScopePosition): void {
    this.#of(lane).moved(position)
  }

  hasRoom(): boolean {
    for (const client of this.#required) if (!client.hasRoom()) return false
    return true
  }

  async room(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#required.map((client) => client.room(signal)))
  }

  acknowledged(lane: Lane): ScopePosition | null {
    return this.#of(lane).position()
  }

  outstanding(lane: Lane): number {
    return this.#of(lane).outstanding()
  }

  mark(): null {
    return null
  }

  account(): OutboxAccount {
    return { recovered: 0, dropped: 0, waiting: 0 }
  }

  problem(): null {
    return null
  }

  async pause(): Promise<void> {
    // Nothing is kept back here.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #of(lane: Lane): Frontier<ScopePosition> {
    const frontier = this.#frontiers[lane.index]
    if (frontier === undefined) throw new Error(`lane ${lane.job}/${lane.scope} was not opened here`)
    return frontier
  }
}
