import { compareText } from './byte-text.ts'
import { isEmpty } from './default-functions.ts'
import { define, defineRest } from './define.ts'
import { TemplateFailure, type CallableFunction, type TemplateFunctions } from './functions.ts'
import { kindName } from './kind-name.ts'
import { checkDepth, VALUE_STEPS, type Spend } from './print-value.ts'
import { printedText, textList } from './printed-text.ts'
import { splitText } from './text-pieces.ts'
import { listOf, mapOf, textMapOf, type MapValue, type TemplateValue } from './values.ts'

const MAP = 'map[string]interface {}'
const ANY = 'interface {}'

const isMap = (value: TemplateValue | undefined): value is MapValue =>
  typeof value === 'object' && value?.kind === 'map'

/** sprig changes dictionaries in place; templates that call such a function run on a copy of their data. */
const mutating = (callable: CallableFunction): CallableFunction => ({ ...callable, mutates: true })

const put = (map: MapValue, key: string, value: TemplateValue): void => {
  if (map.entries instanceof Map) map.entries.set(key, value)
}

const remove = (map: MapValue, key: string): void => {
  if (map.entries instanceof Map) map.entries.delete(key)
}

const dict = (values: readonly TemplateValue[], spend: Spend): MapValue => {
  const pairs: (readonly [string, TemplateValue])[] = []
  for (let at = 0; at < values.length; at += 2) {
    const value = values[at + 1]
    pairs.push([printedText(values[at] ?? null, spend), value === undefined ? '' : value])
  }
  return mapOf(pairs)
}

const copied = (value: TemplateValue, spend: Spend, depth = 0): TemplateValue => {
  checkDepth(depth)
  spend(VALUE_STEPS)
  if (typeof value !== 'object' || value === null) return value
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => copied(item, spend, depth + 1)) }
  if (value.kind !== 'map') return value
  return { ...value, entries: new Map([...value.entries].map(([key, item]) => [key, copied(item, spend, depth + 1)])) }
}

type Merging = { readonly overwrite: boolean; readonly spend: Spend; readonly depth: number }

/** What is empty in the target is filled; what is there stays, unless it is to be overwritten by what is not empty. */
const mergeInto = (target: MapValue, source: MapValue, merging: Merging): void => {
  checkDepth(merging.depth)
  for (const [key, item] of source.entries) {
    merging.spend(VALUE_STEPS)
    const known = target.entries.get(key)
    if (isMap(known) && isMap(item)) mergeInto(known, item, { ...merging, depth: merging.depth + 1 })
    else if (isEmpty(known) || (merging.overwrite && !isEmpty(item))) put(target, key, item)
  }
}

const merger = (overwrite: boolean): CallableFunction =>
  mutating(
    defineRest([MAP], MAP, ([target], sources, { spend }) => {
      for (const source of sources) mergeInto(target, source, { overwrite, spend, depth: 0 })
      return target
    }),
  )

const dug = (values: readonly TemplateValue[]): TemplateValue => {
  const [data, otherwise, ...path] = [...values].reverse()
  if (values.length < 3) throw new TemplateFailure('runtime error: slice bounds out of range')
  let value: TemplateValue | undefined = data
  for (const step of path.reverse()) {
    if (!isMap(value))
      throw new TemplateFailure(`interface conversion: interface {} is ${kindName(value ?? null)}, not ${MAP}`)
    value = typeof step === 'string' ? value.entries.get(step) : undefined
    if (value === undefined) return otherwise ?? null
  }
  return value ?? null
}

const keysOf = (map: MapValue): string[] => [...map.entries.keys()].sort(compareText)

const numbered = (parts: readonly string[]): MapValue => textMapOf(parts.map((part, index) => [`_${index}`, part]))

const filtered = (map: MapValue, keep: (key: string) => boolean): MapValue =>
  mapOf([...map.entries].filter(([key]) => keep(key)))

const deepCopy = define([ANY], ([value], { spend }) => copied(value, spend))

/** sprig's functions on dictionaries. Keys and values come sorted by key; in Go their order is random. */
export const mapFunctions: TemplateFunctions = {
  dict: defineRest([], ANY, (_, values, { spend }) => dict(values, spend)),
  get: define([MAP, 'string'], ([map, key]) => map.entries.get(key) ?? ''),
  set: mutating(
    define([MAP, 'string', ANY], ([map, key, value]) => {
      put(map, key, value)
      return map
    }),
  ),
  unset: mutating(
    define([MAP, 'string'], ([map, key]) => {
      remove(map, key)
      return map
    }),
  ),
  hasKey: define([MAP, 'string'], ([map, key]) => map.entries.has(key)),
  pluck: defineRest(['string'], MAP, ([key], maps) =>
    listOf(maps.filter((map) => map.entries.has(key)).map((map) => map.entries.get(key) ?? null)),
  ),
  keys: defineRest([], MAP, (_, maps) => textList(maps.flatMap(keysOf))),
  values: define([MAP], ([map]) => listOf(keysOf(map).map((key) => map.entries.get(key) ?? null))),
  pick: defineRest([MAP], 'string', ([map], keys) => filtered(map, (key) => keys.includes(key))),
  omit: defineRest([MAP], 'string', ([map], keys) => filtered(map, (key) => !keys.includes(key))),
  merge: merger(false),
  mustMerge: merger(false),
  mergeOverwrite: merger(true),
  mustMergeOverwrite: merger(true),
  dig: defineRest([], ANY, (_, values) => dug(values)),
  deepCopy,
  mustDeepCopy: deepCopy,
  split: define(['string', 'string'], ([separator, text]) => numbered(splitText(text, separator))),
  splitn: define(['string', 'int', 'string'], ([separator, limit, text]) =>
    numbered(splitText(text, separator, Number(limit))),
  ),
}
