import { Counter, type Registry } from 'prom-client'
import type { Log } from '../log.ts'
import { CustomMetric, registerCustomMetric, type MetricDefinition } from './custom-metric.ts'

/** What stages count, for all pipelines of the process. */
export type StageMetrics = {
  /** What counts an entry dropped for this reason; none yet. */
  dropped: (reason: string) => () => void
  droppedByLabel: (name: string, value: string) => void
  /** What counts a text cut; none yet. */
  truncated: (field: string) => () => void
  /** The metric of a `metrics` stage; those of the same definition are one. */
  custom: (definition: MetricDefinition, nowMs: () => number) => CustomMetric
}

/** Shows nothing: for checks and tests. */
export const noMetrics: StageMetrics = {
  dropped: () => () => undefined,
  droppedByLabel: () => undefined,
  truncated: () => () => undefined,
  custom: (definition, nowMs) => new CustomMetric(definition, nowMs),
}

/** Distinct label values that are told apart; a limit by label could otherwise grow the page without end. */
const MAX_SERIES = 10_000

const droppedByLabel = (registry: Registry): StageMetrics['droppedByLabel'] => {
  const counter = new Counter({
    name: 'logentry_dropped_lines_by_label_total',
    help: 'Entries dropped by a limit stage that limits by label.',
    labelNames: ['label_name', 'label_value'],
    registers: [registry],
  })
  const series = new Set<string>()
  return (name, value) => {
    if (series.size >= MAX_SERIES) {
      series.clear()
      counter.reset()
    }
    series.add(`${name}\0${value}`)
    counter.inc({ label_name: name, label_value: value })
  }
}

const customMetrics = (registry: Registry, log: Log): StageMetrics['custom'] => {
  const metrics = new Map<string, CustomMetric>()
  return (definition, nowMs) => {
    const same = metrics.get(JSON.stringify(definition))
    if (same !== undefined) return same
    const metric = new CustomMetric(definition, nowMs)
    metrics.set(JSON.stringify(definition), metric)
    if (registry.getSingleMetric(definition.name) === undefined) registerCustomMetric(metric, registry)
    else log.error('a metric of a pipeline is not shown: its name is taken', { metric: definition.name })
    return metric
  }
}

/** Registers Promtail's and Alloy's counters of what stages do to entries. */
export const createStageMetrics = (registry: Registry, log: Log): StageMetrics => {
  const registers = [registry]
  const dropped = new Counter({
    name: 'logentry_dropped_lines_total',
    help: 'Entries dropped by a pipeline stage.',
    labelNames: ['reason'],
    registers,
  })
  const truncated = new Counter({
    name: 'loki_process_truncated_fields_total',
    help: 'Lines, labels, extracted values and metadata cut by a truncate stage.',
    labelNames: ['field'],
    registers,
  })
  return {
    dropped: (reason) => {
      dropped.inc({ reason }, 0)
      return () => {
        dropped.inc({ reason })
      }
    },
    droppedByLabel: droppedByLabel(registry),
    truncated: (field) => {
      truncated.inc({ field }, 0)
      return () => {
        truncated.inc({ field })
      }
    },
    custom: customMetrics(registry, log),
  }
}
