import { compareText } from './byte-text.ts'
import { TemplateFailure } from './functions.ts'
import { formatFloat } from './float-text.ts'
import { TIME_STEPS, timeText } from './time-value.ts'
import { formatGoDuration } from '../gotime/duration.ts'
import type { Cell } from './go-type.ts'
import type { MapValue, TemplateValue } from './values.ts'

/** Counts work; throws when there was too much. */
export type Spend = (steps: number) => void

/** What visiting one value inside another costs, next to copying a character. */
export const VALUE_STEPS = 8

/** How deep lists and maps may nest where they are walked. */
export const MAX_VALUE_DEPTH = 100

/** @throws TemplateFailure for a value that is nested too deep to be walked. */
export const checkDepth = (depth: number): void => {
  if (depth > MAX_VALUE_DEPTH) throw new TemplateFailure(`value nested deeper than ${MAX_VALUE_DEPTH} levels`)
}

/** The pairs of a map in the order in which Go prints them and ranges over them. */
export const sortedEntries = (map: MapValue): readonly (readonly [string, TemplateValue])[] =>
  [...map.entries].sort(([left], [right]) => compareText(left, right))

/** Any value inside another one, as `%v` of Go's fmt. */
export const valueText = (value: Cell, spend: Spend, depth = 0): string => {
  checkDepth(depth)
  if (value === undefined || value === null) return '<nil>'
  if (typeof value === 'string') {
    spend(value.length)
    return value
  }
  spend(VALUE_STEPS)
  if (typeof value === 'number') return formatFloat(value, 'g')
  if (typeof value !== 'object') return String(value)
  switch (value.kind) {
    case 'integer':
      return String(value.value)
    case 'list':
      return `[${value.items.map((item) => valueText(item, spend, depth + 1)).join(' ')}]`
    case 'map':
      return `map[${sortedEntries(value)
        .map(([key, item]) => `${valueText(key, spend)}:${valueText(item, spend, depth + 1)}`)
        .join(' ')}]`
    case 'struct':
      return value.text ?? `{${[...value.fields.values()].map((item) => valueText(item, spend, depth + 1)).join(' ')}}`
    case 'time':
      spend(TIME_STEPS)
      return timeText(value)
    case 'duration':
      return formatGoDuration(value.ns)
  }
}
