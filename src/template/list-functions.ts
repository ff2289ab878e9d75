import { compareText } from './byte-text.ts'
import { toInteger } from './cast.ts'
import { deepEqual } from './compare.ts'
import { isEmpty } from './default-functions.ts'
import { define, defineRest } from './define.ts'
import { TemplateFailure, type CallableFunction, type TemplateFunctions } from './functions.ts'
import { kindName } from './kind-name.ts'
import type { Spend } from './print-value.ts'
import { nilFailure, printedText, printedTexts, textList } from './printed-text.ts'
import { splitText } from './text-pieces.ts'
import { listOf, type ListValue, type TemplateValue } from './values.ts'

const ANY = 'interface {}'

/** A list, or sprig's complaint. */
const itemsOf = (value: TemplateValue, complaint: string): readonly TemplateValue[] => {
  if (value === null) throw nilFailure()
  if (typeof value === 'object' && value.kind === 'list') return value.items
  throw new TemplateFailure(`${complaint} ${kindName(value)}`)
}

/** A function of one list, under its name and under "must" with a capital. */
const ofList = (
  name: string,
  compute: (items: readonly TemplateValue[], spend: Spend) => TemplateValue,
): TemplateFunctions => {
  const complaint = name === 'compact' ? 'Cannot compact on type' : `Cannot find ${name} on type`
  return withMust(
    name,
    define([ANY], ([list], { spend }) => compute(itemsOf(list, complaint), spend)),
  )
}

const withMust = (name: string, callable: CallableFunction): TemplateFunctions => ({
  [name]: callable,
  [`must${name.slice(0, 1).toUpperCase()}${name.slice(1)}`]: callable,
})

const holds = (items: readonly TemplateValue[], wanted: TemplateValue, spend: Spend): boolean =>
  items.some((item) => deepEqual(item, wanted, spend))

const unique = (items: readonly TemplateValue[], spend: Spend): ListValue => {
  const kept: TemplateValue[] = []
  for (const item of items) if (!holds(kept, item, spend)) kept.push(item)
  return listOf(kept)
}

const sliced = (list: TemplateValue, indexes: readonly TemplateValue[]): TemplateValue => {
  const items = itemsOf(list, 'list should be type of slice or array but')
  if (items.length === 0) return null
  const [from = 0, to = items.length] = indexes.map((index) => Number(toInteger(index)))
  if (to < 0 || to > items.length) throw new TemplateFailure('reflect.Value.Slice: slice index out of bounds')
  if (from < 0 || from > to) throw new TemplateFailure('reflect.Value.Slice: slice index out of bounds')
  return typeof list === 'object' && list?.kind === 'list' ? { ...list, items: items.slice(from, to) } : null
}

const chunked = (size: number, list: TemplateValue): ListValue => {
  const items = itemsOf(list, 'Cannot chunk type')
  if (size < 1) throw new TemplateFailure('runtime error: integer divide by zero')
  const count = Math.ceil(items.length / size)
  return listOf(Array.from({ length: count }, (_, index) => listOf(items.slice(index * size, (index + 1) * size))))
}

const push = define([ANY, ANY], ([list, item]) => listOf([...itemsOf(list, 'Cannot push on type'), item]))
const list = defineRest([], ANY, (_, items) => listOf(items))

/** Numbers from start up to stop, or down. */
const counted = (start: bigint, stop: bigint, step: bigint, spend: Spend): bigint[] => {
  const numbers: bigint[] = []
  if (step === 0n || (stop < start ? step > 0n : step < 0n)) return numbers
  const count = (stop - start) / step
  spend(Number(count) + 1)
  for (let at = start; step > 0n ? at < stop : at > stop; at += step) numbers.push(at)
  return numbers
}

const sequence = (bounds: readonly bigint[], spend: Spend): string => {
  const [first = 1n, second, third] = bounds
  const start = second === undefined ? 1n : first
  const end = third ?? second ?? first
  const down = end < start
  const direction = down ? -1n : 1n
  const step = third === undefined ? direction : (second ?? 1n)
  if (bounds.length === 0 || bounds.length > 3 || (down && step > 0n)) return ''
  return counted(start, end + direction, step, spend).join(' ')
}

const countingFunctions: TemplateFunctions = {
  until: define(['int'], ([count], { spend }) => listOf(counted(0n, count, count < 0n ? -1n : 1n, spend), 'int')),
  untilStep: define(['int', 'int', 'int'], ([start, stop, step], { spend }) =>
    listOf(counted(start, stop, step, spend), 'int'),
  ),
  seq: defineRest([], 'int', (_, bounds, { spend }) => sequence(bounds, spend)),
}

/** sprig's functions on lists. */
export const listFunctions: TemplateFunctions = {
  list,
  tuple: list,
  ...ofList('first', ([first = null]) => first),
  ...ofList('last', (items) => items.at(-1) ?? null),
  ...ofList('rest', (items) => listOf(items.slice(1))),
  ...ofList('initial', (items) => listOf(items.slice(0, -1))),
  ...ofList('reverse', (items) => listOf(items.toReversed())),
  ...ofList('uniq', unique),
  ...ofList('compact', (items) => listOf(items.filter((item) => !isEmpty(item)))),
  ...withMust('append', push),
  ...withMust('push', push),
  ...withMust(
    'prepend',
    define([ANY, ANY], ([list, item]) => listOf([item, ...itemsOf(list, 'Cannot prepend on type')])),
  ),
  ...withMust(
    'without',
    defineRest([ANY], ANY, ([list], omitted, { spend }) =>
      listOf(itemsOf(list, 'Cannot find without on type').filter((item) => !holds(omitted, item, spend))),
    ),
  ),
  ...withMust(
    'has',
    define([ANY, ANY], ([needle, list], { spend }) =>
      list === null ? false : holds(itemsOf(list, 'Cannot find has on type'), needle, spend),
    ),
  ),
  ...withMust(
    'slice',
    defineRest([ANY], ANY, ([list], indexes) => sliced(list, indexes)),
  ),
  ...withMust(
    'chunk',
    define(['int', ANY], ([size, list]) => chunked(Number(size), list)),
  ),
  concat: defineRest([], ANY, (_, lists, { spend }) => {
    const parts = lists.map((list) => itemsOf(list, 'Cannot concat type'))
    spend(parts.reduce((sum, items) => sum + items.length, 0))
    return listOf(parts.flat())
  }),
  sortAlpha: define([ANY], ([list], { spend }) => textList(printedTexts(list, spend).sort(compareText))),
  join: define(['string', ANY], ([separator, list], { spend }) => {
    const texts = printedTexts(list, spend)
    spend(texts.length * separator.length)
    return texts.join(separator)
  }),
  toStrings: define([ANY], ([list], { spend }) => textList(printedTexts(list, spend))),
  splitList: define(['string', 'string'], ([separator, text]) => textList(splitText(text, separator))),
  cat: defineRest([], ANY, (_, values, { spend }) =>
    values
      .filter((value) => value !== null)
      .map((value) => printedText(value, spend))
      .join(' '),
  ),
  ...countingFunctions,
}
