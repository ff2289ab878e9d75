/** Stream labels: name to value, no empty values. One object per distinct set where possible (compared by identity). */
export type Labels = Readonly<Record<string, string>>

/**
 * One line for Loki. A pure function of one event revision and the configuration: the same revision always gives the
 * same bytes, so that Loki drops a repeat.
 */
export type Entry = {
  /** Without the client's `external_labels`. May hold `__tenant_id__` (not sent, chooses the tenant). */
  readonly labels: Labels
  /** Nanoseconds since 1970. */
  readonly timestampNs: bigint
  /** Well-formed UTF-16 (no lone surrogates), no newline, bounded by `maxLineBytes`. */
  readonly line: string
  /** Structured metadata in a fixed order; no empty values, no name that is only underscores. */
  readonly metadata: readonly (readonly [name: string, value: string])[]
}

export type LineFormat = 'logfmt' | 'json' | 'alloy' | 'agent' | 'exporter'

/** `kubernetes_events` of a scrape config, the part that concerns the entry. */
export type EntryOptions = {
  readonly format: LineFormat
  /** Value of the label `job`; '' = the format's own default (`kubernetes-events`, `loki.source.kubernetes_events`, ...). */
  readonly job: string
  /** Constant labels added to each entry (`labels:`). */
  readonly labels: Readonly<Record<string, string>>
  /** `structured_metadata`: false = those fields are in the line only. */
  readonly structuredMetadata: boolean
  /** Distinct streams admitted before new label values become `overflow`. */
  readonly maxStreams: number
  /** Longest line in UTF-8 bytes; the message is cut at a code point so that the line fits. Loki's default limit: 256 KiB. */
  readonly maxLineBytes: number
  /** Longest label value in UTF-8 bytes. Loki's default limit: 2048. */
  readonly maxLabelValueBytes: number
}
