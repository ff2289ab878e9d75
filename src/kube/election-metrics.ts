import { Counter, Gauge, type Registry } from 'prom-client'

export type ElectionMetrics = {
  readonly leader: Gauge
  readonly transitions: Counter
  readonly renewFailures: Counter
  readonly lastRenewal: Gauge
}

/** Registers the metrics of leader election, each at zero. */
export const createElectionMetrics = (registry: Registry): ElectionMetrics => ({
  leader: new Gauge({
    name: 'eventail_leader',
    help: 'Whether this replica is the leader.',
    registers: [registry],
  }),
  transitions: new Counter({
    name: 'eventail_leader_transitions_total',
    help: 'Changes of the leader since this replica started, as the Lease counts them.',
    registers: [registry],
  }),
  renewFailures: new Counter({
    name: 'eventail_lease_renew_failures_total',
    help: 'Renewals of the Lease by this leader that failed.',
    registers: [registry],
  }),
  lastRenewal: new Gauge({
    name: 'eventail_lease_last_renewal_timestamp_seconds',
    help: 'When this replica last took or renewed the Lease, seconds since 1970; 0: not yet.',
    registers: [registry],
  }),
})
