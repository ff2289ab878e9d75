import type { CompareOperator, LabelFilter, Unwrap } from './ast.ts'
import { parseByteCount } from './byte-count.ts'
import { parseGoDuration } from './duration.ts'
import { EvaluationError } from './evaluation-error.ts'
import { processedLabel } from './extract-samples.ts'
import { parseGoFloat } from './go-number.ts'
import { valueTest } from './matchers.ts'
import type { ProcessedEntry } from './pipeline.ts'

/** The sample of an entry; null: it has none. */
export type EntrySample = { readonly value: number; readonly entry: ProcessedEntry }

const NS_PER_SECOND = 1e9

const seconds = (text: string): number | null => {
  const ns = parseGoDuration(text)
  return ns === null ? null : Number(ns) / NS_PER_SECOND
}

const CONVERSIONS: Readonly<Record<Unwrap['conversion'], (text: string) => number | null>> = {
  number: parseGoFloat,
  duration: seconds,
  duration_seconds: seconds,
  bytes: parseByteCount,
}

const filterNames = (filter: LabelFilter): readonly string[] => {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...filterNames(filter.left), ...filterNames(filter.right)]
    case 'string':
      return [filter.matcher.name]
    case 'number':
    case 'duration':
    case 'bytes':
    case 'ip':
      return [filter.name]
  }
}

/** The labels that an unwrap and the filters behind it look at. */
export const unwrapReads = (unwrap: Unwrap): readonly string[] => [unwrap.label, ...unwrap.filters.flatMap(filterNames)]

type Verdict = (entry: ProcessedEntry) => ProcessedEntry | null

const withError = (entry: ProcessedEntry, kind: string, details: string): ProcessedEntry => ({
  ...entry,
  parsed: { ...entry.parsed, __error__: kind, __error_details__: details },
})

const hasError = (entry: ProcessedEntry): boolean => Object.hasOwn(entry.parsed, '__error__')

const COMPARISONS: Readonly<Record<CompareOperator, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
}

const FILTER_CONVERSIONS = { number: parseGoFloat, duration: seconds, bytes: parseByteCount }

type NumericFilter = Extract<LabelFilter, { kind: 'number' | 'duration' | 'bytes' }>

/** Entries with an error are left to the filters of texts. */
const numericVerdict = (filter: NumericFilter): Verdict => {
  const { name, op, value } = filter
  return (entry) => {
    if (hasError(entry)) return entry
    const text = processedLabel(entry, name)
    if (text === null) return null
    const found = FILTER_CONVERSIONS[filter.kind](text)
    if (found === null) return withError(entry, 'LabelFilterErr', `cannot convert ${JSON.stringify(text)}`)
    return COMPARISONS[op](found, value) ? entry : null
  }
}

const verdictOf = (filter: LabelFilter): Verdict => {
  switch (filter.kind) {
    case 'string': {
      const test = valueTest(filter.matcher)
      return (entry) => (test(processedLabel(entry, filter.matcher.name) ?? '') ? entry : null)
    }
    case 'and': {
      const [left, right] = [verdictOf(filter.left), verdictOf(filter.right)]
      return (entry) => {
        const passed = left(entry)
        return passed === null ? null : right(passed)
      }
    }
    case 'or': {
      const [left, right] = [verdictOf(filter.left), verdictOf(filter.right)]
      return (entry) => left(entry) ?? right(entry)
    }
    case 'ip':
      throw new EvaluationError('ip() behind unwrap is not supported')
    case 'number':
    case 'duration':
    case 'bytes':
      return numericVerdict(filter)
  }
}

/** The number of an entry. Without the label there is none; what is no number is an error that a filter may drop. */
export const compileUnwrap = (unwrap: Unwrap): ((entry: ProcessedEntry) => EntrySample | null) => {
  const verdicts = unwrap.filters.map(verdictOf)
  const convert = CONVERSIONS[unwrap.conversion]
  return (entry) => {
    const text = processedLabel(entry, unwrap.label) ?? ''
    if (text === '') return null
    const value = convert(text)
    let passed: ProcessedEntry | null =
      value === null
        ? withError(entry, 'SampleExtractionErr', `cannot convert ${JSON.stringify(text)} to ${unwrap.conversion}`)
        : entry
    for (const verdict of verdicts) if (passed !== null) passed = verdict(passed)
    return passed === null ? null : { value: value ?? 0, entry: passed }
  }
}
