import { type Cluster, clusterKey, identify } from './clusters.ts'
import type { ScrapeConfig } from './config/config.ts'
import type { EnrichmentAtWork } from './enrich/open-enrichment.ts'
import type { Registry } from 'prom-client'
import { cursorKey, cursorScopeOf } from './job.ts'
import type { KubeClient } from './kube/client.ts'
import type { Cursor, CursorScope } from './kube/cursor.ts'
import { cursorFor, type Reading } from './positions.ts'

/** A scrape config with what its cluster and its checkpoint tell. */
export type IdentifiedJob = {
  readonly config: ScrapeConfig
  readonly client: KubeClient
  readonly scope: CursorScope
  /** Null: it has no checkpoint that can be used. */
  readonly saved: Cursor | null
  /** Null: nothing is looked up. */
  readonly enrichment: EnrichmentAtWork | null
}

export type Identifying = Omit<Reading, 'onUnreadable'> & {
  /** As the store gave them. */
  readonly cursors: Readonly<Record<string, string>>
  readonly registry: Registry
  readonly random: () => number
}

/** Loaded when it is needed: most agents look nothing up, and ask for no permission to. */
const openEnrichmentOf = async (
  { enrich, jobName, source }: ScrapeConfig,
  cluster: Cluster,
  { clock, log, registry, random }: Pick<Identifying, 'clock' | 'log' | 'registry' | 'random'>,
): Promise<EnrichmentAtWork | null> => {
  if (enrich === null) return null
  const { openEnrichment } = await import('./enrich/open-enrichment.ts')
  const { namespaces } = source
  const client = cluster.openClient(LABEL_WATCHES)
  return openEnrichment({ options: enrich, job: jobName, namespaces, client, clock, log, registry, random })
}

/** Of nodes and of namespaces. */
const LABEL_WATCHES = 2

/** Asks each cluster who it is, for without that no checkpoint can be trusted. Null: aborted. */
export const identifyJobs = async (
  configs: readonly ScrapeConfig[],
  clusters: ReadonlyMap<string, Cluster>,
  { cursors, ...reading }: Identifying,
): Promise<readonly IdentifiedJob[] | null> => {
  const jobs: IdentifiedJob[] = []
  for (const config of configs) {
    const cluster = clusters.get(clusterKey(config.connection))
    if (cluster === undefined) throw new Error(`no cluster for job ${config.jobName}`)
    const identity = await identify(cluster, reading, reading.signal)
    if (identity === null) return null
    const scope = cursorScopeOf(config, identity)
    const key = cursorKey(config.jobName)
    const text = Object.hasOwn(cursors, key) ? cursors[key] : undefined
    const enrichment = await openEnrichmentOf(config, cluster, reading)
    jobs.push({ config, client: cluster.client, scope, saved: cursorFor(text, scope, reading), enrichment })
  }
  return jobs
}
