import { CurrentTimes } from './current-times.ts'
import { CursorKeeper } from './cursor-keeper.ts'
import type { Disk } from './disk.ts'
import { Feed } from './feed.ts'
import type { WalJob } from './judge.ts'
import { LaneTable } from './lane-table.ts'
import type { DirectoryLock } from './lock.ts'
import { LogReader } from './log-reader.ts'
import type { OpenWalParts } from './open-wal.ts'
import type { Recovered } from './recovery.ts'
import { Retention } from './retention.ts'
import { SegmentLog } from './segment-log.ts'
import { StreamRegister } from './stream-register.ts'
import { Tail } from './tail.ts'
import type { WalMetrics } from './wal-metrics.ts'
import { type LaneStart, WalOutbox } from './wal-outbox.ts'

/** Newest records in memory. */
const TAIL_BYTES = 4 * 1024 * 1024

type Parts = OpenWalParts & { readonly disk: Disk; readonly metrics: WalMetrics; readonly lock: DirectoryLock }

/** What the writing end and the feeds tell the outbox, which is built after them. */
type Hooks = { outbox: WalOutbox | null }

const createFeeds = (
  { disk, options, sinks, onBroken, isDurableFirst = false }: Parts,
  { id, scanned }: Recovered,
  { segmentLog, hooks }: { readonly segmentLog: SegmentLog; readonly hooks: Hooks },
): { readonly tail: Tail; readonly feeds: readonly Feed[] } => {
  const tail = new Tail(TAIL_BYTES)
  const feeds = sinks.map(({ client, required }) => {
    const start = scanned.places.get(client.name)
    if (start === undefined) throw new Error(`client ${client.name} was not looked for`)
    const { holes, restarts } = scanned
    const { directory } = options
    return new Feed({
      client,
      required,
      isDurableFirst,
      log: segmentLog,
      tail,
      start,
      restarts,
      reader: new LogReader({ disk, directory, id, log: segmentLog, holes, positions: start.positions }),
      onSettled: () => hooks.outbox?.settled(),
      onDamaged: onBroken,
    })
  })
  return { tail, feeds }
}

const startsOf = (jobs: readonly WalJob[], id: string): ReadonlyMap<string, LaneStart> =>
  new Map(
    jobs.map(({ scope, saved }) => {
      const isConfirmed = saved === null || saved.wal?.id === id
      return [scope.job, { job: scope, isConfirmed, acknowledgedIndex: saved?.wal?.acknowledgedIndex ?? 0 }]
    }),
  )

const expose = (metrics: WalMetrics, log: SegmentLog, feeds: readonly Feed[]): void => {
  const required = feeds.filter((feed) => feed.required)
  metrics.observe(() => {
    const needed = log.facts.filter(({ lastIndex }) => required.some((feed) => feed.settledIndex < lastIndex))
    const times = needed.map(({ oldestMs }) => oldestMs).filter((ms) => ms !== null)
    return {
      sizeBytes: log.sizeBytes,
      segments: log.facts.length,
      oldestEntryMs: times.length === 0 ? null : Math.min(...times),
      clients: feeds.map(({ name, backlog }) => ({ client: name, backlog })),
    }
  })
}

/** Puts the parts of a log together; nothing happens before its `start`. */
export const assemble = (parts: Parts, recovered: Recovered): WalOutbox => {
  const { disk, clock, log, metrics, options, jobs, onDropped, lock } = parts
  const { directory, segmentBytes, maxBytes, fsync } = options
  const { id, scanned, segment } = recovered
  const hooks: Hooks = { outbox: null }
  const lanes = new LaneTable(scanned.lanes, scanned.positions, scanned.listed)
  const streams = new StreamRegister()
  streams.restore(scanned.streams)
  const segmentLog = new SegmentLog({
    ...{ disk, directory, id, segmentBytes, fsync, clock, log, metrics, segment },
    ...{ facts: scanned.facts, index: scanned.index, isDamaged: scanned.damages.length > 0 },
    head: () => ({ lanes: lanes.heads(), streams: streams.all() }),
    onClosing: () => hooks.outbox?.closing(),
    onSynced: () => hooks.outbox?.synced(),
  })
  const { tail, feeds } = createFeeds(parts, recovered, { segmentLog, hooks })
  const times = new CurrentTimes()
  const keeper = new CursorKeeper({ disk, directory, id, clock, feeds, logger: log, log: segmentLog, times })
  const retention = new Retention({
    ...{ disk, directory, feeds, keeper, maxBytes, segmentBytes, onDropped },
    ...{ log: segmentLog, logger: log, doubtfulIndex: scanned.damages.length === 0 ? 0 : scanned.index },
  })
  hooks.outbox = new WalOutbox({
    ...{ id, log: segmentLog, tail, feeds, lanes, streams, retention, keeper, times, lock, clock },
    starts: startsOf(jobs, id),
    isDoubtful: (lane) => scanned.positions.isDoubtful(lane),
    acknowledgedIndex: recovered.acknowledgedIndex,
    lastLostIndex: scanned.lastLostIndex,
    currentMs: recovered.currentMs,
  })
  expose(metrics, segmentLog, feeds)
  return hooks.outbox
}
