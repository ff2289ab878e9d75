import { JobTally } from './accounting.ts'
import type { Clock } from './clock.ts'
import type { ScrapeConfig } from './config/config.ts'
import { createConverter, type Converter } from './entry/convert.ts'
import { Intake, type Lane, type Lanes } from './intake.ts'
import type { KubeClient } from './kube/client.ts'
import { type Cursor, type CursorScope, encodeCursor, namespaceScope } from './kube/cursor.ts'
import { createSource, type ResumePosition, type Source } from './kube/kube-source.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceMetrics } from './kube/source-metrics.ts'
import { watchedScopes } from './kube/source.ts'
import type { Log } from './log.ts'
import type { LokiClient } from './loki/loki-client.ts'

/** One scrape config at work: its source, the entries it makes, and how far they are settled. */
export type Job = {
  readonly name: string
  readonly source: Source
  readonly tally: JobTally
  readonly converter: Converter
  /** Settled positions by scope: what may be saved. */
  positions(): Readonly<Record<string, ScopePosition>>
  /** Events that required clients have not settled. */
  outstanding(): number
  /** The text to save under `cursorKey`. */
  cursor(savedAtMs: number): string
}

export type JobParts = {
  readonly config: ScrapeConfig
  readonly cluster: string
  readonly client: KubeClient
  readonly saved: Cursor | null
  readonly lanes: Lanes
  /** A frame was dropped: nothing could be made of it. */
  readonly onUnshippable: () => void
  readonly clients: readonly LokiClient[]
  readonly metrics: SourceMetrics
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

/** Promtail keeps keys that begin with `cursor-`, and so do we. */
export const cursorKey = (jobName: string): string => `cursor-${jobName}`

/** What the job's cursor is about. */
export const cursorScopeOf = (config: ScrapeConfig, cluster: string): CursorScope => ({
  cluster,
  job: config.jobName,
  namespaces: namespaceScope(config.source.namespaces),
  fieldSelector: config.source.fieldSelector,
  labelSelector: config.source.labelSelector,
})

const openLanes = (parts: JobParts): ReadonlyMap<string, Lane & { readonly index: number }> => {
  const own = new Map<string, Lane & { readonly index: number }>()
  for (const scope of watchedScopes(parts.config.source.namespaces)) {
    const lane = parts.lanes.add(parts.config.jobName, scope)
    const saved = parts.saved?.positions[scope]
    if (saved !== undefined) lane.frontier.moved(saved)
    own.set(scope, lane)
  }
  return own
}

const resumeFrom = ({ positions, savedAtMs }: Cursor): Readonly<Record<string, ResumePosition>> =>
  Object.fromEntries(
    Object.entries(positions).map(([scope, position]) => [scope, { ...position, lastCurrentMs: savedAtMs }]),
  )

/** Builds the job; nothing is read before `source.start()`. */
export const createJob = (parts: JobParts): Job => {
  const { config, saved, clock, random, metrics, client } = parts
  const log = parts.log.with({ job: config.jobName })
  const converter = createConverter(config.entry, saved?.streams)
  const tally = new JobTally()
  const own = openLanes(parts)
  const { lanes, clients, onUnshippable } = parts
  const sink = new Intake({ lanes, own, clients, converter, tally, log, onUnshippable })
  const source = createSource({
    jobName: config.jobName,
    source: config.source,
    client,
    clock,
    log,
    metrics,
    sink,
    resume: saved === null ? null : resumeFrom(saved),
    random,
  })
  const scope = cursorScopeOf(config, parts.cluster)

  const positions = (): Readonly<Record<string, ScopePosition>> => {
    const settled: Record<string, ScopePosition> = {}
    for (const lane of own.values()) {
      const position = lane.frontier.position()
      if (position !== null) settled[lane.scope] = position
    }
    return settled
  }

  return {
    name: config.jobName,
    source,
    tally,
    converter,
    positions,
    outstanding: () => [...own.values()].reduce((sum, lane) => sum + lane.frontier.outstanding(), 0),
    cursor: (savedAtMs) =>
      encodeCursor({
        scope,
        positions: positions(),
        streams: converter.admitted(),
        oldestUnsettledMs: null,
        savedAtMs,
      }),
  }
}
