import type { Labels } from '../entry/entry.ts'
import { metricOf, type Metric } from '../logql/metric.ts'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : [])

const labelsOf = (value: unknown): Labels =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
    : {}

/** A number as Prometheus' API writes it. */
const numberOf = (text: unknown): number => {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}

export type ReadPoint = readonly [timeMs: number, value: number]
export type ReadSeries = { readonly metric: Metric; readonly points: readonly ReadPoint[] }
export type ReadLine = {
  /** Since 1970, decimal. */
  readonly timeNs: string
  readonly line: string
  /** Of the stream, structured metadata and parsed ones together. */
  readonly labels: Labels
}

/** What an answer of `query` or `query_range` holds. */
export type ReadResult =
  /** One point for each series: an instant query. */
  | { readonly kind: 'vector'; readonly series: readonly ReadSeries[] }
  | { readonly kind: 'matrix'; readonly series: readonly ReadSeries[] }
  | { readonly kind: 'lines'; readonly lines: readonly ReadLine[] }

const pointOf = (value: unknown): ReadPoint => {
  const [seconds, text] = listOf(value)
  return [Math.round(Number(seconds) * 1000), numberOf(text)]
}

const seriesOf = (value: unknown, points: readonly unknown[]): ReadSeries => ({
  metric: metricOf(Object.entries(labelsOf(memberOf(value, 'metric')))),
  points: points.map(pointOf),
})

/** The lines of one stream of an answer or of a message of a tail. */
export const linesOf = (stream: unknown): readonly ReadLine[] => {
  const labels = labelsOf(memberOf(stream, 'stream'))
  return listOf(memberOf(stream, 'values')).map((value) => {
    const [timeNs, line, beside] = listOf(value)
    const more = { ...labelsOf(memberOf(beside, 'structuredMetadata')), ...labelsOf(memberOf(beside, 'parsed')) }
    return { timeNs: String(timeNs), line: String(line), labels: { ...labels, ...more } }
  })
}

/** Reads a body; null: it is not an answer of Loki. */
export const readResult = (body: unknown): ReadResult | null => {
  const data = memberOf(body, 'data')
  const result = memberOf(data, 'result')
  switch (memberOf(data, 'resultType')) {
    case 'vector':
      return { kind: 'vector', series: listOf(result).map((one) => seriesOf(one, [memberOf(one, 'value')])) }
    case 'scalar':
      return { kind: 'vector', series: [{ metric: metricOf([]), points: [pointOf(result)] }] }
    case 'matrix':
      return { kind: 'matrix', series: listOf(result).map((one) => seriesOf(one, listOf(memberOf(one, 'values')))) }
    case 'streams':
      return { kind: 'lines', lines: listOf(result).flatMap(linesOf) }
    default:
      return null
  }
}

/** Texts under `data`, as the endpoints for labels answer; none when there is no `data`. */
export const readTexts = (body: unknown): readonly string[] =>
  listOf(memberOf(body, 'data')).filter((value): value is string => typeof value === 'string')

/** Label sets under `data`, as the endpoint for series answers. */
export const readLabelSets = (body: unknown): readonly Labels[] => listOf(memberOf(body, 'data')).map(labelsOf)

export type ReadAlert = {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: string
  readonly activeAt: string
  readonly value: string
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The alerts of `/prometheus/api/v1/alerts`. */
export const readAlerts = (body: unknown): readonly ReadAlert[] =>
  listOf(memberOf(memberOf(body, 'data'), 'alerts')).map((alert) => ({
    labels: labelsOf(memberOf(alert, 'labels')),
    annotations: labelsOf(memberOf(alert, 'annotations')),
    state: textOf(memberOf(alert, 'state')),
    activeAt: textOf(memberOf(alert, 'activeAt')),
    value: textOf(memberOf(alert, 'value')),
  }))
