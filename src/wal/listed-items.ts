import { isDeepStrictEqual } from 'node:util'
import { PAGE_LIMIT_MAX } from '../kube/limits.ts'
import type { ScopePosition } from '../kube/position.ts'
import type { LaneId } from './record.ts'

/**
 * Revisions remembered for each lane. A page has at most `PAGE_LIMIT_MAX`; when it is listed again, what was deleted
 * meanwhile made room for others. What is beyond this is put in again, as it would be without.
 */
export const MAX_LISTED = 2 * PAGE_LIMIT_MAX

/** Whether no page of the back-fill was read to its end between two positions of a lane. */
const isSamePage = (before: ScopePosition | null, after: ScopePosition | null): boolean => {
  if (before?.epoch !== after?.epoch) return false
  if (before?.active === after?.active) return true
  // A token that was replaced still stands for the same page.
  const [a, b] = [before?.active ?? null, after?.active ?? null]
  return a !== null && b !== null && a.emitted === b.emitted && isDeepStrictEqual(a.intervals, b.intervals)
}

/**
 * Which items of the page that each lane's back-fill stands before are in the log: their position does not tell it, and
 * after a crash the page is listed again as a whole.
 */
export class ListedItems {
  readonly #lanes: (Set<string> | undefined)[] = []

  /** The lane's position moved: what was listed of a page that is done will not be listed again. */
  moved(lane: LaneId, before: ScopePosition | null, after: ScopePosition | null): void {
    if (this.#lanes[lane] !== undefined && !isSamePage(before, after)) this.forget(lane)
  }

  /** An item of the page is in the log; behind `moved` with the position that its record has. */
  add(lane: LaneId, revision: string): void {
    const known = (this.#lanes[lane] ??= new Set())
    if (known.size < MAX_LISTED) known.add(revision)
  }

  has(lane: LaneId, revision: string): boolean {
    return this.#lanes[lane]?.has(revision) === true
  }

  of(lane: LaneId): readonly string[] {
    return [...(this.#lanes[lane] ?? [])]
  }

  /** The page is another one, or nobody knows which. */
  forget(lane: LaneId): void {
    this.#lanes[lane] = undefined
  }

  /** What the head of a segment tells of the lane. */
  restore(lane: LaneId, revisions: readonly string[]): void {
    this.forget(lane)
    for (const revision of revisions) this.add(lane, revision)
  }
}
