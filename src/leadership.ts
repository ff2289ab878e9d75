import type { Registry } from 'prom-client'
import type { Clock } from './clock.ts'
import type { Cluster } from './clusters.ts'
import type { Config } from './config/config.ts'
import { createElectionMetrics } from './kube/election-metrics.ts'
import { Elector } from './kube/elector.ts'
import { leaderIdentity } from './kube/leader-identity.ts'
import type { Log } from './log.ts'
import { leaseNameOf, NO_LEASE_NAMESPACE } from './positions.ts'

export type ElectionDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly random: () => number
  /** The pod's own namespace; null outside of a cluster. */
  readonly ownNamespace: string | null
  readonly onLost: (why: string) => void
}

export type JoinedElection =
  { readonly kind: 'ok'; readonly store: Elector } | { readonly kind: 'error'; readonly why: string }

/** A replica's part in the election: nothing is asked before its campaign begins. */
export const joinElection = (config: Config, cluster: Cluster, deps: ElectionDeps): JoinedElection => {
  const lease = leaseNameOf(config.positions, deps.ownNamespace)
  if (lease === null) return { kind: 'error', why: NO_LEASE_NAMESPACE }
  const { clock, random, onLost } = deps
  const store = new Elector({
    client: cluster.openClient(),
    lease,
    identity: leaderIdentity(),
    timing: config.leaderElection.timing,
    clock,
    log: deps.log.with({ component: 'election' }),
    metrics: createElectionMetrics(deps.registry),
    random,
    onLost,
  })
  return { kind: 'ok', store }
}

/**
 * How often a leader offers its position: a little more often than it renews, so that each renewal carries one that is
 * fresh.
 */
export const savePeriodMs = ({ positions, leaderElection }: Config): number =>
  Math.min(positions.syncPeriodMs, 0.75 * leaderElection.timing.retryPeriodMs)
