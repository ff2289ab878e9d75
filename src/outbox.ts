import type { Entry } from './entry/entry.ts'
import { Frontier } from './kube/frontier.ts'
import type { ScopePosition } from './kube/position.ts'
import type { LokiClient } from './loki/loki-client.ts'
import type { Sink } from './sinks.ts'

/** One watched scope of one job: what positions are kept for. `index` counts the lanes of the agent from 0. */
export type Lane = { readonly index: number; readonly job: string; readonly scope: string }

/**
 * Between a source's entries and the clients: hands each entry to every client, and knows how far each lane is
 * settled. All lanes must be opened before the first offer.
 */
export type Outbox = {
  /** @param resumed the saved position of the lane, which stays the acknowledged one until something moves it. */
  openLane(job: string, scope: string, resumed: ScopePosition | null): Lane
  /** Takes one entry, always, in the lane's order; `position` is the one after it. */
  offer(lane: Lane, entry: Entry, position: ScopePosition): void
  /** The lane's position moved without an entry. */
  moved(lane: Lane, position: ScopePosition): void
  /** False: the source must not be read. */
  hasRoom(): boolean
  /** Resolves when there is room for a good while, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>
  /** The position behind which every entry of the lane is settled by every required client; null: none yet. */
  acknowledged(lane: Lane): ScopePosition | null
  /** Events of the lane that wait for a required client. */
  outstanding(lane: Lane): number
}

/** A sequence number that tells its lane, so that clients need to know nothing of lanes: `local * lanes + index`. */
export class DirectOutbox implements Outbox {
  readonly #frontiers: Frontier<ScopePosition>[] = []
  #clients: readonly LokiClient[] = []
  #required: readonly LokiClient[] = []

  /** Once, before the first offer: the clients call `settle`, so they are made after this. */
  connect(sinks: readonly Sink[]): void {
    this.#clients = sinks.map(({ client }) => client)
    this.#required = this.#clients.filter(({ required }) => required)
  }

  /** A required client let go of an entry. */
  settle(sequence: number): void {
    const lanes = this.#frontiers.length
    const index = sequence % lanes
    this.#frontiers[index]?.settle((sequence - index) / lanes)
  }

  openLane(job: string, scope: string, resumed: ScopePosition | null): Lane {
    const frontier = new Frontier<ScopePosition>()
    if (resumed !== null) frontier.moved(resumed)
    this.#frontiers.push(frontier)
    return { index: this.#frontiers.length - 1, job, scope }
  }

  offer(lane: Lane, entry: Entry, position: ScopePosition): void {
    const local = this.#of(lane).open(position, this.#required.length)
    const sequence = local * this.#frontiers.length + lane.index
    for (const client of this.#clients) client.offer(entry, sequence)
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

  #of(lane: Lane): Frontier<ScopePosition> {
    const frontier = this.#frontiers[lane.index]
    if (frontier === undefined) throw new Error(`lane ${lane.job}/${lane.scope} was not opened here`)
    return frontier
  }
}
