import { compareResourceVersions } from './resource-version.ts'

/** Revisions r with `after` < r <= `upTo`, as decimal strings. */
export type Interval = {
  readonly after: string
  readonly upTo: string
  /** Items whose time is before this (milliseconds since 1970) are not wanted: `start: <duration>`. Null: all are. */
  readonly notBeforeMs: number | null
}

/** A LIST pass under way: the intervals it serves and where to go on. */
export type BackfillProgress = {
  readonly intervals: readonly Interval[]
  /** The server's continue token; null: the pass starts (again) at the first page. */
  readonly continueToken: string | null
  /** Items emitted by this pass so far; for reports only. */
  readonly emitted: number
}

/**
 * Where one watch scope stands. The invariant behind it: every revision r <= `watched` was delivered, or lies in an
 * interval that `active` or `pending` still owes, or was superseded or deleted before it could be read.
 */
export type ScopePosition = {
  /** Counts restores of the store from backup; a new epoch back-fills everything. */
  readonly epoch: number
  /** The watch resumes behind this resourceVersion. */
  readonly watched: string
  readonly active: BackfillProgress | null
  readonly pending: readonly Interval[]
}

/** The interval in which `resourceVersion` lies; null: none owes it. */
export const owingInterval = (intervals: readonly Interval[], resourceVersion: string): Interval | null => {
  for (const interval of intervals) {
    if (
      compareResourceVersions(resourceVersion, interval.after) > 0 &&
      compareResourceVersions(resourceVersion, interval.upTo) <= 0
    ) {
      return interval
    }
  }
  return null
}
