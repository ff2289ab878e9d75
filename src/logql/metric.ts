import type { Labels } from '../entry/entry.ts'
import type { Grouping } from './ast.ts'

/** The label set of a series. An empty value differs from a missing label, as in Loki. */
export type Metric = {
  /** Sorted by name. */
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** Equal for equal label sets alone. */
  readonly key: string
}

/** One value of one series at one time. */
export type Sample = { readonly metric: Metric; readonly value: number }

export type Vector = readonly Sample[]

type Pair = readonly [name: string, value: string]

const byName = ([a]: Pair, [b]: Pair): number => (a < b ? -1 : a > b ? 1 : 0)

const fromSorted = (pairs: readonly Pair[]): Metric => ({ pairs, key: JSON.stringify(pairs) })

export const metricOf = (pairs: Iterable<Pair>): Metric => fromSorted([...pairs].sort(byName))

export const NO_LABELS: Metric = fromSorted([])

export const labelOf = (metric: Metric, name: string): string =>
  metric.pairs.find((pair) => pair[0] === name)?.[1] ?? ''

/** Labels as an object that no name can harm. */
export const labelsOf = (metric: Metric): Labels => Object.fromEntries(metric.pairs)

const withoutEmpty = (pairs: readonly Pair[]): readonly Pair[] => pairs.filter(([, value]) => value !== '')

/** What `by` and `without` leave; `without` also loses empty labels (Prometheus' labels.Builder). */
export const groupedMetric = (metric: Metric, grouping: Grouping): Metric =>
  grouping.kind === 'by'
    ? fromSorted(metric.pairs.filter(([name]) => grouping.labels.includes(name)))
    : fromSorted(withoutEmpty(metric.pairs.filter(([name]) => !grouping.labels.includes(name))))

export const keepLabels = (metric: Metric, names: readonly string[]): Metric =>
  fromSorted(withoutEmpty(metric.pairs.filter(([name]) => names.includes(name))))

export const dropLabels = (metric: Metric, names: readonly string[]): Metric =>
  fromSorted(withoutEmpty(metric.pairs.filter(([name]) => !names.includes(name))))

/** An empty value removes the label. */
export const setLabel = (metric: Metric, name: string, value: string): Metric =>
  metricOf(withoutEmpty([...metric.pairs.filter((pair) => pair[0] !== name), [name, value]]))

/** The order in which Loki answers series: label by label, names before values. */
export const compareMetrics = (a: Metric, b: Metric): number => {
  const shared = Math.min(a.pairs.length, b.pairs.length)
  for (let i = 0; i < shared; i += 1) {
    const [aName, aValue] = a.pairs[i] ?? ['', '']
    const [bName, bValue] = b.pairs[i] ?? ['', '']
    if (aName !== bName) return aName < bName ? -1 : 1
    if (aValue !== bValue) return aValue < bValue ? -1 : 1
  }
  return a.pairs.length - b.pairs.length
}

/** `{a="b", c="d"}` */
export const metricText = (metric: Metric): string =>
  `{${metric.pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
