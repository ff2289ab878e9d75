import type { InstantOutcome, LogOutcome, RangeOutcome } from '../logql/evaluate.ts'
import { entryLabels } from '../logql/evaluate-log.ts'
import { formatGoFloat } from '../logql/go-number.ts'
import { labelsOf } from '../logql/metric.ts'
import type { ProcessedEntry } from '../logql/pipeline.ts'
import { streamName } from '../logql/store.ts'

/** JSON for a 200, plain text for everything else. */
export type QueryAnswer =
  { readonly status: 200; readonly json: unknown } | { readonly status: 400 | 404 | 500; readonly text: string }

export const refused = (text: string): QueryAnswer => ({ status: 400, text })

export const success = (data: unknown): QueryAnswer => ({ status: 200, json: { status: 'success', data } })

const NS_PER_MS = 1_000_000n

/** Seconds with milliseconds: what a sample's time is for Prometheus. */
const sampleTime = (timeNs: bigint): number => Number(timeNs / NS_PER_MS) / 1000

/** The body of `/loki/api/v1/query`. The time of a scalar is in milliseconds: that is Loki's. */
export const instantAnswer = (outcome: InstantOutcome, timeNs: bigint): QueryAnswer => {
  switch (outcome.kind) {
    case 'error':
      return { status: outcome.status, text: outcome.message }
    case 'scalar': {
      const result = [Number(timeNs / NS_PER_MS), formatGoFloat(outcome.value)]
      return success({ resultType: 'scalar', result, stats: {} })
    }
    case 'vector': {
      const result = outcome.samples.map(({ metric, value }) => ({
        metric: labelsOf(metric),
        value: [sampleTime(timeNs), formatGoFloat(value)],
      }))
      return success({ resultType: 'vector', result, stats: {} })
    }
  }
}

/** The body of `/loki/api/v1/query_range` for numbers. */
export const rangeAnswer = (outcome: RangeOutcome): QueryAnswer => {
  if (outcome.kind === 'error') return { status: outcome.status, text: outcome.message }
  const result = outcome.series.map(({ metric, points }) => ({
    metric: labelsOf(metric),
    values: points.map(({ timeNs, value }) => [sampleTime(timeNs), formatGoFloat(value)]),
  }))
  return success({ resultType: 'matrix', result, stats: {} })
}

type Labels = Readonly<Record<string, string>>
type Value = readonly [timestampNs: string, line: string, rest?: { structuredMetadata?: Labels; parsed?: Labels }]
/** A stream of an answer. */
export type AnsweredStream = { readonly stream: Labels; readonly values: Value[] }

const isEmpty = (labels: Labels): boolean => Object.keys(labels).length === 0

const categorized = ({ timestampNs, line, metadata, parsed }: ProcessedEntry): Value => [
  String(timestampNs),
  line,
  {
    ...(isEmpty(metadata) ? {} : { structuredMetadata: metadata }),
    ...(isEmpty(parsed) ? {} : { parsed }),
  },
]

/** Entries by their streams; `categorize`: labels that are not the stream's stand beside the line. */
export const answeredStreams = (entries: Iterable<ProcessedEntry>, categorize: boolean): readonly AnsweredStream[] => {
  const streams = new Map<string, AnsweredStream>()
  for (const entry of entries) {
    const labels = categorize ? entry.stream : entryLabels(entry)
    const name = streamName(labels)
    const stream = streams.get(name) ?? { stream: labels, values: [] }
    streams.set(name, stream)
    stream.values.push(categorize ? categorized(entry) : [String(entry.timestampNs), entry.line])
  }
  return [...streams.values()]
}

/** The body of `/loki/api/v1/query_range` for lines. */
export const linesAnswer = (outcome: LogOutcome, categorize: boolean): QueryAnswer => {
  if (outcome.kind === 'error') return { status: outcome.status, text: outcome.message }
  const flags = categorize ? { encodingFlags: ['categorize-labels'] } : {}
  const result = answeredStreams(outcome.entries, categorize)
  return success({ resultType: 'streams', ...flags, result, stats: {} })
}
