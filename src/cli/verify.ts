import { Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import { clusterKey, openClusters } from '../clusters.ts'
import { formatConfigErrors } from '../config/config-error.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import type { KubeClient } from '../kube/client.ts'
import { createLog } from '../log.ts'
import { QueryClient } from '../loki/query-client.ts'
import { userAgent } from '../version.ts'
import { verifyJob, type Window } from '../verify/verify-job.ts'
import type { LoadRequest } from './argv.ts'
import type { ExitCode, Output } from './output.ts'
import { isComplete, type Row, verifyJson, verifyTable } from './verify-report.ts'

export type VerifyFlags = {
  readonly load: LoadRequest
  /** How far back, by the timestamps of entries. */
  readonly sinceMs: number
  readonly format: 'table' | 'json'
}

export type VerifySurroundings = {
  readonly clock: Clock
  readonly environment: Environment
  readonly output: Output
  readonly stop: AbortSignal
}

/** Events ahead of the clock by less than this are taken by Loki (`creation_grace_period`), so they are looked for. */
const AHEAD_MS = 660_000

const windowOf = (nowMs: number, sinceMs: number): Window => ({
  startNs: BigInt(Math.floor(nowMs - sinceMs)) * 1_000_000n,
  endNs: BigInt(Math.floor(nowMs + AHEAD_MS)) * 1_000_000n,
})

type Comparing = VerifySurroundings & { readonly config: Config; readonly window: Window }

/** Every scrape config against every client, one after another: it is nobody's hurry, and memory is bounded. */
const compareAll = async (comparing: Comparing, kubeOf: (key: string) => KubeClient): Promise<readonly Row[]> => {
  const { config, clock, stop, window, output } = comparing
  const rows: Row[] = []
  const log = createLog({ level: 'warn', format: config.server.logFormat, clock, write: output.err })
  for (const options of config.clients) {
    const loki = new QueryClient(options, { clock, log, userAgent })
    for (const job of config.scrapeConfigs) {
      const kube = kubeOf(clusterKey(job.connection))
      const outcome = await verifyJob({ job, kube, options, loki, window, clock, stop })
      rows.push({ job: job.jobName, client: options.name, outcome })
    }
    await loki.close()
  }
  return rows
}

/** `verify`: whether everything that can still be read is in Loki once. 0: it is; 1: it is not, or could not be told. */
export const verify = async (flags: VerifyFlags, surroundings: VerifySurroundings): Promise<ExitCode> => {
  const { clock, environment, output } = surroundings
  const loaded = loadConfig({ ...flags.load, environment })
  if (loaded.kind === 'invalid') {
    output.err(formatConfigErrors(loaded.errors))
    return 2
  }
  const { config } = loaded
  const log = createLog({ level: 'warn', format: config.server.logFormat, clock, write: output.err })
  const opened = await openClusters(config.scrapeConfigs, { clock, log, registry: new Registry() })
  if (opened.kind === 'error') {
    output.err(`${opened.why}\n`)
    return 1
  }
  const { clusters } = opened
  const kubeOf = (key: string): KubeClient => {
    const cluster = clusters.get(key)
    if (cluster === undefined) throw new Error('a scrape config without a cluster')
    return cluster.client
  }
  try {
    const window = windowOf(clock.now(), flags.sinceMs)
    const rows = await compareAll({ ...surroundings, config, window }, kubeOf)
    output.out(flags.format === 'json' ? verifyJson(rows, window) : verifyTable(rows))
    return rows.every(isComplete) ? 0 : 1
  } finally {
    for (const { client, connection } of clusters.values()) {
      await client.close()
      connection.close()
    }
  }
}
