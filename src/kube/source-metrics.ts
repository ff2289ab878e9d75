import { Counter, Gauge, type Registry } from 'prom-client'
import type { IgnoredFrame } from './frame.ts'
import { RESTART_REASONS, type RestartReason } from './source-failure.ts'
import type { SourceState } from './source.ts'

const STATES: readonly SourceState[] = [
  'init',
  'probe',
  'connect',
  'stream',
  'paused',
  'auth',
  'denied',
  'backoff',
  'drain',
  'stopped',
]

/**
 * Why revisions had to be listed that the watch should have given. `expired`: compacted away; `internal_error`: the
 * same revision answered 500 three times; `bad_request`: the server does not take it; `restored`: the store went back.
 */
const GAP_REASONS = ['expired', 'internal_error', 'bad_request', 'restored'] as const
export type GapReason = (typeof GAP_REASONS)[number]

/** `stale`: a revision at or below the one the watch was opened at; it is accounted for already. */
const MALFORMED_REASONS = [
  'line_too_long',
  'invalid_json',
  'invalid_event',
  'unknown_type',
  'no_revision',
  'stale',
] as const
export type MalformedReason = (typeof MALFORMED_REASONS)[number] | IgnoredFrame

/** What one scope of one job counts. */
export type ScopeMetrics = {
  state(state: SourceState): void
  /** Wall clock, milliseconds. */
  activity(nowMs: number): void
  restarted(reason: RestartReason): void
  /** A gap, and how long ago the watch was last known to be complete. */
  gap(reason: GapReason, seconds: number): void
  owed(intervals: number): void
  page(): void
  epoch(epoch: number): void
  malformed(reason: MalformedReason): void
  /** A back-filled event that repeats: its earlier counts may have been superseded before anybody read them. */
  collapsedPossible(): void
}

export type SourceMetrics = {
  /** Every series of the scope begins at zero. */
  of(job: string, scope: string): ScopeMetrics
}

const SCOPE = ['job', 'scope'] as const

type Families = ReturnType<typeof createFamilies>

const createFamilies = (registry: Registry) => {
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: [...SCOPE], registers })
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: [...SCOPE], registers })
  const byReason = (name: string, help: string) =>
    new Counter({ name, help, labelNames: [...SCOPE, 'reason'], registers })
  return {
    up: gauge('eventail_watch_up', '1 while a watch is open, else 0.'),
    activity: gauge(
      'eventail_watch_last_activity_timestamp_seconds',
      'When the watch last gave anything, seconds since 1970; 0: not yet.',
    ),
    owed: gauge('eventail_owed_intervals', 'Intervals of revisions that a LIST still has to fill.'),
    epoch: gauge('eventail_store_epoch', 'How often the event store was found restored from a backup.'),
    restarts: byReason('eventail_watch_restarts_total', 'Watches that ended or were not opened, by reason.'),
    gaps: byReason('eventail_gaps_total', 'Times the watch could not resume and a LIST had to fill in, by reason.'),
    gapSeconds: counter(
      'eventail_gap_seconds_total',
      'Seconds for which revisions superseded or deleted meanwhile can be read by nobody.',
    ),
    pages: counter('eventail_backfill_pages_total', 'Pages of a LIST that were read for owed intervals.'),
    malformed: byReason('eventail_malformed_frames_total', 'Frames and items that are not usable events, by reason.'),
    collapsed: counter(
      'eventail_collapsed_possible_total',
      'Events found after a gap whose earlier counts may have been superseded unread.',
    ),
    states: new Gauge({
      name: 'eventail_source_state',
      help: '1 for the state the source is in, else 0.',
      labelNames: [...SCOPE, 'state'],
      registers,
    }),
  }
}

const atZero = (families: Families, labels: { readonly job: string; readonly scope: string }): void => {
  for (const reason of RESTART_REASONS) families.restarts.inc({ ...labels, reason }, 0)
  for (const reason of GAP_REASONS) families.gaps.inc({ ...labels, reason }, 0)
  for (const reason of MALFORMED_REASONS) families.malformed.inc({ ...labels, reason }, 0)
  for (const state of STATES) families.states.set({ ...labels, state }, state === 'init' ? 1 : 0)
  for (const gauge of [families.up, families.activity, families.owed, families.epoch]) gauge.set({ ...labels }, 0)
  for (const counter of [families.gapSeconds, families.pages, families.collapsed]) counter.inc({ ...labels }, 0)
}

/** Registers the metrics of all sources, once for a registry. */
export const createSourceMetrics = (registry: Registry): SourceMetrics => {
  const families = createFamilies(registry)
  return {
    of: (job, scope) => {
      const labels = { job, scope }
      atZero(families, labels)
      let current: SourceState = 'init'
      return {
        state: (state) => {
          families.states.set({ ...labels, state: current }, 0)
          families.states.set({ ...labels, state }, 1)
          families.up.set(labels, state === 'stream' ? 1 : 0)
          current = state
        },
        activity: (nowMs) => {
          families.activity.set(labels, nowMs / 1000)
        },
        restarted: (reason) => {
          families.restarts.inc({ ...labels, reason })
        },
        gap: (reason, seconds) => {
          families.gaps.inc({ ...labels, reason })
          families.gapSeconds.inc(labels, seconds)
        },
        owed: (intervals) => {
          families.owed.set(labels, intervals)
        },
        page: () => {
          families.pages.inc(labels)
        },
        epoch: (epoch) => {
          families.epoch.set(labels, epoch)
        },
        malformed: (reason) => {
          families.malformed.inc({ ...labels, reason })
        },
        collapsedPossible: () => {
          families.collapsed.inc(labels)
        },
      }
    },
  }
}
