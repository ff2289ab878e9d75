import type { LogQuery, Stage } from '../logql/ast.ts'
import { evaluateLines } from '../logql/evaluate.ts'
import { parseByteCount } from '../logql/byte-count.ts'
import { parseGoDuration } from '../logql/duration.ts'
import { parseGoFloat } from '../logql/go-float.ts'
import { parseQuery } from '../logql/parse.ts'
import type { ProcessedEntry } from '../logql/pipeline.ts'
import { refused, type QueryAnswer } from './loki-answer.ts'
import { findStreams } from './loki-index.ts'
import { parseRange } from './loki-parameters.ts'
import type { QueryRequest } from './loki-query.ts'
import type { LokiStore } from './loki-store.ts'

const HOUR_NS = 3_600_000_000_000n
const MAX_LINES = 1000
const MAX_FIELDS = 1000

/** `detected_labels`: the labels of the streams with how many values each has. */
const detectedLabels = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const found = findStreams(store, request, request.query.getAll('query'))
  if ('error' in found) return refused(found.error)
  const values = new Map<string, Set<string>>()
  for (const { labels } of found.streams) {
    for (const [name, value] of Object.entries(labels)) values.set(name, (values.get(name) ?? new Set()).add(value))
  }
  const labels = [...values].map(([label, { size }]) => ({ label, cardinality: size }))
  return { status: 200, json: { detectedLabels: labels.sort((a, b) => (a.label < b.label ? -1 : 1)) } }
}

type Field = { readonly values: Set<string>; readonly parsers: Set<string> }

/** The first that all values are of. */
const TYPES: readonly (readonly [name: string, test: (value: string) => boolean])[] = [
  ['int', (value) => /^[-+]?\d+$/.test(value)],
  ['float', (value) => parseGoFloat(value).kind === 'ok'],
  ['boolean', (value) => /^(?:true|false)$/i.test(value)],
  ['duration', (value) => parseGoDuration(value).kind === 'ok'],
  ['bytes', (value) => parseByteCount(value).kind === 'ok'],
]

const typeOf = (values: ReadonlySet<string>): string =>
  TYPES.find(([, test]) => [...values].every(test))?.[0] ?? 'string'

const PARSERS: Readonly<Record<'json' | 'logfmt', Stage>> = {
  json: { kind: 'json', extractions: [], from: 0, to: 0 },
  logfmt: { kind: 'logfmt', strict: false, keepEmpty: false, extractions: [], from: 0, to: 0 },
}

const note = (fields: Map<string, Field>, name: string, value: string, parser: string | null): void => {
  const field = fields.get(name) ?? { values: new Set<string>(), parsers: new Set<string>() }
  if (fields.size >= MAX_FIELDS && !fields.has(name)) return
  fields.set(name, field)
  field.values.add(value)
  if (parser !== null) field.parsers.add(parser)
}

type Sampled = { readonly fields: ReadonlyMap<string, Field> } | { readonly error: string }

const noteEntries = (
  fields: Map<string, Field>,
  entries: readonly ProcessedEntry[],
  parser: 'json' | 'logfmt',
): void => {
  for (const entry of entries) {
    if ((/^\s*\{/.test(entry.line) ? 'json' : 'logfmt') !== parser) continue
    for (const [name, value] of Object.entries(entry.metadata)) note(fields, name, value, null)
    for (const [name, value] of Object.entries(entry.parsed)) {
      if (!name.startsWith('__')) note(fields, name, value, parser)
    }
  }
}

/** The fields of the newest lines: of their metadata, and what a parser finds in them. */
const sampledFields = (store: LokiStore, request: QueryRequest): Sampled => {
  const range = parseRange(request.query, request.nowNs, HOUR_NS)
  if ('error' in range) return range
  const parsed = parseQuery(request.query.get('query') ?? '')
  if (parsed.kind === 'error') return { error: parsed.problem.message }
  if (parsed.query.kind !== 'log') return { error: 'only log queries have fields' }
  const fields = new Map<string, Field>()
  for (const parser of ['json', 'logfmt'] as const) {
    const query: LogQuery = { ...parsed.query, stages: [...parsed.query.stages, PARSERS[parser]] }
    const window = { ...range.value, limit: MAX_LINES, direction: 'backward', intervalNs: 0n } as const
    const outcome = evaluateLines(store.source(request.tenant), query, window)
    if (outcome.kind === 'error') return { error: outcome.message }
    noteEntries(fields, outcome.entries, parser)
  }
  return { fields }
}

/** `detected_fields`, as Grafana's Logs Drilldown asks. */
const detectedFields = (store: LokiStore, request: QueryRequest): QueryAnswer => {
  const sampled = sampledFields(store, request)
  if ('error' in sampled) return refused(sampled.error)
  const fields = [...sampled.fields].map(([label, { values, parsers }]) => ({
    label,
    type: typeOf(values),
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers],
  }))
  return { status: 200, json: { fields, limit: MAX_FIELDS } }
}

const FIELD_VALUES = /^\/loki\/api\/v1\/detected_field\/([^/]+)\/values$/

/** Answers what Grafana asks about labels and fields; null: another question. */
export const answerDetected = (store: LokiStore, request: QueryRequest): QueryAnswer | null => {
  if (request.path === '/loki/api/v1/detected_labels') return detectedLabels(store, request)
  if (request.path === '/loki/api/v1/detected_fields') return detectedFields(store, request)
  const name = FIELD_VALUES.exec(request.path)?.[1]
  if (name === undefined) return null
  const sampled = sampledFields(store, request)
  if ('error' in sampled) return refused(sampled.error)
  const values = [...(sampled.fields.get(name)?.values ?? [])].sort()
  return { status: 200, json: { values, limit: MAX_FIELDS } }
}
