import { closest } from '../config/closest.ts'
import { HEARTBEAT_JOB, HEARTBEAT_KEYS, INDEX_LABELS, LINE_KEYS, METADATA_NAMES, OWNER_NAMES } from '../entry/names.ts'
import type { LogQuery, MetricQuery, Span, Stage } from '../logql/ast.ts'
import { operandsOf } from '../logql/operands.ts'
import { comparisonsOf, logsOf, nameOf, type RangeQuery, type VectorQuery } from './query-parts.ts'

/** Something wrong in a query, `from` an offset in its text. */
export type QueryFault = { readonly from: number; readonly message: string }

/** `cluster` is no label of an event, but every client is to have it among its external labels. */
const SELECTED: ReadonlySet<string> = new Set([...INDEX_LABELS, 'cluster', 'service_name'])
const ALWAYS: ReadonlySet<string> = new Set([...SELECTED, 'detected_level', '__error__', '__error_details__'])

/** Keys of a line with as many values as there are events, objects or moments. */
const UNBOUNDED: ReadonlySet<string> = new Set([
  ...['msg', 'message', 'count', 'first_seen', 'last_seen', 'event_time', 'series_count', 'series_last_seen', 'skewed'],
  ...['object_uid', 'object_rv', 'event', 'uid', 'rv', 'resourceVersion', 'truncated_bytes'],
])

/** `kind_extracted` is the value in the line where `kind` is a label, too. */
const plainName = (name: string): string => name.replace(/_extracted$/, '')

const hasJob = (log: LogQuery, job: string): boolean =>
  log.matchers.some(({ name, op, value }) => name === 'job' && op === '=' && value === job)

/** Names that a stage brings, or null when they cannot be told from the query. */
const namesFrom = (stage: Stage, lineKeys: readonly string[]): readonly string[] => {
  switch (stage.kind) {
    case 'json':
    case 'logfmt':
      return stage.extractions.length === 0 ? lineKeys : stage.extractions.map(({ label }) => label)
    case 'regexp':
      return [...stage.pattern.matchAll(/\(\?P?<(\w+)>/g)].map(([, name = '']) => name)
    case 'pattern':
      return [...stage.pattern.matchAll(/<(\w+)>/g)].map(([, name = '']) => name)
    case 'label_format':
      return stage.formats.map(({ to }) => to)
    case 'line_filter':
    case 'label_filter':
    case 'unpack':
    case 'line_format':
    case 'decolorize':
    case 'drop':
    case 'keep':
      return []
  }
}

type Names = { readonly has: (name: string) => boolean; readonly known: readonly string[] }

/** The labels that entries have behind all stages. */
const namesOf = (log: LogQuery): Names => {
  const isHeartbeat = hasJob(log, HEARTBEAT_JOB)
  const lineKeys: readonly string[] = isHeartbeat ? HEARTBEAT_KEYS : LINE_KEYS
  const brought = new Set(log.stages.flatMap((stage) => namesFrom(stage, lineKeys)))
  const known = new Set([...ALWAYS, ...(isHeartbeat ? [] : [...METADATA_NAMES, ...OWNER_NAMES]), ...brought])
  const parsesLines = brought.has('level') && !isHeartbeat
  return {
    has: (name) => known.has(name) || brought.has(plainName(name)) || (parsesLines && name.startsWith('annotations_')),
    known: [...known],
  }
}

const unknownLabel = (name: string, known: readonly string[]): string => {
  const meant = closest(name, known)
  if (meant !== null) return `${name} is no label of the entries: did you mean ${meant}?`
  return `${name} is no label of the entries: expected one of ${[...known].join(', ')}`
}

const selectorFaults = (log: LogQuery): readonly QueryFault[] =>
  log.matchers.flatMap(({ name }) => {
    if (SELECTED.has(name)) return []
    const isMetadata = METADATA_NAMES.some((one) => one === name)
    const message = isMetadata
      ? `${name} is structured metadata and no index label: expected it behind the selector, as in {job="..."} | ${name}="..."`
      : unknownLabel(name, [...SELECTED])
    return { from: log.from, message }
  })

const filterFaults = (log: LogQuery): readonly QueryFault[] => {
  const names = namesOf(log)
  return log.stages.flatMap((stage) => {
    if (stage.kind !== 'label_filter') return []
    return comparisonsOf(stage.filter)
      .filter((one) => !names.has(nameOf(one)))
      .map((one) => ({ from: stage.from, message: unknownLabel(nameOf(one), names.known) }))
  })
}

const unwrapFaults = ({ unwrap, log, from }: RangeQuery): readonly QueryFault[] => {
  const names = namesOf(log)
  if (unwrap === null || names.has(unwrap.label)) return []
  return [{ from, message: unknownLabel(unwrap.label, names.known) }]
}

/** What a grouping is wrong about: labels that are not there, and those with a value for each event. */
const groupingFaults = (
  labels: readonly string[],
  logs: readonly LogQuery[],
  { from }: Span,
): readonly QueryFault[] => {
  const names = logs.map(namesOf)
  return labels.flatMap((label): readonly QueryFault[] => {
    if (UNBOUNDED.has(plainName(label))) {
      return [
        { from, message: `by (${label}) is unbounded: expected no label that has a value of its own in each event` },
      ]
    }
    const [first] = names
    if (first === undefined || names.some(({ has }) => has(label))) return []
    return [{ from, message: unknownLabel(label, first.known) }]
  })
}

const EXEMPT: ReadonlySet<string> = new Set(['absent_over_time'])

/** Labels that a label_replace below makes; a grouping above may name them. */
const replaced = (query: MetricQuery): readonly string[] => [
  ...(query.kind === 'label_replace' ? [query.target] : []),
  ...operandsOf(query).flatMap(replaced),
]

/** Aggregations that keep the labels of what they choose from. */
const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'approx_topk', 'sort', 'sort_desc'])

