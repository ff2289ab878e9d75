import { isDeepStrictEqual } from 'node:util'
import type { ScopePosition } from '../kube/position.ts'
import { compareResourceVersions } from '../kube/resource-version.ts'
import type { LaneId, PositionChange, SegmentHead } from './record.ts'

/** Whether all that `earlier` claims is claimed by the position `later` of the same lane too. */
export const isCovered = (earlier: ScopePosition | null, later: ScopePosition | null): boolean => {
  if (earlier === null || later === null) return earlier === null
  if (earlier.epoch !== later.epoch) return earlier.epoch < later.epoch
  return compareResourceVersions(earlier.watched, later.watched) < 0 || isDeepStrictEqual(earlier, later)
}

/**
 * The position of each lane while records are read in order. Behind a hole (records that are lost) every lane is in
 * doubt: the positions in what follows claim the lost records too, so they are not taken, and the lane stays where it
 * was before the hole, until the head of a segment tells that its source began anew.
 */
export class LanePositions {
  readonly #positions: (ScopePosition | null)[] = []
  readonly #doubtful: boolean[] = []
  #holeBeforeFirstHead = false

  head({ lanes }: SegmentHead): void {
    for (const [id, { position, begins }] of lanes.entries()) {
      const isNew = id >= this.#positions.length
      const isSound = begins === 'before_hole' && isCovered(position, this.of(id))
      if (begins === 'settled' || isSound) this.set(id, position)
      else if (isNew && this.#holeBeforeFirstHead) this.#put(id, null, true)
      else if (this.#doubtful[id] !== true) this.set(id, position)
    }
    this.#holeBeforeFirstHead = false
  }

  /** @returns the position that may be claimed once everything up to this record is settled. */
  apply(lane: LaneId, change: PositionChange): ScopePosition | null {
    const before = this.of(lane)
    if (this.#doubtful[lane] !== false || change.kind === 'same') return before
    if (change.kind === 'whole') this.set(lane, change.position)
    // A change of nothing is from a lane without a position, which has none to tell either.
    else if (before !== null) this.set(lane, { ...before, watched: change.watched })
    return this.of(lane)
  }

  hole(): void {
    if (this.#positions.length === 0) this.#holeBeforeFirstHead = true
    this.#doubtful.fill(true)
  }

  /** The position is known. */
  set(lane: LaneId, position: ScopePosition | null): void {
    this.#put(lane, position, false)
  }

  of(lane: LaneId): ScopePosition | null {
    return this.#positions[lane] ?? null
  }

  /** By lane. */
  all(): readonly (ScopePosition | null)[] {
    return this.#positions
  }

  isDoubtful(lane: LaneId): boolean {
    return this.#doubtful[lane] === true
  }

  copy(): LanePositions {
    const copy = new LanePositions()
    for (const [id, position] of this.#positions.entries()) copy.#put(id, position, this.isDoubtful(id))
    copy.#holeBeforeFirstHead = this.#holeBeforeFirstHead
    return copy
  }

  #put(lane: LaneId, position: ScopePosition | null, doubtful: boolean): void {
    this.#positions[lane] = position
    this.#doubtful[lane] = doubtful
  }
}
