import { mkdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AgentProcess, startAgentProcess } from '../fixtures/agent-process.ts'
import { JOB, LEASE } from './durable.ts'

export type Setup = {
  readonly checkpoint: 'file' | 'lease'
  /** Leader election: after a kill the next process waits for the Lease to expire. Needs the Lease. */
  readonly elects: boolean
  readonly wal: boolean
  /** Nothing befalls the log: then nothing that is in it may be enriched anew. */
  readonly keepsWal?: boolean
  /** It looks up what events are about, from an API server that says now this and now that. */
  readonly enriches?: boolean
  /** The bundle to run. */
  readonly entry: string
}

/** What is in no log, or in one that something befalls, is looked up again after a kill, and may differ. */
export const mayEnrichAnew = ({ enriches = false, wal, keepsWal = false }: Setup): boolean =>
  enriches && !(wal && keepsWal)

/** An agent whose waits are short and whose batches are small: much happens in half a second. */
const config = (setup: Setup, lokiUrl: string): string => `
server: {disable: true, log_level: warn}
clients:
  - url: ${lokiUrl}
    external_labels: {cluster: chaos}
    timeout: 300ms
    batchsize: 8KB
    batchwait: 30ms
    linger: 5ms
    max_pushes_per_second: 200
    backoff_config: {min_period: 10ms, max_period: 60ms}
    ${setup.wal ? 'queue_bytes: 64KB' : ''}
positions:
  sync_period: 100ms
  ${setup.checkpoint === 'file' ? 'filename: positions/positions.yaml' : `lease: {namespace: ${LEASE.namespace}, name: ${LEASE.name}}`}
${setup.elects ? 'leader_election: {enabled: true, lease_duration: 2s, renew_deadline: 1500ms, retry_period: 100ms}' : ''}
${setup.wal ? 'wal: {enabled: true, dir: wal, max_bytes: 1MB, segment_bytes: 64KB}' : ''}
drain_timeout: 5s
scrape_configs:
  - job_name: ${JOB}
    kubernetes_events: {kubeconfig: kubeconfig.yaml${setup.enriches === true ? ', enrich: {owners: true, labels: [team], wait: 50ms, cache_ttl: 1s}' : ''}}
`

/** One agent's folder: configuration, checkpoint, write-ahead log. */
export class AgentHome {
  readonly #folder: string
  readonly #setup: Setup

  /** @param apiUrl of the API server. */
  constructor(folder: string, setup: Setup, at: { readonly apiUrl: string; readonly lokiUrl: string }) {
    this.#folder = folder
    this.#setup = setup
    for (const name of ['positions', 'wal']) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'eventail.yaml'), config(setup, at.lokiUrl))
    writeFileSync(
      join(folder, 'kubeconfig.yaml'),
      `{clusters: [{name: c, cluster: {server: "${at.apiUrl}"}}], users: [{name: u, user: {}}],
        contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
    )
  }

  get positionsFile(): string {
    return join(this.#folder, 'positions', 'positions.yaml')
  }

  get walFolder(): string {
    return join(this.#folder, 'wal')
  }

  start(): AgentProcess {
    return startAgentProcess({ args: ['-config.file=eventail.yaml'], cwd: this.#folder, entry: this.#setup.entry })
  }

  /** Hears of each change in the folders of checkpoint and write-ahead log. @returns what ends it. */
  onSave(listener: () => void): () => void {
    const watchers = ['positions', 'wal'].map((name) => watch(join(this.#folder, name), listener))
    return () => {
      for (const watcher of watchers) watcher.close()
    }
  }
}
