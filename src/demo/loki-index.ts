import type { Labels } from '../entry/entry.ts'
import type { Matcher } from '../logql/ast.ts'
import { streamTest } from '../logql/matchers.ts'
import { parseSelector } from '../logql/parse.ts'
import type { StoredEntry } from '../logql/pipeline.ts'
import { firstAfter } from '../logql/store.ts'
import { refused, success, type QueryAnswer } from './loki-answer.ts'
import { parseRange, parseStep, type TimeRange } from './loki-parameters.ts'
import type { QueryRequest } from './loki-query.ts'
import type { LokiStore } from './loki-store.ts'

/** A stream with its entries in the range; never none. */
export type FoundStream = { readonly labels: Labels; readonly entries: readonly StoredEntry[] }

export type FoundStreams = {
  readonly streams: readonly FoundStream[]
  readonly range: TimeRange
  /** Of all selectors. */
  readonly matchers: readonly Matcher[]
}

const HOUR_NS = 3_600_000_000_000n

/** Streams with an entry in the range that meet one of the selectors; all streams when there is none. */
export const findStreams = (
  store: LokiStore,
  request: QueryRequest,
  selectors: readonly string[],
): FoundStreams | { readonly error: string } => {
  const range = parseRange(request.query, request.nowNs, 6n * HOUR_NS)
  if ('error' in range) return range
  const { startNs, endNs } = range.value
  const wanted: (readonly Matcher[])[] = []
  for (const selector of selectors.filter((text) => text.trim() !== '' && text.trim() !== '{}')) {
    const parsed = parseSelector(selector)
    if (parsed.kind === 'error') return { error: parsed.problem.message }
    wanted.push(parsed.matchers)
  }
  const tests = wanted.map(streamTest)
  const streams: FoundStream[] = []
  for (const { labels, entries } of store.streams(request.tenant)) {
    if (tests.length > 0 && !tests.some((test) => test(labels))) continue
    const found = entries.slice(firstAfter(entries, startNs - 1n), firstAfter(entries, endNs))
    if (found.length > 0) streams.push({ labels, entries: found })
  }
  return { streams, range: range.value, matchers: wanted.flat() }
}

const labelQuery = (store: LokiStore, request: QueryRequest, label: string | null): QueryAnswer => {
  const found = findStreams(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  const values = new Set<string>()
  for (const { labels } of found.streams) {
    for (const [name, value] of Object.entries(labels)) {
      if (label === null) values.add(name)
      else if (label === name) values.add(value)
    }
  }
  return values.size === 0 ? { status: 200, json: { status: 'success' } } : success([...values].sort())
}

const seriesQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const selectors = [...request.query.getAll('match[]'), ...request.query.getAll('match')]
  const found = findStreams(store, request, selectors)
  return 'error' in found ? refused(found.error) : success(found.streams.map(({ labels }) => labels))
}

const sizeBytes = ({ line, metadata }: StoredEntry): number =>
  metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), Buffer.byteLength(line))

/** `index/stats`: what a query would have to read. */
const statsQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const found = findStreams(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  const entries = found.streams.reduce((sum, stream) => sum + stream.entries.length, 0)
  const bytes = found.streams
    .flatMap((stream) => stream.entries)
    .reduce((sum, { line }) => sum + Buffer.byteLength(line), 0)
  const streams = found.streams.length
  return { status: 200, json: { streams, chunks: streams, bytes, entries } }
}

type Volume = { readonly metric: Labels; bytes: number; readonly byStep: Map<bigint, number> }

/** The label sets that a stream's volume counts for. */
const volumeMetrics = (labels: Labels, request: QueryRequest, matchers: readonly Matcher[]): readonly Labels[] => {
  const targets = (request.query.get('targetLabels') ?? '').split(',').filter((name) => name !== '')
  const names = targets.length > 0 ? targets : matchers.map(({ name }) => name)
  const shown = Object.entries(labels).filter(([name]) => names.length === 0 || names.includes(name))
  if (request.query.get('aggregateBy') === 'labels') return shown.map(([name]) => ({ [name]: '' }))
  return [Object.fromEntries(shown)]
}

const volumes = (found: FoundStreams, request: QueryRequest, stepNs: bigint): readonly Volume[] => {
  const byMetric = new Map<string, Volume>()
  for (const { labels, entries } of found.streams) {
    for (const metric of volumeMetrics(labels, request, found.matchers)) {
      const key = JSON.stringify(metric)
      const volume = byMetric.get(key) ?? { metric, bytes: 0, byStep: new Map<bigint, number>() }
      byMetric.set(key, volume)
      for (const entry of entries) {
        const size = sizeBytes(entry)
        const step = entry.timestampNs - (entry.timestampNs % stepNs)
        volume.bytes += size
        volume.byStep.set(step, (volume.byStep.get(step) ?? 0) + size)
      }
    }
  }
  const limit = Number(request.query.get('limit') ?? '') || 100
  return [...byMetric.values()].sort((a, b) => b.bytes - a.bytes).slice(0, limit)
}

const seconds = (timeNs: bigint): number => Number(timeNs / 1_000_000n) / 1000

/** `index/volume` and `index/volume_range`: bytes by label set, the largest first. */
const volumeQuery = (store: LokiStore, request: QueryRequest, isRange: boolean): QueryAnswer => {
  const found = findStreams(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  const step = parseStep(request.query.get('step') ?? '', found.range)
  if ('error' in step) return refused(step.error)
  const result = volumes(found, request, step.value).map(({ metric, bytes, byStep }) =>
    isRange
      ? {
          metric,
          values: [...byStep].sort(([a], [b]) => (a < b ? -1 : 1)).map(([at, size]) => [seconds(at), `${size}`]),
        }
      : { metric, value: [seconds(found.range.endNs), `${bytes}`] },
  )
  return success({ resultType: isRange ? 'matrix' : 'vector', result, stats: {} })
}

const LABEL_VALUES = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/

/** Answers a question that the index of streams can answer; null: it is none. */
export const answerIndex = (store: LokiStore, request: QueryRequest): QueryAnswer | null => {
  switch (request.path) {
    case '/loki/api/v1/labels':
    case '/loki/api/v1/label':
      return labelQuery(store, request, null)
    case '/loki/api/v1/series':
      return seriesQuery(store, request)
    case '/loki/api/v1/index/stats':
      return statsQuery(store, request)
    case '/loki/api/v1/index/volume':
    case '/loki/api/v1/index/volume_range':
      return volumeQuery(store, request, request.path.endsWith('_range'))
  }
  const label = LABEL_VALUES.exec(request.path)?.[1]
  return label === undefined ? null : labelQuery(store, request, label)
}
