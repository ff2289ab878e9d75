import type { Grouping, MetricQuery, VectorOperator } from './ast.ts'
import { groupedMetric, NO_LABELS, type Metric, type Sample, type Vector } from './metric.ts'
import type { Steps } from './steps.ts'
import { meanStays } from './window-value.ts'

export type VectorQuery = Extract<MetricQuery, { kind: 'vector' }>

type Group = { readonly metric: Metric; readonly samples: Sample[] }

/** Several samples become one. */
type Reduction = (samples: Vector) => number

const total: Reduction = (samples) => samples.reduce((sum, { value }) => sum + value, 0)

const mean: Reduction = (samples) => {
  let running = samples[0]?.value ?? NaN
  for (let i = 1; i < samples.length; i += 1) {
    const value = samples[i]?.value ?? NaN
    if (!meanStays(running, value)) running += (value - running) / (i + 1)
  }
  return running
}

const least: Reduction = (samples) =>
  samples.reduce((found, { value }) => (found > value || Number.isNaN(found) ? value : found), NaN)

const most: Reduction = (samples) =>
  samples.reduce((found, { value }) => (found < value || Number.isNaN(found) ? value : found), NaN)

/** Welford's algorithm. */
const variance: Reduction = (samples) => {
  let squares = 0
  let running = samples[0]?.value ?? NaN
  for (let i = 1; i < samples.length; i += 1) {
    const value = samples[i]?.value ?? NaN
    const delta = value - running
    running += delta / (i + 1)
    squares += delta * (value - running)
  }
  return squares / samples.length
}

type ReducingOperator = Exclude<VectorOperator, 'topk' | 'bottomk' | 'approx_topk' | 'sort' | 'sort_desc'>

const REDUCTIONS: Readonly<Record<ReducingOperator, Reduction>> = {
  sum: total,
  avg: mean,
  min: least,
  max: most,
  count: (samples) => samples.length,
  stddev: (samples) => Math.sqrt(variance(samples)),
  stdvar: variance,
}

/** NaN is last either way. */
const byValue =
  (sign: 1 | -1) =>
  (a: Sample, b: Sample): number => {
    if (Number.isNaN(a.value)) return Number.isNaN(b.value) ? 0 : 1
    if (Number.isNaN(b.value)) return -1
    return a.value === b.value ? 0 : a.value < b.value ? -sign : sign
  }

const reduced = (query: VectorQuery, { metric, samples }: Group): Vector => {
  const k = query.parameter ?? 0
  switch (query.op) {
    case 'topk':
    case 'approx_topk':
      return samples.sort(byValue(-1)).slice(0, Math.max(0, k))
    case 'bottomk':
      return samples.sort(byValue(1)).slice(0, Math.max(0, k))
    case 'sort':
      return samples.sort(byValue(1))
    case 'sort_desc':
      return samples.sort(byValue(-1))
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
    case 'count':
    case 'stddev':
    case 'stdvar':
      return [{ metric, value: REDUCTIONS[query.op](samples) }]
  }
}

const NO_GROUPING: Grouping = { kind: 'by', labels: [] }

/** An aggregation over the series of each step. Of equal values, topk and bottomk take those that came first. */
export const vectorSteps = (query: VectorQuery, of: Steps): Steps => {
  const grouping = query.grouping ?? NO_GROUPING
  const isWhole = grouping.kind === 'by' && grouping.labels.length === 0
  // The same series come back at each step.
  const known = new Map<string, Metric>()
  const groupOf = (metric: Metric): Metric => {
    if (isWhole) return NO_LABELS
    let group = known.get(metric.key)
    if (group === undefined) {
      group = groupedMetric(metric, grouping)
      known.set(metric.key, group)
    }
    return group
  }
  return () => {
    const groups = new Map<string, Group>()
    for (const sample of of()) {
      const metric = groupOf(sample.metric)
      const group = groups.get(metric.key)
      if (group === undefined) groups.set(metric.key, { metric, samples: [sample] })
      else group.samples.push(sample)
    }
    return [...groups.values()].flatMap((group) => reduced(query, group))
  }
}
