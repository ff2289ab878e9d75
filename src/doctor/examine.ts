import type { Clock } from '../clock.ts'
import { type Cluster, clusterKey } from '../clusters.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../log.ts'
import { leaseNameOf, NO_LEASE_NAMESPACE, openStore } from '../positions.ts'
import { failure, type Finding } from './finding.ts'
import { kubeAsker } from './kube-asker.ts'
import { examineKube, usesLease } from './kube-checks.ts'
import { LokiAsker } from './loki-asker.ts'
import { examineLoki } from './loki-checks.ts'
import { examineCheckpoint, examineWal } from './own-checks.ts'

export type Examination = {
  readonly config: Config
  readonly clusters: ReadonlyMap<string, Cluster>
  /** The pod's own; null outside of a cluster. */
  readonly ownNamespace: string | null
  readonly clock: Clock
  readonly log: Log
  readonly stop: AbortSignal
}

/** The positions are at the API server of the first scrape config. */
const leaseOf = ({ config, ownNamespace }: Examination, { connection }: Cluster): ReturnType<typeof leaseNameOf> =>
  usesLease(config, connection.inCluster) ? leaseNameOf(config.positions, ownNamespace) : null

const examineClusters = async (examination: Examination): Promise<readonly Finding[]> => {
  const { config, clusters, clock, stop, ownNamespace } = examination
  const findings: Finding[] = []
  let isFirst = true
  for (const [key, cluster] of clusters) {
    const { connection } = cluster
    const jobs = config.scrapeConfigs.filter((job) => clusterKey(job.connection) === key)
    const ask = kubeAsker(connection, clock, stop)
    const lease = isFirst ? leaseOf(examination, cluster) : null
    const own = isFirst && connection.inCluster ? ownNamespace : null
    findings.push(...(await examineKube({ server: connection.server, ask, jobs, lease, ownNamespace: own })))
    isFirst = false
  }
  return findings
}

const examineStore = async (examination: Examination): Promise<readonly Finding[]> => {
  const { config, clusters, ownNamespace, stop } = examination
  const [first] = clusters.values()
  if (first === undefined) return []
  const { client, connection } = first
  const positions = config.leaderElection.enabled ? { ...config.positions, store: 'lease' as const } : config.positions
  const opened = openStore(positions, { client, inCluster: connection.inCluster, ownNamespace })
  if (opened.kind === 'error') {
    const yaml = 'positions:\n  lease:\n    namespace: <namespace>\n'
    return [
      failure('positions', opened.why, { remedy: opened.why === NO_LEASE_NAMESPACE ? 'name it:' : 'see above', yaml }),
    ]
  }
  return opened.store === null ? [] : [await examineCheckpoint(opened.store, stop)]
}

const examineClients = async ({ config, clock, log, stop }: Examination): Promise<readonly Finding[]> => {
  const metadata = config.scrapeConfigs.some(({ entry }) => entry.structuredMetadata)
  const findings: Finding[] = []
  for (const options of config.clients) {
    const loki = new LokiAsker(options, { clock, log, stop })
    findings.push(...(await examineLoki(loki, options, metadata)))
    await loki.close()
  }
  return findings
}

/** Looks at everything the agent needs, one thing after another, and changes nothing anywhere. */
export const examine = async (examination: Examination): Promise<readonly Finding[]> => [
  ...(await examineClusters(examination)),
  ...(await examineClients(examination)),
  ...(await examineStore(examination)),
  ...(examination.config.wal === null ? [] : await examineWal(examination.config.wal)),
]
