import type { Grouping, RangeOperator } from './ast.ts'
import { compileLog } from './compile-log.ts'
import { countBySteps } from './counted-steps.ts'
import { pipelineError } from './evaluation-error.ts'
import {
  keptLabels,
  labelNeed,
  readLines,
  SeriesTable,
  sortSeries,
  type Kept,
  type RangeQuery,
  type Series,
} from './extract-samples.ts'
import { streamTest } from './matchers.ts'
import { metricOf, type Sample } from './metric.ts'
import { NO_HINTS, parserHints } from './parser-hints.ts'
import type { LabelNeed, ProcessedEntry } from './pipeline.ts'
import type { Run, Steps } from './steps.ts'
import { firstAfter } from './store.ts'
import { compileUnwrap, unwrapReads, type EntrySample } from './unwrap.ts'
import { filteredNames } from './wanted-labels.ts'
import {
  averageOf,
  counterRateOf,
  countOf,
  firstOf,
  lastOf,
  maxOf,
  minOf,
  quantileOf,
  secondsOf,
  sumOf,
  varianceOf,
  type WindowValue,
} from './window-value.ts'

/** The number of an entry; null: it has none. */
type SampleOf = (entry: ProcessedEntry) => EntrySample | null

type WholeNumbers = 'entries' | 'bytes'

const ENTRY_COUNTS: ReadonlySet<RangeOperator> = new Set(['count_over_time', 'rate', 'absent_over_time'])
const BYTE_COUNTS: ReadonlySet<RangeOperator> = new Set(['bytes_over_time', 'bytes_rate'])

/** What can be counted without keeping each sample, exactly. */
const wholeNumbers = ({ op, unwrap }: RangeQuery): WholeNumbers | null => {
  if (unwrap !== null) return null
  if (ENTRY_COUNTS.has(op)) return 'entries'
  return BYTE_COUNTS.has(op) ? 'bytes' : null
}

const perSecond =
  (of: WindowValue): WindowValue =>
  (window) =>
    of(window) / secondsOf(window.rangeNs)

const RANGE_VALUES: Readonly<Record<Exclude<RangeOperator, 'rate' | 'quantile_over_time'>, WindowValue>> = {
  count_over_time: countOf,
  rate_counter: counterRateOf,
  bytes_over_time: sumOf,
  bytes_rate: perSecond(sumOf),
  sum_over_time: sumOf,
  avg_over_time: averageOf,
  min_over_time: minOf,
  max_over_time: maxOf,
  stddev_over_time: (window) => Math.sqrt(varianceOf(window)),
  stdvar_over_time: varianceOf,
  first_over_time: firstOf,
  last_over_time: lastOf,
  absent_over_time: () => 1,
}

const windowValue = (query: RangeQuery): WindowValue => {
  if (query.op === 'rate') return perSecond(query.unwrap === null ? countOf : sumOf)
  if (query.op === 'quantile_over_time') return quantileOf(query.parameter ?? NaN)
  return RANGE_VALUES[query.op]
}

const sampleOf = (query: RangeQuery): SampleOf => {
  if (query.unwrap !== null) return compileUnwrap(query.unwrap)
  if (wholeNumbers(query) === 'bytes') return (entry) => ({ value: Buffer.byteLength(entry.line), entry })
  return (entry) => ({ value: 1, entry })
}

/** Loki forgives what parsers could not read when the query names `__error__` (pkg/logql/log/parser_hints.go). */
const asksForErrors = ({ log }: RangeQuery, need: LabelNeed): boolean => {
  if (need.kind === 'all') return false
  const filtered = log.stages.flatMap((stage) => (stage.kind === 'label_filter' ? filteredNames(stage.filter) : []))
  return filtered.includes('__error__') || (need.kind === 'some' && need.names.has('__error__'))
}

/** Takes a sample of a series; for the entries of one stream, in the order of their times. */
type Note = (series: Series, value: number, timeNs: bigint) => void

const noteTotal: Note = (series, value) => {
  series.count += 1
  series.total += value
}

const noteSample: Note = (series, value, timeNs) => {
  series.values.push(value)
  series.timesNs.push(timeNs)
}

/** No more of the samples than what the query asks for. */
const notes = ({ timesNs }: Run, query: RangeQuery): (() => Note) => {
  if (wholeNumbers(query) === null) return () => noteSample
  if (timesNs.length === 1) return () => noteTotal
  const endsNs = timesNs.map((timeNs) => timeNs - query.offsetNs)
  return () => countBySteps(endsNs, query.rangeNs)
}

