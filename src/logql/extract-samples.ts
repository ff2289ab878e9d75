import type { Change } from './counted-steps.ts'
import type { Grouping, LogQuery, MetricQuery, Stage } from './ast.ts'
import { metricOf, NO_LABELS, setLabel, type Metric } from './metric.ts'
import type { LabelNeed, ProcessedEntry } from './pipeline.ts'

export type RangeQuery = Extract<MetricQuery, { kind: 'range' }>

/** What of its labels a sample keeps. */
export type Kept =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'by'; readonly names: readonly string[] }
  | { readonly kind: 'without'; readonly names: readonly string[] }

const isBy = (grouping: Grouping): boolean => grouping.kind === 'by'

/**
 * `outer` is the grouping of a `sum` around the aggregation: with it, labels that nobody asks for are not even parsed,
 * so that lines which cannot be parsed do no harm (Loki pkg/logql/syntax/extractor.go).
 */
export const keptLabels = (query: RangeQuery, outer: Grouping | null): Kept => {
  const grouping = outer ?? query.grouping
  if (query.op === 'absent_over_time') return { kind: 'nothing' }
  if (grouping !== null && isBy(grouping)) {
    return grouping.labels.length === 0 ? { kind: 'nothing' } : { kind: 'by', names: grouping.labels }
  }
  const unwrapped = query.unwrap === null ? [] : [query.unwrap.label]
  return { kind: 'without', names: [...(grouping?.labels ?? []), ...unwrapped] }
}

/** The labels that the stages must provide for `kept` and for what stands behind `unwrap`. */
export const labelNeed = (kept: Kept, alsoRead: readonly string[]): LabelNeed => {
  if (kept.kind === 'without') return { kind: 'all' }
  const names = new Set([...(kept.kind === 'by' ? kept.names : []), ...alsoRead])
  return names.size === 0 ? { kind: 'none' } : { kind: 'some', names }
}

const READS_LINE: ReadonlySet<Stage['kind']> = new Set(['line_filter', 'json', 'logfmt', 'regexp', 'pattern', 'unpack'])

/**
 * What a metric query runs: `line_format` is left out where nobody reads the line behind it, so that its failures do no
 * harm (Loki pkg/logql/optimize.go).
 */
export const readLines = (query: RangeQuery): LogQuery => {
  const { log, op } = query
  if (op === 'bytes_over_time' || op === 'bytes_rate') return log
  const stages = log.stages.filter(
    ({ kind }, i) => kind !== 'line_format' || log.stages.slice(i).some((later) => READS_LINE.has(later.kind)),
  )
  return { ...log, stages }
}

/** The value of a label behind the stages; null: there is none. */
export const processedLabel = (entry: ProcessedEntry, name: string): string | null => {
  const value = entry.label(name)
  if (value === undefined) return null
  // A stream's empty label is none; that of a parser is one.
  return value === '' && Object.hasOwn(entry.stream, name) ? null : value
}

/** All labels of an entry. */
export const processedMetric = ({ stream, metadata, parsed }: ProcessedEntry, except: readonly string[]): Metric => {
  const labels = new Map([...Object.entries(stream), ...Object.entries(metadata), ...Object.entries(parsed)])
  for (const name of except) labels.delete(name)
  return metricOf(labels)
}

/** The samples of one series; sorted by time once `sortSeries` was there. */
export type Series = {
  readonly metric: Metric
  readonly hasError: boolean
  /** Of all windows together. */
  count: number
  total: number
  /** By the index of the step, where only whole numbers are asked for. */
  readonly changes: Map<number, Change>
  readonly values: number[]
  readonly timesNs: bigint[]
}

const newSeries = (metric: Metric, fails: boolean): Series => ({
  metric,
  hasError: fails,
  count: 0,
  total: 0,
  changes: new Map(),
  values: [],
  timesNs: [],
})

/** Errors that a query may ask for; those of filters, templates and unwraps always fail a metric. */
const PARSER_ERRORS: ReadonlySet<string> = new Set(['JSONParserErr', 'LogfmtParserErr'])

const hasError = ({ parsed }: ProcessedEntry): boolean => Object.hasOwn(parsed, '__error__')

/** Series by one label after the other: finding one makes no text. */
type Branch = { readonly further: Map<string | null, Branch>; series: Series | null }

const newBranch = (): Branch => ({ further: new Map(), series: null })

/** Finds the series of each entry. */
export class SeriesTable {
  readonly #kept: Kept
  readonly #series = new Map<string, Series>()
  readonly #failed = new Map<string, Series>()
  readonly #root = newBranch()
  readonly #asksForErrors: boolean

  /** `asksForErrors`: the query names `__error__`, so that what a parser could not read is no failure of the query. */
  constructor(kept: Kept, asksForErrors: boolean) {
    this.#kept = kept
    this.#asksForErrors = asksForErrors
  }

  /** In the order in which they were met. */
  get all(): readonly Series[] {
    return [...this.#series.values(), ...this.#failed.values()]
  }

  /** An entry with an error keeps all its labels, whatever the grouping. */
  seriesOf(entry: ProcessedEntry): Series {
    if (hasError(entry)) return this.#failedSeries(entry)
    const kept = this.#kept
    if (kept.kind === 'nothing') return this.#series.get('') ?? this.#add(this.#series, '', NO_LABELS)
    if (kept.kind === 'without') return this.#added(processedMetric(entry, kept.names))
    let branch = this.#root
    for (const name of kept.names) {
      const value = processedLabel(entry, name)
      let next = branch.further.get(value)
      if (next === undefined) {
        next = newBranch()
        branch.further.set(value, next)
      }
      branch = next
    }
    branch.series ??= this.#added(this.#grouped(entry, kept.names))
    return branch.series
  }

  #grouped(entry: ProcessedEntry, names: readonly string[]): Metric {
    const pairs = new Map<string, string>()
    for (const name of names) {
      const value = processedLabel(entry, name)
      if (value !== null) pairs.set(name, value)
    }
    return metricOf(pairs)
  }

  #added(metric: Metric): Series {
    return this.#series.get(metric.key) ?? this.#add(this.#series, metric.key, metric)
  }

  #failedSeries(entry: ProcessedEntry): Series {
    const isAsked = this.#asksForErrors && PARSER_ERRORS.has(entry.parsed['__error__'] ?? '')
    const all = processedMetric(entry, [])
    const metric = isAsked ? setLabel(all, '__preserve_error__', 'true') : all
    const found = this.#failed.get(metric.key)
    if (found !== undefined) return found
    const series = newSeries(metric, !isAsked)
    this.#failed.set(metric.key, series)
    return series
  }

  #add(table: Map<string, Series>, key: string, metric: Metric): Series {
    const series = newSeries(metric, false)
    table.set(key, series)
    return series
  }
}

/** Brings the samples of a series, which come stream by stream, into the order of their times. */
export const sortSeries = (series: Series): void => {
  const { timesNs, values } = series
  if (timesNs.every((time, i) => i === 0 || (timesNs[i - 1] ?? 0n) <= time)) return
  const order = timesNs.map((timeNs, i) => ({ timeNs, value: values[i] ?? NaN }))
  order.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  for (const [i, { timeNs, value }] of order.entries()) {
    timesNs[i] = timeNs
    values[i] = value
  }
}
