import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { LabelMap } from '../relabel/relabel.ts'

/** A metric of a `metrics` stage. */
export type MetricDefinition = {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** With its prefix. */
  readonly name: string
  readonly help: string
  /** A series that has not changed for so long is shown once more, and forgotten. */
  readonly maxIdleMs: number
  /** Upper bounds of a histogram, ascending; empty for the others. */
  readonly buckets: readonly number[]
}

type Series = {
  readonly labels: Readonly<Record<string, string>>
  value: number
  /** Of a histogram: observations by bucket, not cumulated; the last is above all bounds. */
  readonly counts: number[]
  changedMs: number
}

/** What the library prints: a line of a metric. */
type Sample = {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** A name of a metric or label as the text format has it: Prometheus' own library puts underscores, too. */
export const shownName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_:]/gu, '_').replace(/^(?=[0-9])/, '_')

/** More series than these are not kept: labels may come from whatever an event says. */
const MAX_SERIES = 10_000

const histogramSamples = (name: string, { labels, value, counts }: Series, buckets: readonly number[]): Sample[] => {
  let total = 0
  const samples: Sample[] = [...buckets, Infinity].map((bound, index) => {
    total += counts[index] ?? 0
    return {
      metricName: `${name}_bucket`,
      labels: { ...labels, le: bound === Infinity ? '+Inf' : bound },
      value: total,
    }
  })
  return [
    ...samples,
    { metricName: `${name}_sum`, labels, value },
    { metricName: `${name}_count`, labels, value: total },
  ]
}

/** The series of one metric; their labels are those of the entries, and need not be of the same names. */
export class CustomMetric {
  readonly definition: MetricDefinition
  readonly #nowMs: () => number
  readonly #series = new Map<string, Series>()

  constructor(definition: MetricDefinition, nowMs: () => number) {
    this.definition = definition
    this.#nowMs = nowMs
  }

  /** Counts, or sets a gauge to what it was and this. */
  add(labels: LabelMap, amount: number): void {
    const series = this.#of(labels)
    if (series !== null) series.value += amount
  }

  set(labels: LabelMap, value: number): void {
    const series = this.#of(labels)
    if (series !== null) series.value = value
  }

  /** An observation of a histogram. */
  observe(labels: LabelMap, value: number): void {
    const series = this.#of(labels)
    if (series === null) return
    const { buckets } = this.definition
    const found = buckets.findIndex((bound) => value <= bound)
    const index = found < 0 ? buckets.length : found
    series.counts[index] = (series.counts[index] ?? 0) + 1
    series.value += value
  }

  /** What there is to show; then the idle are forgotten. */
  samples(): readonly Sample[] {
    const { kind, name, buckets, maxIdleMs } = this.definition
    const samples: Sample[] = []
    for (const [key, series] of this.#series) {
      if (kind === 'histogram') samples.push(...histogramSamples(name, series, buckets))
      else samples.push({ labels: series.labels, value: series.value })
      if (this.#nowMs() - series.changedMs >= maxIdleMs) this.#series.delete(key)
    }
    return samples
  }

  #of(labels: LabelMap): Series | null {
    const pairs = [...labels].filter(([name]) => !name.startsWith('__'))
    const key = JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
    const known = this.#series.get(key)
    if (known === undefined && this.#series.size >= MAX_SERIES) return null
    const series = known ?? {
      labels: Object.fromEntries(pairs.map(([name, value]) => [shownName(name), value])),
      value: 0,
      counts: [],
      changedMs: 0,
    }
    series.changedMs = this.#nowMs()
    this.#series.set(key, series)
    return series
  }
}

const emptyMetric = ({ kind, name, help, buckets }: MetricDefinition, registry: Registry): object => {
  const options = { name, help, registers: [registry] }
  if (kind === 'counter') return new Counter(options)
  return kind === 'gauge' ? new Gauge(options) : new Histogram({ ...options, buckets: [...buckets] })
}

/** Shows the series on the page. The library wants to know the names of labels beforehand; so it is given the samples. */
export const registerCustomMetric = (metric: CustomMetric, registry: Registry): void => {
  const { kind, name, help } = metric.definition
  const get = (): Promise<object> =>
    Promise.resolve({ name, help, type: kind, aggregator: 'sum', values: metric.samples() })
  Object.assign(emptyMetric(metric.definition, registry), { get, getForPromString: get })
}
