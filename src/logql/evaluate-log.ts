import type { Labels } from '../entry/entry.ts'
import type { LogQuery } from './ast.ts'
import { compileLog } from './compile-log.ts'
import { streamTest } from './matchers.ts'
import type { ProcessedEntry } from './pipeline.ts'
import { firstAfter, type QueriedStream, type StreamSource } from './store.ts'

export type LogWindow = {
  /** Inclusive. */
  readonly startNs: bigint
  /** Exclusive. */
  readonly endNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  /** Entries closer than this to the one before are left out; 0: none are. */
  readonly intervalNs: bigint
}

/** The entries of one stream behind the stages, one at a time, in the direction of the query. */
type Cursor = { entry: ProcessedEntry; readonly advance: () => ProcessedEntry | null }

/** Of entries of one stream and time that the stages made equal, Loki shows one (pkg/iter/entry_iterator.go). */
const isSame = (a: ProcessedEntry, b: ProcessedEntry): boolean =>
  a.line === b.line && sameLabels(a.metadata, b.metadata) && sameLabels(a.parsed, b.parsed)

const sameLabels = (a: Labels, b: Labels): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
}

const cursorOf = (
  stream: QueriedStream,
  window: LogWindow,
  process: (entry: QueriedStream['entries'][number]) => ProcessedEntry | null,
): (() => ProcessedEntry | null) => {
  const { entries } = stream
  const isForward = window.direction === 'forward'
  const from = firstAfter(entries, window.startNs - 1n)
  const to = firstAfter(entries, window.endNs - 1n)
  let next = isForward ? from : to - 1
  let sameTime: ProcessedEntry[] = []
  return () => {
    while (next >= from && next < to) {
      const entry = entries[next]
      next += isForward ? 1 : -1
      const processed = entry === undefined ? null : process(entry)
      if (processed === null) continue
      if (sameTime[0]?.timestampNs !== processed.timestampNs) sameTime = []
      if (sameTime.some((earlier) => isSame(earlier, processed))) continue
      sameTime.push(processed)
      return processed
    }
    return null
  }
}

/** A binary heap of cursors would save little: streams are few, and the limit ends the walk. */
const nextOf = (cursors: readonly Cursor[], isForward: boolean): Cursor | undefined => {
  let best: Cursor | undefined
  for (const cursor of cursors) {
    if (best === undefined) best = cursor
    else if (isForward && cursor.entry.timestampNs < best.entry.timestampNs) best = cursor
    else if (!isForward && cursor.entry.timestampNs > best.entry.timestampNs) best = cursor
  }
  return best
}

const merged = function* (cursors: Cursor[], isForward: boolean): Generator<ProcessedEntry> {
  for (let cursor = nextOf(cursors, isForward); cursor !== undefined; cursor = nextOf(cursors, isForward)) {
    yield cursor.entry
    const following = cursor.advance()
    if (following === null) cursors.splice(cursors.indexOf(cursor), 1)
    else cursor.entry = following
  }
}

const HOUR_NS = 3_600_000_000_000n

/** Loki cuts a query by the hour, and each part begins with its own first entry. */
const isTooClose = (a: bigint, b: bigint, intervalNs: bigint): boolean =>
  (a < b ? b - a : a - b) < intervalNs && a / HOUR_NS === b / HOUR_NS

/** All labels of an entry, what the stages made of it before what it came with. */
export const entryLabels = ({ stream, metadata, parsed }: ProcessedEntry): Labels =>
  Object.fromEntries(
    [...new Map([...Object.entries(stream), ...Object.entries(metadata), ...Object.entries(parsed)])].sort(
      ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0),
    ),
  )

/** The first `limit` entries over all streams in the order of the query (Loki pkg/logql/engine.go, readStreams). */
export const evaluateLog = (source: StreamSource, query: LogQuery, window: LogWindow): readonly ProcessedEntry[] => {
  const matches = streamTest(query.matchers)
  const pipeline = compileLog(query, { kind: 'all' })
  const cursors: Cursor[] = []
  for (const stream of source.streams()) {
    if (!matches(stream.labels)) continue
    const advance = cursorOf(stream, window, pipeline.forStream(stream.labels))
    const entry = advance()
    if (entry !== null) cursors.push({ entry, advance })
  }
  const found: ProcessedEntry[] = []
  let last: ProcessedEntry | undefined
  for (const entry of merged(cursors, window.direction === 'forward')) {
    if (last !== undefined && isTooClose(last.timestampNs, entry.timestampNs, window.intervalNs)) continue
    last = entry
    found.push(entry)
    if (found.length >= window.limit) break
  }
  return found
}
