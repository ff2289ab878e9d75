import type { Registry } from 'prom-client'
import { nextDelayMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { ConnectionOptions, ScrapeConfig } from './config/config.ts'
import type { KubeClient } from './kube/client.ts'
import { clusterIdentity } from './kube/cluster-identity.ts'
import type { Connection } from './kube/connection.ts'
import { openConnection } from './kube/credentials.ts'
import { createKubeClient } from './kube/http-client.ts'
import { createKubeRequestMetrics } from './kube/kube-metrics.ts'
import { watchedScopes } from './kube/source.ts'
import type { Log } from './log.ts'

/** One API server that scrape configs watch; scrape configs with the same connection share it. */
export type Cluster = {
  readonly connection: Connection
  readonly client: KubeClient
  /** A client with connections of its own, for what must not wait behind lists, or not hold them up; the caller closes it. */
  readonly openClient: (watches?: number) => KubeClient
}

export type OpenedClusters =
  | { readonly kind: 'ok'; readonly clusters: ReadonlyMap<string, Cluster> }
  /** `why` is for the operator: it names the kubeconfig and what is wrong with it. */
  | { readonly kind: 'error'; readonly why: string }

type Surroundings = { readonly clock: Clock; readonly log: Log; readonly registry: Registry }

/** The key of a connection in `OpenedClusters`. */
export const clusterKey = (options: ConnectionOptions): string => JSON.stringify([options.kubeconfig, options.context])

/** Reads kubeconfigs and service accounts; no request is made. */
export const openClusters = async (
  scrapeConfigs: readonly ScrapeConfig[],
  { clock, log, registry }: Surroundings,
): Promise<OpenedClusters> => {
  const metrics = createKubeRequestMetrics(registry)
  const clusters = new Map<string, Cluster>()
  for (const { connection: options } of scrapeConfigs) {
    const key = clusterKey(options)
    if (clusters.has(key)) continue
    const outcome = await openConnection({ options, clock, log })
    if (outcome.kind === 'error') return outcome
    const sharing = scrapeConfigs.filter((other) => clusterKey(other.connection) === key)
    const watches = sharing.reduce((sum, other) => sum + watchedScopes(other.source.namespaces).length, 0)
    const { connection } = outcome
    clusters.set(key, {
      connection,
      client: createKubeClient({ connection, clock, log, watches, metrics }),
      openClient: (watches = 0) => createKubeClient({ connection, clock, log, watches, metrics }),
    })
  }
  return { kind: 'ok', clusters }
}

/** An identity that cannot be read is asked for again after this, doubling. */
const IDENTIFY = { minMs: 500, maxMs: 15_000 }

/** The cluster's identity, asked for until it is known: a checkpoint cannot be trusted without. Null: aborted. */
export const identify = async (
  cluster: Cluster,
  { clock, log }: Pick<Surroundings, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<string | null> => {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const outcome = await clusterIdentity(cluster.client, cluster.connection, signal)
    if (outcome.kind === 'ok') return outcome.identity
    if (outcome.kind === 'aborted') return null
    const why =
      outcome.kind === 'http'
        ? `${outcome.status} ${outcome.message}`
        : 'why' in outcome
          ? outcome.why
          : 'answer too large'
    log.warn('own namespace cannot be read; it identifies the cluster', { server: cluster.connection.server, why })
    if (outcome.kind === 'http' && outcome.status === 401) await cluster.client.renewCredentials()
    await clock.sleep(nextDelayMs(IDENTIFY, attempt), signal)
  }
  return null
}
