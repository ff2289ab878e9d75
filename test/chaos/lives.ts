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

const owedBy = (position: ScopePosition | null, rv: bigint): 'active' | 'pending' | null => {
  const has = (intervals: readonly Interval[]): boolean => owingInterval(intervals, String(rv)) !== null
  if (has(position?.active?.intervals ?? [])) return 'active'
  return has(position?.pending ?? []) ? 'pending' : null
}

/** The position in a write-ahead log, and how many lives there had been when it was written. */
export type Spooled = { readonly position: ScopePosition; readonly after: number }

/** One life of the agent, from what it asked of the API server. */
export class Life {
  /** In its checkpoint when it began; null: there was none yet. */
  readonly acknowledged: ScopePosition | null
  #spooled: Spooled | null
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

  /** @param spooled null: it has no write-ahead log, or nothing in it that counts. */
  constructor(acknowledged: ScopePosition | null, spooled: Spooled | null = null) {
    this.acknowledged = acknowledged
    this.#spooled = spooled
    // Without a checkpoint, everything up to the first probe is owed, as `start: all` says.
    this.#lost = this.durable === null ? 0n : null
  }

  /** What of its write-ahead log it went on from; null: from its checkpoint, or from nothing. */
  get spooled(): Spooled | null {
    return this.#spooled
  }

  /** The position that it went on from; null: from none. */
  get durable(): ScopePosition | null {
    return this.#spooled?.position ?? this.acknowledged
  }

  /** It ended before it could read anything. */
  get isBarren(): boolean {
    return !this.#hasBegun && this.gaps.length === 0 && this.pages.length === 0
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
    if (this.#spooled === null || this.#spooled.position.watched === String(revision)) return
    this.#spooled = null
    if (this.acknowledged === null) this.gaps.push({ after: 0n, upTo: this.#probed, pagesBefore: 0 })
  }

  paged(page: Omit<PageSeen, 'pass'>): void {
    if (page.from === '' && this.#passIsOver) {
      this.#pass += 1
      this.#passIsOver = false
    }
    if (page.upTo === null) this.#passIsOver = true
    this.pages.push({ ...page, pass: this.#pass })
  }

  /** By which interval of its position the revision was owed when this life began. */
  carried(rv: bigint): 'active' | 'pending' | null {
    return owedBy(this.durable, rv)
  }

  /** Its checkpoint said that the revision was delivered, or could not be read any more. */
  isClaimed(rv: bigint): boolean {
    return BigInt(this.acknowledged?.watched ?? '0') >= rv && owedBy(this.acknowledged, rv) === null
  }

  /** The gap of this life in which the revision lies. */
  gapOf(rv: bigint): Gap | null {
    return this.gaps.find(({ after, upTo }) => rv > after && rv <= upTo) ?? null
  }
}

/** The part of a LIST answer that a page is remembered by. */
export const covers = (page: PageSeen, key: string): boolean =>
  key > page.from && (page.upTo === null || key <= page.upTo)
