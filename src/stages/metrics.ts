import { type Decoder } from '../config/decoder.ts'
import { report, warn, type Place } from '../config/place.ts'
import { namedOptions } from '../config/stage-options.ts'
import { parseGoDuration } from '../gotime/duration.ts'
import { parseGoFloat } from '../logql/go-float.ts'
import { shownName, type CustomMetric } from './custom-metric.ts'
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
  const duration = parseGoDuration(value)
  return duration.kind === 'ok' ? Number(duration.ns) / 1e9 : null
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
  const amount = amountOf(options, options.source ?? name)
  const { kind, help, prefix, maxIdleMs, buckets } = options
  const full = shownName(prefix + name)
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
  if (isOwn) {
    const expected = 'a name that does not begin with eventail_'
    report(place, 'BAD_VALUE', `expected ${expected}, got the metric ${JSON.stringify(full)}`)
  } else if (shownName(full) !== full) {
    warn(place, `the metric ${JSON.stringify(full)} is shown as ${shownName(full)}, as names on a page of metrics are`)
  }
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
