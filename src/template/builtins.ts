import { byteLength, bytesOf, sliceBytes } from './byte-text.ts'
import { equalAny, isLess } from './compare.ts'
import { TemplateFailure, type CallableFunction, type Invocation, type ParameterType } from './functions.ts'
import { integerOf, isTrue, kindOf, typeOf } from './go-type.ts'
import { sprint, sprintf, sprintln } from './printf.ts'
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts'
import type { TemplateValue } from './values.ts'

const ANY: ParameterType = 'interface {}'

const define = (
  parameters: readonly ParameterType[],
  call: (args: readonly TemplateValue[], invocation: Invocation) => TemplateValue,
  rest?: ParameterType,
): CallableFunction => ({ kind: 'function', parameters, call, ...(rest === undefined ? {} : { rest }) })

const ordered = (test: (left: TemplateValue, right: TemplateValue) => boolean): CallableFunction =>
  define([ANY, ANY], ([left = null, right = null]) => test(left, right))

const lengthOf = (value: TemplateValue): bigint => {
  if (typeof value === 'string') return BigInt(byteLength(value))
  if (value === null) throw new TemplateFailure('len of nil pointer')
  if (typeof value === 'object' && value.kind === 'list') return BigInt(value.items.length)
  if (typeof value === 'object' && value.kind === 'map') return BigInt(value.entries.size)
  throw new TemplateFailure(`len of type ${typeOf(value)}`)
}

/** An index as a number within `0..limit`. */
const indexOf = (index: TemplateValue, limit: number): number => {
  const value = integerOf(index)
  if (index === null) throw new TemplateFailure('cannot index slice/array with nil')
  if (value === null) throw new TemplateFailure(`cannot index slice/array with type ${typeOf(index)}`)
  if (value < 0n || value >= BigInt(limit)) throw new TemplateFailure(`index out of range: ${value}`)
  return Number(value)
}

const elementOf = (item: TemplateValue, index: TemplateValue): TemplateValue => {
  if (item === null) throw new TemplateFailure('index of untyped nil')
  if (typeof item === 'string') {
    const bytes = bytesOf(item)
    return { kind: 'integer', type: 'uint8', value: BigInt(bytes[indexOf(index, bytes.length)] ?? 0) }
  }
  if (typeof item === 'object' && item.kind === 'list') return item.items[indexOf(index, item.items.length)] ?? null
  if (typeof item === 'object' && item.kind === 'map') {
    if (typeof index !== 'string')
      throw new TemplateFailure(
        index === null ? 'value is nil; should be of type string' : `value has type ${typeOf(index)}; should be string`,
      )
    return item.entries.get(index) ?? (item.element === 'string' ? '' : null)
  }
  throw new TemplateFailure(`can't index item of type ${typeOf(item)}`)
}

const sliced = ([item = null, ...bounds]: readonly TemplateValue[]): TemplateValue => {
  if (item === null) throw new TemplateFailure('slice of untyped nil')
  if (bounds.length > 3) throw new TemplateFailure(`too many slice indexes: ${bounds.length}`)
  const isText = typeof item === 'string'
  if (isText && bounds.length === 3) throw new TemplateFailure('cannot 3-index slice a string')
  if (!isText && kindOf(item) !== 'list') throw new TemplateFailure(`can't slice item of type ${typeOf(item)}`)
  const limit = Number(lengthOf(item))
  const [from = 0, to = limit] = bounds.map((bound) => indexOf(bound, limit + 1))
  if (from > to) throw new TemplateFailure(`invalid slice index: ${from} > ${to}`)
  if (isText) return sliceBytes(item, from, to)
  return typeof item === 'object' && item.kind === 'list' ? { ...item, items: item.items.slice(from, to) } : null
}

/** One text is itself; other arguments are printed. */
const printed = (args: readonly TemplateValue[], { spend }: Invocation): string => {
  const [only] = args
  const text = args.length === 1 && typeof only === 'string' ? only : sprint(args, spend)
  // An escaped character takes up to six.
  spend(text.length * 6)
  return text
}

const less = (left: TemplateValue, right: TemplateValue): boolean => isLess(left, right)

const same = (left: TemplateValue, right: TemplateValue): boolean => equalAny([left, right], () => undefined)

/** The functions that text/template itself has. `and` and `or` are evaluated by the executor, which stops early. */
export const BUILTINS: Readonly<Record<string, CallableFunction>> = {
  and: define([ANY], ([first = null]) => first, ANY),
  or: define([ANY], ([first = null]) => first, ANY),
  not: define([ANY], ([value]) => !isTrue(value)),
  call: define(
    [ANY],
    ([value = null]) => {
      throw new TemplateFailure(value === null ? 'call of nil' : `non-function of type ${typeOf(value)}`)
    },
    ANY,
  ),
  eq: define([ANY], (args, { spend }) => equalAny(args, spend), ANY),
  ne: ordered((left, right) => !same(left, right)),
  lt: ordered(less),
  le: ordered((left, right) => less(left, right) || same(left, right)),
  gt: ordered((left, right) => !(less(left, right) || same(left, right))),
  ge: ordered((left, right) => !less(left, right)),
  len: define([ANY], ([value = null]) => lengthOf(value)),
  index: define([ANY], ([item = null, ...indexes]) => indexes.reduce(elementOf, item), ANY),
  slice: define([ANY], sliced, ANY),
  print: define([], (args, { spend }) => sprint(args, spend), ANY),
  println: define([], (args, { spend }) => sprintln(args, spend), ANY),
  printf: define(
    ['string'],
    ([format, ...args], { spend }) => (typeof format === 'string' ? sprintf(format, args, spend) : ''),
    ANY,
  ),
  html: define([], (args, invocation) => escapeHtml(printed(args, invocation)), ANY),
  js: define([], (args, invocation) => escapeJs(printed(args, invocation)), ANY),
  urlquery: define([], (args, invocation) => escapeQuery(printed(args, invocation)), ANY),
}
