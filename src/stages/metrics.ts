import { type Decoder } from '../config/decoder.ts'
import { report, type Place } from '../config/place.ts'
import { namedOptions } from '../config/stage-options.ts'
import { parseDuration } from '../config/go-duration.ts'
import { parseGoFloat } from '../logql/go-float.ts'
import type { CustomMetric } from './custom-metric.ts'
import { metricOptions, type MetricOptions } from './metric-options.ts'
import type { Extracted, Stage, StagePlan, WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'

/** A number; text may be a number, or a duration, which counts in seconds. */
const numberOf = (value: Extracted): number | null => {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null) return null
  const number = parseGoFloat(value)
  if (number.kind === 'ok') return number.value
  const isNegative = value.startsWith('-')
  const ms = parseDuration(isNegative ? value.slice(1) : value)
  return ms === null ? null : (isNegative ? -ms : ms) / 1000
}

type Amount = (entry: WorkEntry) => number | null

/** What an entry adds to the metric; null: nothing. */
const amountOf = (options: MetricOptions, source: string): Amount => {
  const { action, value: wanted, matchAll, countBytes } = options
  const isCount = action === 'inc' || action === 'dec'
  if (matchAll) return ({ line }) => (isCount ? 1 : countBytes ? Buffer.byteLength(line) : null)
  return ({ extracted }) => {
    const value = extracted.get(source)
    if (value === undefined) return null
    if (wanted !== null && textOf(value) !== wanted) return null
    return isCount ? 1 : numberOf(value)
  }
}

const record = (metric: CustomMetric, { labels }: WorkEntry, options: MetricOptions, amount: number): void => {
  switch (options.action) {
    case 'set':
      metric.set(labels, amount)
      break
    case 'observe':
      metric.observe(labels, amount)
      break
    case 'dec':
    case 'sub':
      metric.add(labels, -amount)
      break
    case 'inc':
    case 'add':
      // A counter never goes back.
      if (options.kind === 'gauge' || amount >= 0) metric.add(labels, amount)
  }
}

const recorder = (name: string, options: MetricOptions): StagePlan['build'] => {
  const amount = amountOf(options, options.source || name)
  const { kind, help, prefix, maxIdleMs, buckets } = options
  const full = prefix + name
  return ({ metrics, clock }): Stage => {
    const definition = { kind, name: full, help: help || full, maxIdleMs, buckets }
    const metric = metrics.custom(definition, () => clock.monotonicMs())
    return (entry) => {
      const found = amount(entry)
      if (found !== null) record(metric, entry, options, found)
      return true
    }
  }
}

const named = namedOptions(metricOptions, () => null)

const checkName = (place: Place, name: string, { prefix }: MetricOptions): void => {
  const full = prefix + name
  const isOwn = full.startsWith('eventail_')
  if (/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(full) && !isOwn) return
  const expected = isOwn ? 'a name that does not begin with eventail_' : 'a name of letters, digits and underscores'
  report(place, 'BAD_VALUE', `expected ${expected}, got the metric ${JSON.stringify(full)}`)
}

/** `metrics`: counters, gauges and histograms of what passes, on the agent's own page. */
export const metricsStage: Decoder<StagePlan> = {
  ...named,
  read: (place) => {
    const metrics = [...named.read(place)]
    for (const [name, options] of metrics) checkName(place, name, options)
    const builds = metrics.map(([name, options]) => recorder(name, options))
    return {
      name: 'metrics',
      build: (world) => {
        const stages = builds.map((build) => build(world))
        return (entry) => stages.every((stage) => stage(entry))
      },
    }
  },
}
