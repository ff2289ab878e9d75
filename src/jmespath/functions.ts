import { parseGoFloat } from '../logql/go-float.ts'
import { byBytes, jsonText, type Json, type JsonObject } from './json-text.ts'
import { EvaluationError, isEqual, isList, isObject, Reference, type Value } from './value.ts'

/** Evaluates what a reference refers to. */
export type Apply = (reference: Reference, item: Json) => Json

type Kind = 'number' | 'string' | 'array' | 'object' | 'array of numbers' | 'array of strings' | 'any' | 'expression'
type Callee = { readonly takes: readonly (readonly Kind[])[]; readonly rest?: Kind; readonly call: Call }
type Call = (args: readonly Value[], apply: Apply) => Value

const numbers = (value: Value): value is readonly number[] =>
  isList(value) && value.every((it) => typeof it === 'number')
const strings = (value: Value): value is readonly string[] =>
  isList(value) && value.every((it) => typeof it === 'string')

const CHECKS: Readonly<Record<Kind, (value: Value) => boolean>> = {
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  array: isList,
  object: isObject,
  'array of numbers': numbers,
  'array of strings': strings,
  any: () => true,
  expression: (value) => value instanceof Reference,
}

const sortedKeys = (object: JsonObject): readonly string[] => Object.keys(object).sort(byBytes)

const typeName = (value: Value): string => {
  if (value === null) return 'null'
  if (value instanceof Reference) throw new EvaluationError('type() of an expression')
  if (isList(value)) return 'array'
  return typeof value
}

const toText = (value: Value): string => {
  if (typeof value === 'string') return value
  const text = value instanceof Reference ? null : jsonText(value)
  if (text === null) throw new EvaluationError('no JSON text')
  // encoding/json, unlike the writer of the stage, writes an exponent of one digit.
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*")|e-0(\d)/g,
    (_, string: string | undefined, digit: string) => string ?? `e-${digit}`,
  )
}

const toNumber = (value: Value): Json => {
  if (typeof value === 'number') return value
  const parsed = typeof value === 'string' ? parseGoFloat(value) : null
  return parsed?.kind === 'ok' ? parsed.value : null
}

const contains = (within: Value, item: Value): boolean => {
  if (typeof within === 'string') return typeof item === 'string' && within.includes(item)
  return isList(within) && within.some((other) => isEqual(other, item))
}

const less = (a: Json, b: Json): boolean => {
  if (typeof a === 'string' && typeof b === 'string') return byBytes(a, b) < 0
  return typeof a === 'number' && typeof b === 'number' && a < b
}

/** The first item of which no other is less (`least`), or greater. */
const extreme = (items: readonly Json[], keys: readonly Json[], least: boolean): Json => {
  let best = 0
  for (let index = 1; index < items.length; index += 1) {
    const [key = null, bestKey = null] = [keys[index], keys[best]]
    if (least ? less(key, bestKey) : less(bestKey, key)) best = index
  }
  return items[best] ?? null
}

/** The key of each item; all must be numbers, or all strings. A single item is what it is, whatever its key. */
const keysOf = (items: readonly Json[], reference: Reference, apply: Apply): readonly Json[] => {
  if (items.length < 2) return items
  const keys = items.map((item) => apply(reference, item))
  if (!numbers(keys) && !strings(keys)) throw new EvaluationError('invalid type, must be number of string')
  return keys
}

const order = (a: Json, b: Json): number => (less(a, b) ? -1 : less(b, a) ? 1 : 0)

const list = (value: Value | undefined): readonly Json[] => (value !== undefined && isList(value) ? value : [])
const number = (value: Value | undefined): number => (typeof value === 'number' ? value : 0)
const string = (value: Value | undefined): string => (typeof value === 'string' ? value : '')
const object = (value: Value | undefined): JsonObject => (value !== undefined && isObject(value) ? value : {})
const plain = (value: Value | undefined): Json => {
  if (value instanceof Reference) throw new EvaluationError('an expression is no value')
  return value ?? null
}
const reference = (value: Value | undefined): Reference => {
  if (value instanceof Reference) return value
  throw new EvaluationError('expected an expression')
}

const sum = (values: readonly Json[]): number => values.reduce<number>((total, value) => total + number(value), 0)

const lengthOf = (value: Value | undefined): number => {
  if (typeof value === 'string') return Array.from(value).length
  return value !== undefined && isList(value) ? value.length : Object.keys(object(value)).length
}