const rangeFaults = (range: RangeQuery, isGrouped: boolean): readonly QueryFault[] => {
  if (range.grouping?.kind === 'by') return groupingFaults(range.grouping.labels, [range.log], range)
  if (isGrouped || EXEMPT.has(range.op)) return []
  const message = 'each combination of labels and structured metadata is a series: expected sum by (...) around it'
  return [{ from: range.from, message }]
}

const vectorFaults = (query: VectorQuery, isGrouped: boolean): readonly QueryFault[] => {
  const made = replaced(query.of)
  const labels = query.grouping?.kind === 'by' ? query.grouping.labels.filter((label) => !made.includes(label)) : []
  const bounds = !CHOOSING.has(query.op) && query.grouping?.kind !== 'without'
  return [...groupingFaults(labels, logsOf(query.of), query), ...seriesFaults(query.of, bounds || isGrouped)]
}

/** @param isGrouped whether an aggregation around it bounds its series */
const seriesFaults = (query: MetricQuery, isGrouped: boolean): readonly QueryFault[] => {
  if (query.kind === 'range') return rangeFaults(query, isGrouped)
  if (query.kind === 'vector') return vectorFaults(query, isGrouped)
  // Both sides of an operation are whole before it is done.
  return operandsOf(query).flatMap((operand) => seriesFaults(operand, query.kind === 'label_replace' && isGrouped))
}

const EXPECTED_JOBS = 'expected job="kubernetes-events" for events or job="eventail" for heartbeats'

const jobFaults = (log: LogQuery): readonly QueryFault[] =>
  hasJob(log, HEARTBEAT_JOB) || hasJob(log, 'kubernetes-events') ? [] : [{ from: log.from, message: EXPECTED_JOBS }]

/** Whether a query reads what the agent writes by its right names, and has a bounded number of series. */
export const labelFaults = (query: MetricQuery, ranges: readonly RangeQuery[]): readonly QueryFault[] => [
  ...ranges.flatMap((range) => [
    ...jobFaults(range.log),
    ...selectorFaults(range.log),
    ...filterFaults(range.log),
    ...unwrapFaults(range),
  ]),
  ...seriesFaults(query, false),
]
