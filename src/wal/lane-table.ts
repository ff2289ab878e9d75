import type { CursorScope } from '../kube/cursor.ts'
import type { ScopePosition } from '../kube/position.ts'
import type { LanePositions } from './lane-positions.ts'
import type { ListedItems } from './listed-items.ts'
import { type Beginning, changeOf, type LaneHead, type LaneId, type PositionChange } from './record.ts'

type LaneState = {
  readonly job: string
  readonly scope: string
  readonly cluster: string
  readonly selection: string
  /** Behind everything appended. */
  position: ScopePosition | null
  begins: Beginning | null
}

/** What makes a lane's positions comparable, besides the cluster. A name more in a list of namespaces changes nothing. */
const selectionOf = ({ namespaces, fieldSelector, labelSelector }: CursorScope): string =>
  JSON.stringify([namespaces.includes('*') ? namespaces : [], fieldSelector, labelSelector])

/** The lanes that the log knows, those of former configurations too; a lane keeps its number as long as the log lives. */
export class LaneTable {
  readonly #lanes: LaneState[]
  readonly #listed: ListedItems

  constructor(heads: readonly LaneHead[], positions: LanePositions, listed: ListedItems) {
    this.#lanes = heads.map(({ job, scope, cluster, selection }, id) => ({
      ...{ job, scope, cluster, selection },
      position: positions.of(id),
      begins: null,
    }))
    this.#listed = listed
  }

  /** The number of a lane, and whether it was known. */
  open(job: CursorScope, scope: string): { readonly id: LaneId; readonly isNew: boolean } {
    const selection = selectionOf(job)
    const known = this.#lanes.findIndex(
      (lane) =>
        lane.job === job.job && lane.scope === scope && lane.cluster === job.cluster && lane.selection === selection,
    )
    if (known !== -1) return { id: known, isNew: false }
    this.#lanes.push({ job: job.job, scope, cluster: job.cluster, selection, position: null, begins: 'settled' })
    return { id: this.#lanes.length - 1, isNew: true }
  }

  positionOf(id: LaneId): ScopePosition | null {
    return this.#of(id).position
  }

  /** Its source starts from this position, whatever the log says. */
  begin(id: LaneId, position: ScopePosition | null, begins: Beginning): void {
    const lane = this.#of(id)
    lane.position = position
    lane.begins = begins
    this.#listed.forget(id)
  }

  /** @returns what changed; it is known from now on. */
  move(id: LaneId, position: ScopePosition): PositionChange {
    const lane = this.#of(id)
    const change = changeOf(lane.position, position)
    this.#listed.moved(id, lane.position, position)
    lane.position = position
    return change
  }

  /** A listed item goes into the log, at the lane's position. */
  noteListed(id: LaneId, revision: string): void {
    this.#listed.add(id, revision)
  }

  /** The log has this item of the page that the lane's back-fill stands before. */
  isListed(id: LaneId, revision: string): boolean {
    return this.#listed.has(id, revision)
  }

  /** By lane, behind everything appended. */
  positions(): readonly (ScopePosition | null)[] {
    return this.#lanes.map(({ position }) => position)
  }

  /** For the head of a segment. A beginning is told once. */
  heads(): readonly LaneHead[] {
    const heads = this.#lanes.map((lane, id) => {
      const listed = this.#listed.of(id)
      return { ...lane, ...(listed.length > 0 && { listed }) }
    })
    for (const lane of this.#lanes) lane.begins = null
    return heads
  }

  #of(id: LaneId): LaneState {
    const lane = this.#lanes[id]
    if (lane === undefined) throw new Error(`no lane ${id}`)
    return lane
  }
}
