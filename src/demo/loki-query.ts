import type { Query } from '../logql/ast.ts'
import { evaluateInstant, evaluateLines, evaluateRange } from '../logql/evaluate.ts'
import { parseQuery } from '../logql/parse.ts'
import { instantAnswer, linesAnswer, rangeAnswer, refused, type QueryAnswer } from './loki-answer.ts'
import { answerDetected } from './loki-detected.ts'
import { answerIndex } from './loki-index.ts'
import {
  lengthProblem,
  parseDirection,
  parseInstant,
  parseInterval,
  parseLimit,
  parseRange,
  parseStep,
  type Parsed,
  type TimeRange,
} from './loki-parameters.ts'
import type { LokiStore } from './loki-store.ts'

export type QueryRequest = {
  readonly path: string
  readonly query: URLSearchParams
  readonly tenant: string
  readonly nowNs: bigint
  /** `X-Loki-Response-Encoding-Flags`. */
  readonly encodingFlags: string
}

const HOUR_NS = 3_600_000_000_000n

const NO_LINES_AT_ONCE =
  'log queries are not supported as an instant query type, please change your query to a range query type'

const instantQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const time = parseInstant(request.query.get('time') ?? '', request.nowNs)
  if ('error' in time) return refused(time.error)
  const limit = parseLimit(request.query.get('limit') ?? '')
  if ('error' in limit) return refused(limit.error)
  const parsed = parseQuery(request.query.get('query') ?? '')
  if (parsed.kind === 'error') return refused(parsed.problem.message)
  if (parsed.query.kind === 'log') return refused(NO_LINES_AT_ONCE)
  const at = { timeNs: time.value, by: 'frontend' } as const
  return instantAnswer(evaluateInstant(store.source(request.tenant), parsed.query, at), time.value)
}

type RangeParameters = TimeRange & {
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  readonly stepNs: bigint
  readonly intervalNs: bigint
}

const rangeParameters = (request: QueryRequest): Parsed<RangeParameters> => {
  const get = (name: string): string => request.query.get(name) ?? ''
  const range = parseRange(request.query, request.nowNs, HOUR_NS)
  if ('error' in range) return range
  if (range.value.endNs < range.value.startNs) {
    return { error: 'end timestamp must not be before or equal to start time' }
  }
  const limit = parseLimit(get('limit'))
  if ('error' in limit) return limit
  const direction = parseDirection(get('direction'))
  if ('error' in direction) return direction
  const step = parseStep(get('step'), range.value)
  if ('error' in step) return step
  const interval = parseInterval(get('interval'))
  if ('error' in interval) return interval
  const [stepNs, intervalNs] = [step.value, interval.value]
  return { value: { ...range.value, limit: limit.value, direction: direction.value, stepNs, intervalNs } }
}

const evaluated = (store: LokiStore, request: QueryRequest, query: Query, parameters: RangeParameters): QueryAnswer => {
  const source = store.source(request.tenant)
  if (query.kind !== 'log') return rangeAnswer(evaluateRange(source, query, { ...parameters, by: 'frontend' }))
  const categorize = request.encodingFlags.split(',').includes('categorize-labels')
  return linesAnswer(evaluateLines(source, query, parameters), categorize)
}

const rangeQuery = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const parameters = rangeParameters(request)
  if ('error' in parameters) return refused(parameters.error)
  const parsed = parseQuery(request.query.get('query') ?? '')
  if (parsed.kind === 'error') return refused(parsed.problem.message)
  const tooLong = lengthProblem(parameters.value)
  return tooLong === null ? evaluated(store, request, parsed.query, parameters.value) : refused(tooLong)
}

const ROUTES: ReadonlyMap<string, (store: LokiStore, request: QueryRequest) => QueryAnswer> = new Map([
  ['/loki/api/v1/query', instantQuery],
  ['/loki/api/v1/query_range', rangeQuery],
])

/** Answers a read of Loki's HTTP API. */
export const answerQuery = (store: LokiStore, request: QueryRequest): QueryAnswer =>
  ROUTES.get(request.path)?.(store, request) ??
  answerIndex(store, request) ??
  answerDetected(store, request) ?? { status: 404, text: '404 page not found' }
