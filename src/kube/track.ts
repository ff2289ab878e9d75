import type { DeadLetter, KubeEvent } from './event.ts'
import { watchedTo } from './owed.ts'
import type { ScopePosition } from './position.ts'
import { compareResourceVersions } from './resource-version.ts'
import type { SourceSink } from './source.ts'

/**
 * Where one scope stands, and its only way to the sink: whatever is handed on goes with the position that holds once
 * it is settled, in one order for what the watch gives and what a LIST gives.
 */
export class Track {
  readonly scope: string
  readonly #sink: SourceSink
  #position: ScopePosition | null = null
  /** `watched` when the watch was opened: a frame at or below was delivered before, or is owed. */
  #openedAt = '0'
  /** The newest revision of the store that a LIST showed. */
  #listed = '0'
  /** The position moved, and the sink was not told yet. */
  #quiet = false

  constructor(scope: string, sink: SourceSink) {
    this.scope = scope
    this.#sink = sink
  }

  get started(): boolean {
    return this.#position !== null
  }

  get position(): ScopePosition {
    if (this.#position === null) throw new Error(`scope ${this.scope} has no position yet`)
    return this.#position
  }

  /** Intervals that are still owed. */
  get owedIntervals(): number {
    const { active, pending } = this.#position ?? { active: null, pending: [] }
    return pending.length + (active?.intervals.length ?? 0)
  }

  /** The newest revision of the store that was seen, in this life or, as its checkpoint says, an earlier one. */
  get seen(): string {
    const watched = this.#position?.watched ?? '0'
    return compareResourceVersions(this.#listed, watched) > 0 ? this.#listed : watched
  }

  /** A LIST showed the store at this revision. */
  sawStore(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#listed) > 0) this.#listed = resourceVersion
  }

  /** The store went back to this revision: what was seen beyond it no longer exists. */
  storeRestored(resourceVersion: string): void {
    this.#listed = resourceVersion
  }

  /** The position moves by a rule, and the sink learns of it at once. */
  moveTo(position: ScopePosition): void {
    this.#position = position
    this.#quiet = false
    this.#sink.moved(this.scope, position)
  }

  /** A watch is opened at `watched`. */
  opened(): void {
    this.#openedAt = this.position.watched
  }

  /** ADDED or MODIFIED. @returns false for a revision that this watch should not have given: it is accounted for. */
  watchedEvent(event: KubeEvent): boolean {
    if (compareResourceVersions(event.resourceVersion, this.#openedAt) <= 0) return false
    this.#position = watchedTo(this.position, event.resourceVersion)
    this.#quiet = false
    this.#sink.event(this.scope, event, this.#position, 'watch')
    return true
  }

  /** DELETED or BOOKMARK; the sink is told by `tellMove` or the next event. */
  watchedMove(resourceVersion: string): void {
    const before = this.position
    this.#position = watchedTo(before, resourceVersion)
    if (this.#position !== before) this.#quiet = true
  }

  /** Tells the sink of moves that no event carried; once for a chunk, because deletions come by the thousand. */
  tellMove(): void {
    if (this.#quiet) this.moveTo(this.position)
  }

  /** A frame that is no event. Without a readable revision the position stays. */
  watchedLetter(letter: DeadLetter): void {
    if (letter.resourceVersion !== '') {
      if (compareResourceVersions(letter.resourceVersion, this.#openedAt) <= 0) return
      this.#position = watchedTo(this.position, letter.resourceVersion)
    }
    this.#quiet = false
    this.#sink.deadLetter(this.scope, letter, this.position, 'watch')
  }

  /** An owed item of a LIST: until its page is through, the position is that before the page. */
  listedEvent(event: KubeEvent): void {
    this.#quiet = false
    this.#sink.event(this.scope, event, this.position, 'list')
  }

  listedLetter(letter: DeadLetter): void {
    this.#quiet = false
    this.#sink.deadLetter(this.scope, letter, this.position, 'list')
  }
}
