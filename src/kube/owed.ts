import { MAX_INTERVALS } from './limits.ts'
import { owingInterval, type Interval, type ScopePosition } from './position.ts'
import { compareResourceVersions } from './resource-version.ts'
import type { StartPolicy } from './source.ts'

/** The part of a page that moves the position. */
export type PageEnd = {
  /** null: it was the last one. */
  readonly continueToken: string | null
  /** Revision of the store that the page shows. */
  readonly resourceVersion: string
  /** Items that were owed and handed on. */
  readonly emitted: number
}

/**
 * How a position moves: all that the promise "loses nothing, repeats nothing" rests on, as pure functions. They keep
 * this true: every revision r <= `watched` was delivered, or lies in an owed interval, or was superseded or deleted
 * before it could be read. A value that is passed in, so that tests can show that no rule of it may be missing.
 */
export type OwedRules = {
  /** Without a checkpoint; `newest` is the store's revision. */
  start(policy: StartPolicy, newest: string, nowMs: number): ScopePosition
  /**
   * Whether the store, now at `newest`, is behind a revision that was `seen` of it before it was asked: it was restored
   * from a backup. Seen, not only watched: a pass that read pages of a later state skipped what came back.
   */
  wentBack(seen: string, newest: string): boolean
  /** After a restore: a new epoch in which everything stored is owed. */
  restored(position: ScopePosition, newest: string): ScopePosition
  /** The watch can't resume: what lies up to `newest` is owed, and the watch goes on from there. */
  expired(position: ScopePosition, newest: string): ScopePosition
  /** The interval by which an item of a LIST is wanted; null: it came by the watch, or will. */
  owing(intervals: readonly Interval[], resourceVersion: string): Interval | null
  /** A pass over the stored events begins, for everything that is pending. */
  passBegun(position: ScopePosition): ScopePosition
  pageRead(position: ScopePosition, page: PageEnd): ScopePosition
  /** The continue token is worth nothing any more; `replacement` goes on inconsistently, null: from the first page. */
  tokenExpired(position: ScopePosition, replacement: string | null): ScopePosition
}

/** The position after a revision that came by the watch. Never goes back. */
export const watchedTo = (position: ScopePosition, resourceVersion: string): ScopePosition =>
  compareResourceVersions(resourceVersion, position.watched) <= 0
    ? position
    : { epoch: position.epoch, watched: resourceVersion, active: position.active, pending: position.pending }

const notBefore = (a: Interval, b: Interval): number | null =>
  a.notBeforeMs === null || b.notBeforeMs === null ? null : Math.min(a.notBeforeMs, b.notBeforeMs)

/** Covers both: what lies between them is sent once more, which Loki drops. */
const join = (a: Interval, b: Interval): Interval => ({
  after: compareResourceVersions(a.after, b.after) < 0 ? a.after : b.after,
  upTo: compareResourceVersions(a.upTo, b.upTo) > 0 ? a.upTo : b.upTo,
  notBeforeMs: notBefore(a, b),
})

const isEmpty = (interval: Interval): boolean => compareResourceVersions(interval.after, interval.upTo) >= 0

/**
 * Adds an interval. One that begins where the last ends makes it longer, which costs nothing; beyond 32 the two oldest
 * are joined.
 */
export const oweAlso = (pending: readonly Interval[], interval: Interval): readonly Interval[] => {
  if (isEmpty(interval)) return pending
  const last = pending.at(-1)
  if (last?.upTo === interval.after && last.notBeforeMs === interval.notBeforeMs) {
    return [...pending.slice(0, -1), join(last, interval)]
  }
  const [oldest, next, ...rest] = pending
  if (pending.length < MAX_INTERVALS || oldest === undefined || next === undefined) return [...pending, interval]
  return [join(oldest, next), ...rest, interval]
}

const everything = (newest: string, notBeforeMs: number | null): readonly Interval[] => [
  { after: '0', upTo: newest, notBeforeMs },
]

const startPending = (policy: StartPolicy, newest: string, nowMs: number): readonly Interval[] => {
  switch (policy.kind) {
    case 'all':
      return everything(newest, null)
    case 'since':
      return everything(newest, Math.max(0, Math.floor(nowMs - policy.durationMs)))
    case 'new':
      return []
  }
}

/** The rules the agent lives by. */
export const owedRules: OwedRules = {
  start: (policy, newest, nowMs) => ({
    epoch: 0,
    watched: newest,
    active: null,
    pending: startPending(policy, newest, nowMs),
  }),
  wentBack: (seen, newest) => compareResourceVersions(newest, seen) < 0,
  restored: (position, newest) => ({
    epoch: position.epoch + 1,
    watched: newest,
    active: null,
    pending: everything(newest, null),
  }),
  expired: (position, newest) => ({
    ...position,
    watched: newest,
    pending: oweAlso(position.pending, { after: position.watched, upTo: newest, notBeforeMs: null }),
  }),
  owing: owingInterval,
  passBegun: (position) => ({
    ...position,
    active: { intervals: position.pending, continueToken: null, emitted: 0 },
    pending: [],
  }),
  pageRead: (position, page) => {
    const { active } = position
    if (active === null || page.continueToken === null) return { ...position, active: null }
    const emitted = active.emitted + page.emitted
    return { ...position, active: { ...active, continueToken: page.continueToken, emitted } }
  },
  tokenExpired: (position, replacement) =>
    position.active === null ? position : { ...position, active: { ...position.active, continueToken: replacement } },
}
