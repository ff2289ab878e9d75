import type { CallableFunction } from './functions.ts'

/**
 * The values of Go that a template can hold, with the types that text/template and its functions tell apart. Text is
 * a string of bytes in Go: a byte that is no UTF-8 stands as the lone surrogate U+DC80..U+DCFF here (byte-text.ts).
 */
export type TemplateValue =
  | string
  | boolean
  /** Go's `int`. */
  | bigint
  /** Go's `float64`. */
  | number
  /** Go's nil in an `interface {}`. */
  | null
  | SizedInteger
  | ListValue
  | MapValue
  | StructValue
  | TimeValue
  | DurationValue

/** An integer of a type other than `int`. */
export type SizedInteger = {
  readonly kind: 'integer'
  readonly type: 'int64' | 'int32' | 'uint8' | 'uint64'
  readonly value: bigint
}

export type ListValue = {
  readonly kind: 'list'
  /** Go's type of the items. */
  readonly element: 'interface {}' | 'string' | 'int'
  readonly items: readonly TemplateValue[]
}

/** A map with text keys. What a missing key gives with `missingkey=zero` depends on `element`. */
export type MapValue = {
  readonly kind: 'map'
  readonly element: 'interface {}' | 'string'
  readonly entries: ReadonlyMap<string, TemplateValue>
}

/** A struct, or a value with methods without arguments: an unknown field is an error. */
export type StructValue = {
  readonly kind: 'struct'
  /** As Go prints it: `*semver.Version`. */
  readonly type: string
  readonly fields: ReadonlyMap<string, TemplateValue>
  /** What printing it gives; null: its fields in braces. */
  readonly text: string | null
  /** Methods that take arguments, by name. */
  readonly methods?: ReadonlyMap<string, CallableFunction>
}

/** Go's `time.Time`. `zone` is an IANA name, `UTC`, `Local` or a fixed offset (`+02:00`). */
export type TimeValue = { readonly kind: 'time'; readonly ns: bigint; readonly zone: string }

/** Go's `time.Duration`. */
export type DurationValue = { readonly kind: 'duration'; readonly ns: bigint }

/** A `[]interface {}`, or a list of another element type. */
export const listOf = (items: readonly TemplateValue[], element: ListValue['element'] = 'interface {}'): ListValue => ({
  kind: 'list',
  element,
  items,
})

/** A `map[string]interface {}` of pairs. */
export const mapOf = (pairs: Iterable<readonly [string, TemplateValue]>): MapValue => ({
  kind: 'map',
  element: 'interface {}',
  entries: new Map(pairs),
})

/** A `map[string]string`: labels. A missing key is empty text with `missingkey=zero`. */
export const textMapOf = (pairs: Iterable<readonly [string, string]>): MapValue => ({
  kind: 'map',
  element: 'string',
  entries: new Map(pairs),
})

/** A Go `int64`, which many functions of sprig return and which does not fit where `int` is asked for. */
export const int64 = (value: bigint): SizedInteger => ({
  kind: 'integer',
  type: 'int64',
  value: BigInt.asIntN(64, value),
})
