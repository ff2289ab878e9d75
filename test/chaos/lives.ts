import { owingInterval, type Interval, type ScopePosition } from '../../src/kube/position.ts'

/** A LIST page as it was answered: the keys k with `from` < k <= `upTo` of the store as it was at `shows`. */
export type PageSeen = {
  readonly shows: bigint
  readonly from: string
  /** null: to the last key. */
  readonly upTo: string | null
  /** Counts passes of this life from 0: a pass ends with a page that has no next. */
  readonly pass: number
}

/** Revisions (`after`, `upTo`] that no watch gave any more, and the pages answered before they became owed. */
export type Gap = { readonly after: bigint; upTo: bigint; readonly pagesBefore: number }

/** One life of the agent, from what it asked of the API server. */
export class Life {
  readonly #acknowledged: ScopePosition | null
  readonly #spooled: ScopePosition | null
  #durable: ScopePosition | null
  #hasBegun = false
  #probed = 0n
  readonly gaps: Gap[] = []
  readonly pages: PageSeen[] = []
  /** Behind which revision the agent has lost the thread; null: it has not. */
  #lost: bigint | null
  /** The gap that its next watch begins behind. */
  #opening: Gap | null = null
  #pass = 0
  #passIsOver = false

  /**
   * @param acknowledged the position that lay in its checkpoint when it began; null: there was none yet.
   * @param spooled the one in its write-ahead log; null: there was none.
   */
  constructor(acknowledged: ScopePosition | null, spooled: ScopePosition | null = null) {
    this.#acknowledged = acknowledged
    this.#spooled = spooled
    this.#durable = spooled ?? acknowledged
    // Without a checkpoint, everything up to the first probe is owed, as `start: all` says.
    this.#lost = this.#durable === null ? 0n : null
  }

  /** The position that it went on from; null: from none. */
  get durable(): ScopePosition | null {
    return this.#durable
  }

  /** LIST limit=1 was answered with this revision; asked again, the newest answer counts. */
  probed(revision: bigint): void {
    this.#probed = revision
    if (this.#opening !== null) this.#opening.upTo = revision
    if (this.#lost === null) return
    this.#opening = { after: this.#lost, upTo: revision, pagesBefore: this.pages.length }
    this.gaps.push(this.#opening)
    this.#lost = null
  }

  /** A watch was opened at this revision, or refused (`lost`) because the store was compacted behind it. */
  watched(revision: bigint, lost: boolean): void {
    if (!this.#hasBegun) this.#begin(revision)
    this.#opening = null
    if (lost) this.#lost = revision
  }

  /** Its first watch tells which of its two positions it trusts. */
  #begin(revision: bigint): void {
    this.#hasBegun = true
    if (this.#spooled === null || this.#spooled.watched === String(revision)) return
    this.#durable = this.#acknowledged
    if (this.#durable === null) this.gaps.push({ after: 0n, upTo: this.#probed, pagesBefore: 0 })
  }

  paged(page: Omit<PageSeen, 'pass'>): void {
    if (page.from === '' && this.#passIsOver) {
      this.#pass += 1
      this.#passIsOver = false
    }
    if (page.upTo === null) this.#passIsOver = true
    this.pages.push({ ...page, pass: this.#pass })
  }

  /** By which interval of the checkpoint the revision was owed when this life began. */
  carried(rv: bigint): 'active' | 'pending' | null {
    const has = (intervals: readonly Interval[]): boolean => owingInterval(intervals, String(rv)) !== null
    if (has(this.durable?.active?.intervals ?? [])) return 'active'
    return has(this.durable?.pending ?? []) ? 'pending' : null
  }

  /** The gap of this life in which the revision lies. */
  gapOf(rv: bigint): Gap | null {
    return this.gaps.find(({ after, upTo }) => rv > after && rv <= upTo) ?? null
  }
}

/** The part of a LIST answer that a page is remembered by. */
export const covers = (page: PageSeen, key: string): boolean =>
  key > page.from && (page.upTo === null || key <= page.upTo)