const reversed = (value: Value | undefined): Json =>
  typeof value === 'string' ? Array.from(value).reverse().join('') : list(value).toReversed()

const by = (args: readonly Value[], apply: Apply): readonly [readonly Json[], readonly Json[]] => {
  const items = list(args[0])
  return [items, keysOf(items, reference(args[1]), apply)]
}

const sortBy: Call = (args, apply) => {
  const [items, keys] = by(args, apply)
  return items
    .map((item, index) => [item, keys[index] ?? null] as const)
    .sort(([, a], [, b]) => order(a, b))
    .map(([item]) => item)
}

const LISTS: readonly Kind[] = ['array of numbers', 'array of strings']
const BY: readonly (readonly Kind[])[] = [['array'], ['expression']]

/** The functions of the specification of 2015, and no others. */
const FUNCTIONS: ReadonlyMap<string, Callee> = new Map<string, Callee>([
  ['abs', { takes: [['number']], call: ([a]) => Math.abs(number(a)) }],
  ['avg', { takes: [['array of numbers']], call: ([a]) => sum(list(a)) / list(a).length }],
  ['ceil', { takes: [['number']], call: ([a]) => Math.ceil(number(a)) }],
  ['contains', { takes: [['array', 'string'], ['any']], call: ([a = null, b = null]) => contains(a, b) }],
  ['ends_with', { takes: [['string'], ['string']], call: ([a, b]) => string(a).endsWith(string(b)) }],
  ['floor', { takes: [['number']], call: ([a]) => Math.floor(number(a)) }],
  ['join', { takes: [['string'], ['array of strings']], call: ([a, b]) => list(b).map(string).join(string(a)) }],
  ['keys', { takes: [['object']], call: ([a]) => sortedKeys(object(a)) }],
  ['length', { takes: [['string', 'array', 'object']], call: ([a]) => lengthOf(a) }],
  [
    'map',
    { takes: [['expression'], ['array']], call: ([a, b], apply) => list(b).map((it) => apply(reference(a), it)) },
  ],
  ['max', { takes: [LISTS], call: ([a]) => extreme(list(a), list(a), false) }],
  ['max_by', { takes: BY, call: (args, apply) => extreme(...by(args, apply), false) }],
  [
    'merge',
    {
      takes: [['object']],
      rest: 'object',
      call: (args) => Object.fromEntries(args.flatMap((a) => Object.entries(object(a)))),
    },
  ],
  ['min', { takes: [LISTS], call: ([a]) => extreme(list(a), list(a), true) }],
  ['min_by', { takes: BY, call: (args, apply) => extreme(...by(args, apply), true) }],
  ['not_null', { takes: [['any']], rest: 'any', call: (args) => args.find((a) => a !== null) ?? null }],
  ['reverse', { takes: [['array', 'string']], call: ([a]) => reversed(a) }],
  ['sort', { takes: [LISTS], call: ([a]) => list(a).toSorted(order) }],
  ['sort_by', { takes: BY, call: sortBy }],
  ['starts_with', { takes: [['string'], ['string']], call: ([a, b]) => string(a).startsWith(string(b)) }],
  ['sum', { takes: [['array of numbers']], call: ([a]) => sum(list(a)) }],
  ['to_array', { takes: [['any']], call: ([a = null]) => (isList(a) ? a : [plain(a)]) }],
  ['to_number', { takes: [['any']], call: ([a = null]) => toNumber(a) }],
  ['to_string', { takes: [['any']], call: ([a = null]) => toText(a) }],
  ['type', { takes: [['any']], call: ([a = null]) => typeName(a) }],
  ['values', { takes: [['object']], call: ([a]) => sortedKeys(object(a)).map((key) => object(a)[key] ?? null) }],
])

/** Calls a function of JMESPath; throws EvaluationError when there is none, or it can't take these arguments. */
export const callFunction = (name: string, args: readonly Value[], apply: Apply): Value => {
  const callee = FUNCTIONS.get(name)
  if (callee === undefined) throw new EvaluationError(`unknown function: ${name}`)
  const { takes, rest, call } = callee
  if (args.length < takes.length || (args.length > takes.length && rest === undefined)) {
    throw new EvaluationError(`wrong number of arguments for ${name}()`)
  }
  for (const [index, arg] of args.entries()) {
    const kinds = takes[index] ?? (rest === undefined ? [] : [rest])
    if (!kinds.some((kind) => CHECKS[kind](arg))) throw new EvaluationError(`invalid argument of ${name}()`)
  }
  return call(args, apply)
}
