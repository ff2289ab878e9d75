import type { Labels } from '../entry/entry.ts'
import type { Unwrap } from './ast.ts'
import { parseByteCount } from './byte-count.ts'
import { parseGoDuration } from './duration.ts'
import type { StageError } from './entry-labels.ts'
import { processedLabel } from './extract-samples.ts'
import { type FloatOutcome, parseGoFloat } from './go-float.ts'
import { labelTest, type FilteredLabels } from './label-filter.ts'
import type { ProcessedEntry } from './pipeline.ts'
import { filteredNames } from './wanted-labels.ts'

/** The sample of an entry. */
export type EntrySample = { readonly value: number; readonly entry: ProcessedEntry }

const NS_PER_SECOND = 1e9

const seconds = (text: string): FloatOutcome => {
  const duration = parseGoDuration(text)
  return duration.kind === 'ok' ? { kind: 'ok', value: Number(duration.ns) / NS_PER_SECOND } : duration
}

const CONVERSIONS: Readonly<Record<Unwrap['conversion'], (text: string) => FloatOutcome>> = {
  number: parseGoFloat,
  duration: seconds,
  duration_seconds: seconds,
  bytes: parseByteCount,
}

/** The labels that an unwrap and the filters behind it look at. */
export const unwrapReads = (unwrap: Unwrap): readonly string[] => [
  unwrap.label,
  ...unwrap.filters.flatMap(filteredNames),
]

/** The labels of an entry behind the stages, and what went wrong with them since. */
class UnwrappedLabels implements FilteredLabels {
  readonly #entry: ProcessedEntry
  #error: string
  #details: string

  constructor(entry: ProcessedEntry) {
    this.#entry = entry
    this.#error = processedLabel(entry, '__error__') ?? ''
    this.#details = processedLabel(entry, '__error_details__') ?? ''
  }

  get error(): string {
    return this.#error
  }

  get(name: string): string | undefined {
    return processedLabel(this.#entry, name) ?? undefined
  }

  text(name: string): string {
    return name === '__error__' ? this.#error : (this.get(name) ?? '')
  }

  fail(error: StageError | 'SampleExtractionErr', details: string): void {
    this.#error = error
    if (details !== '') this.#details = details
  }

  /** The entry with its error among its labels. */
  get entry(): ProcessedEntry {
    if (this.#error === '') return this.#entry
    const { timestampNs, line, stream, metadata } = this.#entry
    const parsed: Labels = { ...this.#entry.parsed, __error__: this.#error, __error_details__: this.#details }
    const label = (name: string): string | undefined =>
      Object.hasOwn(parsed, name) ? parsed[name] : this.#entry.label(name)
    return { timestampNs, line, stream, metadata, parsed, label }
  }
}

/**
 * The number of an entry; null: it has none, because the label is missing or a filter drops it. What is no number is an
 * error, which such a filter may see (Loki pkg/logql/log/metrics_extraction.go).
 */
export const compileUnwrap = (unwrap: Unwrap): ((entry: ProcessedEntry) => EntrySample | null) => {
  const tests = unwrap.filters.map(labelTest)
  const convert = CONVERSIONS[unwrap.conversion]
  return (entry) => {
    const text = processedLabel(entry, unwrap.label) ?? ''
    if (text === '') return null
    const number = convert(text)
    const value = number.kind === 'ok' ? number.value : 0
    if (number.kind === 'ok' && tests.length === 0) return { value, entry }
    const labels = new UnwrappedLabels(entry)
    if (number.kind === 'invalid') labels.fail('SampleExtractionErr', number.message)
    return tests.every((test) => test(labels)) ? { value, entry: labels.entry } : null
  }
}
