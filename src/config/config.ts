import type { Node } from 'yaml'
import type { EnrichOptions } from '../enrich/enrich-options.ts'
import type { EntryOptions } from '../entry/entry.ts'
import type { ElectionTiming } from '../kube/election-timing.ts'
import type { SourceOptions } from '../kube/source.ts'
import type { Level, LogFormat } from '../log.ts'
import type { ClientOptions, Secret, TlsOptions } from '../loki/client-options.ts'
import type { RelabelRule } from '../relabel/rule.ts'
import type { LineRate } from '../stages/limit.ts'
import type { StagePlan } from '../stages/stage.ts'
import type { ThrottleOptions } from '../throttle/throttle-options.ts'

/** How the API server is found. */
export type ConnectionOptions = {
  /** Path of a kubeconfig; '' = `KUBECONFIG`, else in-cluster, else ~/.kube/config. */
  readonly kubeconfig: string
  /** '' = the file's current context. */
  readonly context: string
}

export type ScrapeConfig = {
  readonly jobName: string
  readonly connection: ConnectionOptions
  readonly source: SourceOptions
  readonly entry: EntryOptions
  /** Null: nothing is looked up about the objects of events. */
  readonly enrich: EnrichOptions | null
  /** Null: nothing is kept back. */
  readonly throttle: ThrottleOptions | null
  /** `relabel_configs`. */
  readonly relabel: readonly RelabelRule[]
  /** `pipeline_stages`. */
  readonly stages: readonly StagePlan[]
  /** Both as the file has them, for printing; null: it has not. */
  readonly written: { readonly relabel: Node | null; readonly stages: Node | null }
}

/** `server.http_tls_config`: the pages over HTTPS. */
export type ServerTlsOptions = {
  readonly cert: Secret
  readonly key: Secret
  /** What clients are asked to show, as crypto/tls names it. */
  readonly clientAuth:
    | 'NoClientCert'
    | 'RequestClientCert'
    | 'RequireAnyClientCert'
    | 'VerifyClientCertIfGiven'
    | 'RequireAndVerifyClientCert'
  /** Whom the certificates of clients must be from; null: anybody. */
  readonly clientCa: Secret | null
  readonly minVersion: TlsOptions['minVersion']
}

export type ServerOptions = {
  readonly disable: boolean
  readonly httpListenAddress: string
  /** 0 = any free port (printed in the log). */
  readonly httpListenPort: number
  /** '' or a path with a leading and without a trailing slash. */
  readonly httpPathPrefix: string
  readonly logLevel: Level
  readonly logFormat: LogFormat
  /** false: `/ready` answers as soon as the process serves. */
  readonly healthCheckTarget: boolean
  /** How long open HTTP connections may take to finish at a stop. Promtail: 30 s. */
  readonly gracefulShutdownTimeoutMs: number
  /** Null: plain HTTP. */
  readonly tls: ServerTlsOptions | null
  /** `/reload` is there. */
  readonly enableRuntimeReload: boolean
  /** `/metrics` is there. */
  readonly registerInstrumentation: boolean
  /** Connections at a time, at least 1. */
  readonly connectionLimit: number
  /** Of a whole request; 0 = as long as it takes. */
  readonly readTimeoutMs: number
  readonly readHeaderTimeoutMs: number
  /** A connection on which nothing moves for so long is ended, in mid-answer too; 0 = never. */
  readonly stalledTimeoutMs: number
  /** Between two requests. */
  readonly idleTimeoutMs: number
}

/** Where cursors are kept. `auto` is resolved by the agent: the Lease in a cluster, the file outside. */
export type PositionsOptions = {
  readonly store: 'auto' | 'lease' | 'file' | 'none'
  readonly filename: string
  readonly syncPeriodMs: number
  /** Name and namespace of the agent's own Lease; '' namespace = the pod's own. */
  readonly lease: { readonly name: string; readonly namespace: string }
}

/** `wal:`, when it is enabled. */
export type WalOptions = {
  readonly directory: string
  /** What the segments may take on disk. */
  readonly maxBytes: number
  readonly segmentBytes: number
  /** False: a crash of the machine may lose what was written last; it is read again then. */
  readonly fsync: boolean
}

/** Two or more replicas, one of which ships. */
export type LeaderElectionOptions = { readonly enabled: boolean; readonly timing: ElectionTiming }

/** The whole configuration, every default applied. */
export type Config = {
  readonly server: ServerOptions
  readonly clients: readonly ClientOptions[]
  readonly positions: PositionsOptions
  readonly leaderElection: LeaderElectionOptions
  /** The write-ahead log; null: there is none. */
  readonly wal: WalOptions | null
  readonly scrapeConfigs: readonly ScrapeConfig[]
  /** The last stage of all of them, one bucket for all; null: lines per second are not limited. */
  readonly lineRate: LineRate | null
  /** At SIGTERM, how long queues may drain. 20 s; less than the pod's termination grace. */
  readonly drainTimeoutMs: number
  /** Between two heartbeats in Loki; 0: there are none. 1 min. */
  readonly heartbeatMs: number
}
