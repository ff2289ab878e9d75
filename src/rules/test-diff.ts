import { formatDuration } from '../config/go-duration.ts'
import { compareMetrics, metricOf, metricText, type Metric, type Vector } from '../logql/metric.ts'
import type { Labels } from '../entry/entry.ts'
import type { Alert } from './alert-state.ts'
import type { ExpectedAlert, ExpectedSample } from './test-file.ts'

/** Labels as alerts and samples have them: an empty one is a missing one. */
const metricFrom = (labels: Labels): Metric => metricOf(Object.entries(labels).filter(([, value]) => value !== ''))

const withoutName = ({ pairs }: Metric): Metric => metricOf(pairs.filter(([name]) => name !== 'alertname'))

const removed = (text: string): string => `      - ${text}`
const added = (text: string): string => `      + ${text}`

const byKey = <T extends { readonly labels: Metric }>(all: readonly T[]): ReadonlyMap<string, T> =>
  new Map(all.map((one) => [one.labels.key, one]))

const FAILED_TEMPLATE = '<error expanding template: '

const annotationLines = (expected: ExpectedAlert, alert: Alert): readonly string[] => {
  const got = alert.annotations()
  const wanted = Object.entries(expected.annotations ?? {})
  const failed = Object.entries(got).filter(([, text]) => text.startsWith(FAILED_TEMPLATE))
  const differing = wanted.filter(([name, text]) => !Object.hasOwn(got, name) || got[name] !== text)
  if (failed.length + differing.length === 0) return []
  return [
    `      annotations of ${metricText(withoutName(alert.labels))}`,
    ...failed.map(([name, text]) => added(`${name}: ${text}`)),
    ...differing.flatMap(([name, text]) => [
      removed(`${name}: ${JSON.stringify(text)}`),
      ...(Object.hasOwn(got, name) ? [added(`${name}: ${JSON.stringify(got[name])}`)] : [added(`${name}: nothing`)]),
    ]),
  ]
}

const pendingLine = (alert: Alert): string =>
  `      ~ ${metricText(withoutName(alert.labels))} is pending since ${formatDuration(alert.activeAtMs)}`

/** Lines that tell how the alerts that fire differ from those expected; none when they do not. */
export const alertDiff = (expected: readonly ExpectedAlert[], alerts: readonly Alert[]): readonly string[] => {
  const wanted = byKey(expected.map((alert) => ({ alert, labels: withoutName(metricFrom(alert.labels)) })))
  const firing = alerts.filter(({ state }) => state === 'firing')
  const got = byKey(firing.map((alert) => ({ alert, labels: withoutName(alert.labels) })))
  const missing = [...wanted.values()].filter(({ labels }) => !got.has(labels.key))
  const unexpected = [...got.values()].filter(({ labels }) => !wanted.has(labels.key))
  const pending = missing.length === 0 ? [] : alerts.filter(({ state }) => state === 'pending')
  return [
    ...missing.map(({ labels }) => removed(metricText(labels))),
    ...unexpected.map(({ labels }) => added(metricText(labels))),
    ...pending.map(pendingLine),
    ...[...wanted.values()].flatMap(({ alert, labels }) => {
      const found = got.get(labels.key)
      return found === undefined ? [] : annotationLines(alert, found.alert)
    }),
  ]
}

/** Sums of floating-point numbers depend on their order. */
const TOLERANCE = 1e-9

const isSame = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))

const sampleText = (labels: Metric, value: number): string => `${metricText(labels)} ${value}`

/** Lines that tell how samples differ from those expected; none when they do not. */
export const sampleDiff = (expected: readonly ExpectedSample[], samples: Vector): readonly string[] => {
  const wanted = byKey(expected.map(({ labels, value }) => ({ labels: metricFrom(labels), value })))
  const all = samples.map(({ metric, value }) => ({ labels: metricFrom(Object.fromEntries(metric.pairs)), value }))
  const got = byKey(all.sort((a, b) => compareMetrics(a.labels, b.labels)))
  const isMet = (one: { labels: Metric; value: number }, others: ReadonlyMap<string, { value: number }>): boolean => {
    const other = others.get(one.labels.key)
    return other !== undefined && isSame(other.value, one.value)
  }
  return [
    ...[...wanted.values()]
      .filter((one) => !isMet(one, got))
      .map(({ labels, value }) => removed(sampleText(labels, value))),
    ...[...got.values()]
      .filter((one) => !isMet(one, wanted))
      .map(({ labels, value }) => added(sampleText(labels, value))),
  ]
}