/** Each entry that some window may hold passes once. */
const collect = (run: Run, query: RangeQuery, kept: Kept): readonly Series[] => {
  const { timesNs } = run
  const fromNs = (timesNs[0] ?? 0n) - query.offsetNs - query.rangeNs
  const toNs = (timesNs.at(-1) ?? 0n) - query.offsetNs
  const matches = streamTest(query.log.matchers)
  const need = labelNeed(kept, query.unwrap === null ? [] : unwrapReads(query.unwrap))
  const log = readLines(query)
  // With `by`, Loki's parsers look for names alone.
  const pipeline = compileLog(log, need, kept.kind === 'by' ? NO_HINTS : parserHints(log.stages))
  const extract = sampleOf(query)
  const noted = notes(run, query)
  const table = new SeriesTable(kept, asksForErrors(query, need))
  for (const { labels, entries } of run.source.streams()) {
    if (!matches(labels)) continue
    const to = firstAfter(entries, toNs)
    let i = firstAfter(entries, fromNs)
    if (i >= to) continue
    const process = pipeline.forStream(labels)
    const note = noted()
    for (; i < to; i += 1) {
      const entry = entries[i]
      const processed = entry === undefined ? null : process(entry)
      const sample = processed === null ? null : extract(processed)
      if (sample === null) continue
      note(table.seriesOf(sample.entry), sample.value, sample.entry.timestampNs)
    }
  }
  return table.all
}

/** What a count comes to. */
const counted = (query: RangeQuery): ((count: number, total: number) => number) => {
  const rate = query.op === 'rate' || query.op === 'bytes_rate' ? secondsOf(query.rangeNs) : 1
  return wholeNumbers(query) === 'bytes' ? (_, total) => total / rate : (count) => count / rate
}

/** One step over what was only counted. */
const totals = (query: RangeQuery, series: readonly Series[]): Steps => {
  const value = counted(query)
  return () =>
    series.map(({ metric, count, total, hasError }) => {
      if (hasError) throw pipelineError(metric)
      return { metric, value: value(count, total) }
    })
}

/** Step by step over what was only counted. */
const countedWindows = (query: RangeQuery, found: readonly Series[]): Steps => {
  const value = counted(query)
  const running = found.map((series) => ({ series, entries: 0, total: 0 }))
  let step = 0
  return () => {
    const samples: Sample[] = []
    for (const one of running) {
      const change = one.series.changes.get(step)
      one.entries += change?.entries ?? 0
      one.total += change?.total ?? 0
      if (one.entries === 0) continue
      const { metric, hasError } = one.series
      if (hasError) throw pipelineError(metric)
      samples.push({ metric, value: value(one.entries, one.total) })
    }
    step += 1
    return samples
  }
}

type Slider = { readonly series: Series; from: number; to: number }

/** Moves a window over the samples of a series; false: it holds none. */
const slide = (slider: Slider, startNs: bigint, endNs: bigint): boolean => {
  const { timesNs } = slider.series
  while (slider.to < timesNs.length && (timesNs[slider.to] ?? 0n) <= endNs) slider.to += 1
  while (slider.from < slider.to && (timesNs[slider.from] ?? 0n) <= startNs) slider.from += 1
  return slider.from < slider.to
}

const windows = (run: Run, query: RangeQuery, found: readonly Series[]): Steps => {
  for (const series of found) sortSeries(series)
  const sliders = found.map((series): Slider => ({ series, from: 0, to: 0 }))
  const of = windowValue(query)
  const { rangeNs } = query
  let step = 0
  return () => {
    const endNs = (run.timesNs[step] ?? 0n) - query.offsetNs
    step += 1
    const samples: Sample[] = []
    for (const slider of sliders) {
      if (!slide(slider, endNs - rangeNs, endNs)) continue
      const { from, to, series } = slider
      if (series.hasError) throw pipelineError(series.metric)
      const { metric, values, timesNs } = series
      samples.push({ metric, value: of({ values, timesNs, from, to, endNs, rangeNs }) })
    }
    return samples
  }
}

/** The labels of an absent series: those that the selector fixes to one value. */
const absentLabels = (query: RangeQuery): Sample => {
  const fixed = new Map<string, string>()
  const open = new Set<string>()
  for (const { name, op, value } of query.log.matchers) {
    if (op === '=' && !fixed.has(name)) fixed.set(name, value)
    else open.add(name)
  }
  const labels = [...fixed].filter(([name, value]) => !open.has(name) && value !== '')
  return { metric: metricOf(labels), value: 1 }
}

const stepsOf = (run: Run, query: RangeQuery, series: readonly Series[]): Steps => {
  if (wholeNumbers(query) === null) return windows(run, query, series)
  return run.timesNs.length === 1 ? totals(query, series) : countedWindows(query, series)
}

/** A range aggregation; `outer`: the grouping of a `sum` right around it. */
export const rangeSteps = (run: Run, query: RangeQuery, outer: Grouping | null): Steps => {
  const series = collect(run, query, keptLabels(query, outer))
  const next = stepsOf(run, query, series)
  if (query.op !== 'absent_over_time') return next
  const absent = absentLabels(query)
  return () => (next().length > 0 ? [] : [absent])
}
