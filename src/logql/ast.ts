/**
 * LogQL as Loki understands it (pkg/logql/syntax), after everything that is only spelling was resolved: strings are
 * unquoted, durations are nanoseconds, `by ()` and no grouping differ.
 */

/** Offsets into the text of the query. */
export type Span = { readonly from: number; readonly to: number }

export type MatchOperator = '=' | '!=' | '=~' | '!~'
export type CompareOperator = '==' | '!=' | '>' | '>=' | '<' | '<='

export type Matcher = { readonly name: string; readonly op: MatchOperator; readonly value: string }

export type LineFilterOperator = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'
/** One alternative of a line filter; `ip`: the line holds an address of this range. */
export type LineMatch = { readonly kind: 'text' | 'ip'; readonly value: string }

export type LabelFilter =
  | { readonly kind: 'string'; readonly matcher: Matcher }
  | { readonly kind: 'number'; readonly name: string; readonly op: CompareOperator; readonly value: number }
  /** `value` in seconds. */
  | { readonly kind: 'duration'; readonly name: string; readonly op: CompareOperator; readonly value: number }
  /** `value` in bytes. */
  | { readonly kind: 'bytes'; readonly name: string; readonly op: CompareOperator; readonly value: number }
  | { readonly kind: 'ip'; readonly name: string; readonly op: '=' | '!='; readonly value: string }
  | { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter }

/** `label="expression"`; the expression is a path of the parser. */
export type Extraction = { readonly label: string; readonly expression: string }

export type LabelFormat =
  | { readonly kind: 'rename'; readonly to: string; readonly from: string }
  | { readonly kind: 'template'; readonly to: string; readonly template: string }

/** A name alone, or a name only where its value matches. */
export type LabelChoice = { readonly name: string; readonly matcher: Matcher | null }

/** What the entries of a selector go through, in order. */
export type Stage = Span &
  (
    | { readonly kind: 'line_filter'; readonly op: LineFilterOperator; readonly matches: readonly LineMatch[] }
    | { readonly kind: 'label_filter'; readonly filter: LabelFilter }
    | { readonly kind: 'json'; readonly extractions: readonly Extraction[] }
    | {
        readonly kind: 'logfmt'
        readonly strict: boolean
        readonly keepEmpty: boolean
        readonly extractions: readonly Extraction[]
      }
    | { readonly kind: 'regexp'; readonly pattern: string }
    | { readonly kind: 'pattern'; readonly pattern: string }
    | { readonly kind: 'unpack' }
    | { readonly kind: 'line_format'; readonly template: string }
    | { readonly kind: 'label_format'; readonly formats: readonly LabelFormat[] }
    | { readonly kind: 'decolorize' }
    | { readonly kind: 'drop' | 'keep'; readonly choices: readonly LabelChoice[] }
  )

/** A query for lines. */
export type LogQuery = Span & {
  readonly kind: 'log'
  readonly matchers: readonly Matcher[]
  readonly stages: readonly Stage[]
}

export type Grouping = { readonly kind: 'by' | 'without'; readonly labels: readonly string[] }

export type Unwrap = {
  readonly label: string
  /** How the label's text becomes a number. */
  readonly conversion: 'number' | 'duration' | 'duration_seconds' | 'bytes'
  /** After the unwrap. */
  readonly filters: readonly LabelFilter[]
}

export const RANGE_OPERATORS = [
  'count_over_time',
  'rate',
  'rate_counter',
  'bytes_over_time',
  'bytes_rate',
  'sum_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
] as const
export type RangeOperator = (typeof RANGE_OPERATORS)[number]

export const VECTOR_OPERATORS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'approx_topk',
  'sort',
  'sort_desc',
] as const
export type VectorOperator = (typeof VECTOR_OPERATORS)[number]

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '^' | CompareOperator | 'and' | 'or' | 'unless'

/** How the samples of two vectors find each other. */
export type Matching = {
  readonly on: boolean
  readonly labels: readonly string[]
  readonly group: 'one-to-one' | 'group_left' | 'group_right'
  /** Labels taken over from the one side. */
  readonly include: readonly string[]
}

/** A query for numbers. */
export type MetricQuery = Span &
  (
    | {
        readonly kind: 'range'
        readonly op: RangeOperator
        /** Of `quantile_over_time`; null: none. */
        readonly parameter: number | null
        readonly log: LogQuery
        readonly unwrap: Unwrap | null
        readonly rangeNs: bigint
        readonly offsetNs: bigint
        /** Null: none was written, which is not `by ()`. */
        readonly grouping: Grouping | null
      }
    | {
        readonly kind: 'vector'
        readonly op: VectorOperator
        /** Of topk and bottomk; null: none. */
        readonly parameter: number | null
        readonly of: MetricQuery
        readonly grouping: Grouping | null
      }
    | {
        readonly kind: 'binary'
        readonly op: BinaryOperator
        readonly left: MetricQuery
        readonly right: MetricQuery
        /** `bool` was written: compare to 0 or 1 instead of filtering. */
        readonly returnBool: boolean
        /** Null: nothing was written; all labels must be equal. */
        readonly matching: Matching | null
      }
    | { readonly kind: 'number'; readonly value: number }
    /** `vector(x)`. */
    | { readonly kind: 'vector_of'; readonly value: number }
    | {
        readonly kind: 'label_replace'
        readonly of: MetricQuery
        /** Not `to` and `from`: those are the place in the query. */
        readonly target: string
        readonly replacement: string
        readonly source: string
        readonly pattern: string
      }
  )

export type Query = LogQuery | MetricQuery

/** Why a text is no query, with the place. `message` is worded as Loki words it where that is known. */
export type QueryProblem = Span & { readonly message: string }

export type ParsedQuery =
  { readonly kind: 'ok'; readonly query: Query } | { readonly kind: 'error'; readonly problem: QueryProblem }
