import { timingFaults } from '../kube/election-timing.ts'
import type { LeaderElectionOptions, PositionsOptions } from './config.ts'
import { record, type Section } from './decoder.ts'
import { duration, flag } from './scalars.ts'

/** A Lease counts its duration in whole seconds. */
const SECOND_MS = 1000
const MAX_MS = 3_600_000

/** `leader_election:`; timings and their rules are client-go's. */
export const leaderElectionSection = record(
  {
    enabled: flag(false),
    lease_duration: duration(15_000, { min: SECOND_MS, max: MAX_MS }),
    renew_deadline: duration(10_000, { min: 100, max: MAX_MS }),
    retry_period: duration(2000, { min: 50, max: MAX_MS }),
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
