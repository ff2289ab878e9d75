import type { Labels } from '../entry/entry.ts'

/** An entry as it was pushed. */
export type StoredEntry = {
  readonly timestampNs: bigint
  readonly line: string
  readonly metadata: readonly (readonly [name: string, value: string])[]
}

/**
 * An entry behind the stages of a log query; its labels by where they come from, which Loki can tell a caller. What is
 * seldom asked for is computed when it is, so an entry must not be copied by spreading it.
 */
export type ProcessedEntry = {
  readonly timestampNs: bigint
  readonly line: string
  readonly stream: Labels
  readonly metadata: Labels
  readonly parsed: Labels
  /** The value of a label, from wherever it is; undefined: there is none. Cheaper than its three sets. */
  label(name: string): string | undefined
}

/** What a metric query needs of a label set behind the stages; what is not needed may be left unparsed, as Loki does. */
export type LabelNeed =
  /** No label: `sum(...)`. */
  | { readonly kind: 'none' }
  /** These: `sum by (a, b)`. */
  | { readonly kind: 'some'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'all' }

/** The stages of one query, compiled for one run: holds caches, so a run has its own. */
export type LogPipeline = {
  /** Begins with a stream. @returns what the stages make of its entries, one by one; null: dropped. */
  forStream(labels: Labels): (entry: StoredEntry) => ProcessedEntry | null
}
