import { matches, parseLogQuery, parseSelector, type Matcher } from './log-query.ts'
import { parseDirection, parseDurationNs, parseLimit, parseRange, type TimeRange } from './loki-parameters.ts'
import { select } from './loki-select.ts'
import type { LokiStore } from './loki-store.ts'
import type { LokiStream } from './loki-stream.ts'

export type QueryRequest = {
  readonly path: string
  readonly query: URLSearchParams
  readonly tenant: string
  readonly nowNs: bigint
  /** `X-Loki-Response-Encoding-Flags`. */
  readonly encodingFlags: string
}

/** JSON for a 200, plain text for everything else. */
export type QueryAnswer =
  { readonly status: 200; readonly json: unknown } | { readonly status: 400 | 404; readonly text: string }

const HOUR_NS = 3_600_000_000_000n

const refused = (text: string): QueryAnswer => ({ status: 400, text })

const success = (data: unknown): QueryAnswer => ({ status: 200, json: { status: 'success', data } })

/** Grafana's health check of a Loki data source, the only metric query that is known here. */
const HEALTH_CHECK = 'vector(1)+vector(1)'

const instantQuery = (_store: LokiStore, request: QueryRequest): QueryAnswer => {
  const text = request.query.get('query') ?? ''
  if (text.replace(/\s/g, '') === HEALTH_CHECK) {
    const value = [Number(request.nowNs / 1_000_000n) / 1000, '2']
    return success({ resultType: 'vector', result: [{ metric: {}, value }], stats: {} })
  }
  const parsed = parseLogQuery(text)
  if (parsed.kind === 'refused') return refused(parsed.text)
  return refused(
    'log queries are not supported as an instant query type, please change your query to a range query type',
  )
}

const rangeQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const get = (name: string): string => request.query.get(name) ?? ''
  const range = parseRange(request.query, request.nowNs, HOUR_NS)
  if ('error' in range) return refused(range.error)
  if (range.value.endNs <= range.value.startNs) {
    return refused('end timestamp must not be before or equal to start time')
  }
  const limit = parseLimit(get('limit'))
  if ('error' in limit) return refused(limit.error)
  const direction = parseDirection(get('direction'))
  if ('error' in direction) return refused(direction.error)
  const interval = get('interval') === '' ? { value: 0n } : parseDurationNs('interval', get('interval'))
  if ('error' in interval) return refused(interval.error)
  const parsed = parseLogQuery(get('query'))
  if (parsed.kind === 'refused') return refused(parsed.text)

  const categorize = request.encodingFlags.split(',').includes('categorize-labels')
  const result = select(store.streams(request.tenant), {
    query: parsed.query,
    ...range.value,
    limit: limit.value,
    direction: direction.value,
    intervalNs: interval.value,
    categorize,
  })
  const flags = categorize ? { encodingFlags: ['categorize-labels'] } : {}
  return success({ resultType: 'streams', ...flags, result, stats: {} })
}

/** Streams with an entry in the range that meet one of the selectors; all streams when there is none. */
const streamsOf = (
  store: LokiStore,
  request: QueryRequest,
  selectors: readonly string[],
): { readonly streams: readonly LokiStream[]; readonly range: TimeRange } | { readonly error: string } => {
  const range = parseRange(request.query, request.nowNs, 6n * HOUR_NS)
  if ('error' in range) return range
  const wanted: (readonly Matcher[])[] = []
  for (const selector of selectors.filter((text) => text !== '' && text !== '{}')) {
    const parsed = parseSelector(selector)
    if (parsed.kind === 'refused') return { error: parsed.text }
    wanted.push(parsed.query.matchers)
  }
  const streams = [...store.streams(request.tenant)].filter((stream) => {
    if (wanted.length > 0 && !wanted.some((matchers) => matches(matchers, stream.labels))) return false
    return stream.between(range.value.startNs, range.value.endNs + 1n).next().done !== true
  })
  return { streams, range: range.value }
}

const labelQuery = (store: LokiStore, request: QueryRequest, label: string | null): QueryAnswer => {
  const found = streamsOf(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  const values = new Set<string>()
  for (const { labels } of found.streams) {
    for (const [name, value] of labels) {
      if (label === null) values.add(name)
      else if (label === name) values.add(value)
    }
  }
  return values.size === 0 ? { status: 200, json: { status: 'success' } } : success([...values].sort())
}

const seriesQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const selectors = [...request.query.getAll('match[]'), ...request.query.getAll('match')]
  const found = streamsOf(store, request, selectors)
  if ('error' in found) return refused(found.error)
  return success(found.streams.map(({ labels }) => Object.fromEntries(labels)))
}

/** `index/stats`: what a query would have to read. */
const statsQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const found = streamsOf(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  let entries = 0
  let bytes = 0
  for (const stream of found.streams) {
    for (const { line } of stream.between(found.range.startNs, found.range.endNs + 1n)) {
      entries += 1
      bytes += Buffer.byteLength(line)
    }
  }
  const streams = found.streams.length
  return { status: 200, json: { streams, chunks: streams, bytes, entries } }
}

const LABEL_VALUES = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/

const ROUTES: ReadonlyMap<string, (store: LokiStore, request: QueryRequest) => QueryAnswer> = new Map([
  ['/loki/api/v1/query', instantQuery],
  ['/loki/api/v1/query_range', rangeQuery],
  ['/loki/api/v1/labels', (store: LokiStore, request: QueryRequest) => labelQuery(store, request, null)],
  ['/loki/api/v1/label', (store: LokiStore, request: QueryRequest) => labelQuery(store, request, null)],
  ['/loki/api/v1/series', seriesQuery],
  ['/loki/api/v1/index/stats', statsQuery],
])

/** Answers a read of Loki's HTTP API. */
export const answerQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const route = ROUTES.get(request.path)
  if (route !== undefined) return route(store, request)
  const label = LABEL_VALUES.exec(request.path)?.[1]
  if (label !== undefined) return labelQuery(store, request, label)
  return { status: 404, text: '404 page not found' }
}
