import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { KubeClient } from './client.ts'
import { CredentialRenewal } from './credential-renewal.ts'
import { eventPaths } from './event-path.ts'
import { owedRules } from './owed.ts'
import type { ScopePosition } from './position.ts'
import type { ScopeStatus } from './scope-status.ts'
import { Scope } from './scope.ts'
import type { SourceMetrics } from './source-metrics.ts'
import { type SourceOptions, type SourceSink, watchedScopes } from './source.ts'

/** A saved position, with what else was known of it. */
export type ResumePosition = ScopePosition & {
  /** Wall clock at which it was known to be complete, to measure a gap across runs. */
  readonly lastCurrentMs?: number
  /** The newest revision of the store that was seen; absent: none beyond `watched`. */
  readonly seen?: string
}

export type KubeSourceOptions = {
  readonly jobName: string
  readonly source: SourceOptions
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SourceMetrics
  readonly sink: SourceSink
  /** By scope. Null, or a scope that is not in it: the start policy decides. */
  readonly resume: Readonly<Record<string, ResumePosition>> | null
  /** In [0, 1); for jitter. */
  readonly random: () => number
}

/** Reads the events of one job: a machine for each scope. */
export type Source = {
  /** Begins to watch; call it once. */
  start(): void
  /** Reads nothing more; resolves when nothing will be given to the sink any more. */
  stop(): Promise<void>
  status(): readonly ScopeStatus[]
}

const positionOf = ({ epoch, watched, active, pending }: ScopePosition): ScopePosition => ({
  epoch,
  watched,
  active,
  pending,
})

/** Nothing is requested before `start`. */
export const createSource = (options: KubeSourceOptions): Source => {
  const { source, resume, client, clock, jobName, metrics, log } = options
  const renewal = new CredentialRenewal(client, clock)
  const stopped = new AbortController()
  // Every scope listens to it, and Node takes more than ten listeners for a leak.
  setMaxListeners(0, stopped.signal)
  const scopes = watchedScopes(source.namespaces).map((scope) => {
    const saved = resume !== null && Object.hasOwn(resume, scope) ? resume[scope] : undefined
    return new Scope({
      scope,
      paths: eventPaths(scope, source),
      start: source.start,
      resume: saved === undefined ? null : positionOf(saved),
      seen: saved?.seen ?? '0',
      lastCurrentMs: saved?.lastCurrentMs ?? null,
      client,
      renewal,
      clock,
      log: log.with({ component: 'source', job: jobName, scope }),
      metrics: metrics.of(jobName, scope),
      sink: options.sink,
      rules: owedRules,
      random: options.random,
    })
  })
  let running: Promise<unknown> = Promise.resolve()
  return {
    start: () => {
      running = Promise.all(scopes.map((scope) => scope.run(stopped.signal)))
    },
    stop: async () => {
      stopped.abort()
      await running
    },
    status: () => scopes.map((scope) => scope.status()),
  }
}
