import { timingFaults } from '../kube/election-timing.ts'
import type { LeaderElectionOptions, PositionsOptions } from './config.ts'
import { documented, record, type Section } from './decoder.ts'
import { duration, flag } from './scalars.ts'

/** A Lease counts its duration in whole seconds. */
const SECOND_MS = 1000
const MAX_MS = 3_600_000

/** `leader_election:`; timings and their rules are client-go's. */
export const leaderElectionSection = record(
  {
    enabled: documented(flag(false), {
      says: '`true`: nothing is watched or sent before this replica holds the Lease.',
      example: 'true',
    }),
    lease_duration: documented(duration(15_000, { min: SECOND_MS, max: MAX_MS }), {
      says: 'A standby takes over when the Lease did not change for this long, by its own clock. Whole seconds, more than `renew_deadline`.',
      example: '30s',
    }),
    renew_deadline: documented(duration(10_000, { min: 100, max: MAX_MS }), {
      says: 'A leader that has not renewed for this long sends nothing more, and its process ends with exit code 1. More than 1.2 times `retry_period`.',
      example: '12s',
    }),
    retry_period: documented(duration(2000, { min: 50, max: MAX_MS }), {
      says: 'Between two renewals, and (up to 1.2 times as long) between two looks of a standby. Positions are written with a renewal, so not more often than this, whatever `positions.sync_period` says.',
      example: '3s',
    }),
  },
  (values, section): LeaderElectionOptions => {
    const timing = {
      leaseDurationMs: values.lease_duration,
      renewDeadlineMs: values.renew_deadline,
      retryPeriodMs: values.retry_period,
    }
    if (values.lease_duration % SECOND_MS !== 0) {
      section.report('lease_duration', 'BAD_DURATION', 'expected whole seconds, which is how a Lease counts')
    }
    for (const { key, expected } of timingFaults(timing)) section.report(key, 'CONFLICT', `expected ${expected}`)
    return { enabled: values.enabled, timing }
  },
)

/** The checkpoint and the leadership are written together, so both are in the Lease. */
export const checkLeaderElection = (
  { enabled }: LeaderElectionOptions,
  { store }: PositionsOptions,
  section: Section,
): void => {
  if (!enabled || store === 'lease' || store === 'auto') return
  const why = `expected positions in the Lease (positions.store: lease) with leader election, got ${store}`
  section.report('leader_election', 'CONFLICT', why)
}
