/** The timings of leader election; client-go's defaults are 15 s, 10 s and 2 s. */
export type ElectionTiming = {
  /** A standby takes over when the Lease did not change for this long on its own clock. Whole seconds. */
  readonly leaseDurationMs: number
  /** A leader that has not renewed for this long stands down. */
  readonly renewDeadlineMs: number
  /** Between two renewals of a leader, and two looks of a standby. */
  readonly retryPeriodMs: number
}

/** A standby waits between one and this many retry periods, so that standbys do not look in step. */
export const JITTER_FACTOR = 1.2

export type TimingFault = { readonly key: 'lease_duration' | 'renew_deadline'; readonly expected: string }

/** What is wrong with timings by client-go's rules: lease > renew > retry * 1.2. */
export const timingFaults = ({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: ElectionTiming): TimingFault[] => {
  const faults: TimingFault[] = []
  if (leaseDurationMs <= renewDeadlineMs) faults.push({ key: 'lease_duration', expected: 'more than renew_deadline' })
  if (renewDeadlineMs <= retryPeriodMs * JITTER_FACTOR) {
    faults.push({ key: 'renew_deadline', expected: `more than ${JITTER_FACTOR} times retry_period` })
  }
  return faults
}

/** How long one request about the Lease may take: half the deadline, so that a hanging one leaves time for another. */
export const requestTimeoutMs = ({ renewDeadlineMs }: ElectionTiming): number => renewDeadlineMs / 2
