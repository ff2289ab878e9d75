import type { Cursor, CursorScope } from '../kube/cursor.ts'
import type { LaneHead } from './record.ts'

/**
 * Why a log that was found is not used: it is not the one the checkpoint knows (`another_id`), of other clusters
 * (`another_scope`), a copy from before what the checkpoint knows of it (`older`), not known to the checkpoint at all
 * (`unconfirmed`), or nothing can be made of it (`unreadable`).
 */
export type SetAsideReason = 'another_id' | 'another_scope' | 'older' | 'unconfirmed' | 'unreadable'

/** A job as the configuration and its checkpoint tell; `saved` is null without one. */
export type WalJob = { readonly scope: CursorScope; readonly saved: Cursor | null }

/** The log as the scan found it. */
export type FoundWal = { readonly id: string; readonly index: number; readonly lanes: readonly LaneHead[] }

const isOfOtherClusters = (lanes: readonly LaneHead[], jobs: readonly WalJob[]): boolean => {
  if (lanes.length === 0) return false
  const clusters = new Set(jobs.map(({ scope }) => scope.cluster))
  const moved = jobs.some(({ scope }) =>
    lanes.some(({ job, cluster }) => job === scope.job && cluster !== scope.cluster),
  )
  return moved || !lanes.some(({ cluster }) => clusters.has(cluster))
}

/**
 * Whether this very log is the one that the checkpoints were written beside. Without any checkpoint there is nothing to
 * contradict it, and what it holds is owed.
 */
export const whyNotUsed = (wal: FoundWal, jobs: readonly WalJob[]): SetAsideReason | null => {
  const checkpoints = jobs.map(({ saved }) => saved).filter((saved) => saved !== null)
  const known = checkpoints.map((saved) => saved.wal).filter((mark) => mark !== undefined)
  const own = known.filter(({ id }) => id === wal.id)
  // One is enough: the checkpoint of a job that was away for a while may know an earlier log.
  if (known.length > 0 && own.length === 0) return 'another_id'
  if (isOfOtherClusters(wal.lanes, jobs)) return 'another_scope'
  if (own.some(({ acknowledgedIndex }) => acknowledgedIndex > wal.index)) return 'older'
  return checkpoints.length > 0 && known.length === 0 ? 'unconfirmed' : null
}
