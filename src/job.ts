import { JobTally } from './accounting.ts'
import type { Clock } from './clock.ts'
import type { ScrapeConfig } from './config/config.ts'
import type { EnrichmentAtWork } from './enrich/open-enrichment.ts'
import { createConverter, type Converter } from './entry/convert.ts'
import { Intake } from './intake.ts'
import type { KubeClient } from './kube/client.ts'
import { type Cursor, type CursorScope, encodeCursor, namespaceScope, type ScopeMark } from './kube/cursor.ts'
import { createSource, type ResumePosition, type Source } from './kube/kube-source.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceMetrics } from './kube/source-metrics.ts'
import { watchedScopes } from './kube/source.ts'
import type { Log } from './log.ts'
import type { Lane, Outbox } from './outbox.ts'
import { createProcessor } from './processor.ts'
import type { Inspect } from './stages/stage.ts'
import type { StageMetrics } from './stages/stage-metrics.ts'
import { createThrottle } from './throttle/throttle.ts'

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
  /** Events that wait for what is looked up about them; no client was offered them. */
  waiting(): number
  /** The text to save under `cursorKey`. */
  cursor(savedAtMs: number): string
}

export type JobParts = {
  readonly config: ScrapeConfig
  readonly cluster: string
  readonly client: KubeClient
  readonly saved: Cursor | null
  readonly outbox: Outbox
  /** Null: nothing is looked up. */
  readonly enrichment: EnrichmentAtWork | null
  /** A frame was dropped: nothing could be made of it. */
  readonly onUnshippable: () => void
  readonly metrics: SourceMetrics
  readonly stageMetrics: StageMetrics
  readonly inspect?: Inspect | undefined
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

/** A namespace may have any name, `constructor` too. */
const ownOf = <T>(byScope: Readonly<Record<string, T>> | undefined, scope: string): T | undefined =>
  byScope !== undefined && Object.hasOwn(byScope, scope) ? byScope[scope] : undefined

const openLanes = ({ config, saved, outbox }: JobParts): ReadonlyMap<string, Lane> =>
  new Map(
    watchedScopes(config.source.namespaces).map((scope) => [
      scope,
      outbox.openLane(config.jobName, scope, ownOf(saved?.positions, scope) ?? null),
    ]),
  )

/** Where each lane's source goes on; a lane without a position begins as the start policy says. */
const resumeFrom = (
  lanes: ReadonlyMap<string, Lane>,
  { outbox, saved }: JobParts,
): Readonly<Record<string, ResumePosition>> | null => {
  const positions: Record<string, ResumePosition> = {}
  for (const lane of lanes.values()) {
    const position = outbox.resume(lane)
    const mark = ownOf(saved?.marks, lane.scope)
    const lastCurrentMs = Math.max(outbox.currentMs(lane) ?? 0, mark?.currentMs ?? saved?.savedAtMs ?? 0)
    if (position === null) continue
    positions[lane.scope] = {
      ...position,
      ...(mark !== undefined && { seen: mark.seen }),
      ...(lastCurrentMs > 0 && { lastCurrentMs }),
    }
  }
  return saved === null && Object.keys(positions).length === 0 ? null : positions
}

const settledPositions = (lanes: Iterable<Lane>, outbox: Outbox): Readonly<Record<string, ScopePosition>> => {
  const settled: Record<string, ScopePosition> = {}
  for (const lane of lanes) {
    const position = outbox.acknowledged(lane)
    if (position !== null) settled[lane.scope] = position
  }
  return settled
}

const marksOf = (source: Source): Readonly<Record<string, ScopeMark>> =>
  Object.fromEntries(
    source
      .status()
      .filter(({ seen }) => seen !== '')
      .map(({ scope, seen, currentMs }) => [
        scope,
        { seen, currentMs: currentMs === null ? null : Math.max(0, Math.floor(currentMs)) },
      ]),
  )

/** Until when none of its watches missed anything; null: of one it is not known. */
const currentMsOf = (source: Source): number | null => {
  const known = source.status().map(({ currentMs }) => currentMs)
  return known.includes(null) ? null : Math.min(...known.map(Number))
}

/** The source with what is looked up beside it: begins before it, ends behind it, when nothing waits any more. */
const enriched = (source: Source, enrichment: EnrichmentAtWork | null): Source =>
  enrichment === null
    ? source
    : {
        status: () => source.status(),
        start: () => {
          enrichment.start()
          source.start()
        },
        stop: async () => {
          await source.stop()
          await enrichment.line.emptied()
          await enrichment.stop()
        },
      }

/** Builds the job; nothing is read before `source.start()`. */
export const createJob = (parts: JobParts): Job => {
  const { config, saved, clock, random, metrics, client, outbox, onUnshippable, enrichment } = parts
  const log = parts.log.with({ job: config.jobName })
  const converter = createConverter(config.entry, outbox.streams(config.jobName) ?? saved?.streams)
  outbox.keepStreams(config.jobName, () => converter.admitted())
  const tally = new JobTally()
  const lanes = openLanes(parts)
  const processor = createProcessor(config, { ...parts, metrics: parts.stageMetrics })
  const line = enrichment?.line ?? null
  const throttle = createThrottle(config.throttle)
  const sink = new Intake({
    ...{ outbox, lanes, converter, processor, throttle, line, clock, tally, log, onUnshippable },
  })
  const ownSource = createSource({
    jobName: config.jobName,
    source: config.source,
    client,
    clock,
    log,
    metrics,
    sink,
    resume: resumeFrom(lanes, parts),
    random,
  })
  const source = enriched(ownSource, enrichment)
  outbox.keepCurrent(config.jobName, () => currentMsOf(source))
  const scope = cursorScopeOf(config, parts.cluster)

  const positions = (): Readonly<Record<string, ScopePosition>> => settledPositions(lanes.values(), outbox)

  return {
    name: config.jobName,
    ...{ source, tally, converter, positions },
    outstanding: () => [...lanes.values()].reduce((sum, lane) => sum + outbox.outstanding(lane), line?.events ?? 0),
    waiting: () => line?.events ?? 0,
    cursor: (savedAtMs) => {
      const wal = outbox.mark()
      return encodeCursor({
        scope,
        positions: positions(),
        streams: converter.admitted(),
        oldestUnsettledMs: null,
        savedAtMs,
        marks: marksOf(source),
        ...(wal && { wal }),
      })
    },
  }
}
