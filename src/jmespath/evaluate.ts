import { byBytes, type Json } from './json-text.ts'
import type { Comparator, Expression } from './expression.ts'
import { callFunction } from './functions.ts'
import { EvaluationError, isEqual, isFalse, isList, isObject, Reference, type Value } from './value.ts'

/** Items that one expression may look at: a few projections inside each other could go on for hours. */
const MAX_STEPS = 1_000_000

type Budget = { left: number }

const spend = (budget: Budget): void => {
  budget.left -= 1
  if (budget.left < 0) throw new EvaluationError('the expression looks at too many values')
}

const compare = (by: Comparator, left: Value, right: Value): Value => {
  if (by === 'eq') return isEqual(left, right)
  if (by === 'ne') return !isEqual(left, right)
  if (typeof left !== 'number' || typeof right !== 'number') return null
  if (by === 'lt') return left < right
  if (by === 'lte') return left <= right
  return by === 'gt' ? left > right : left >= right
}

/** An expression where a value is wanted is written as an empty object there. */
const json = (value: Value): Json => (value instanceof Reference ? {} : value)

type Slice = Extract<Expression, { kind: 'slice' }>

/** A bound of a slice, counted from the end when negative, and cut to the list (as Python has it). */
const bound = (given: number | null, absent: number, length: number, step: number): number => {
  if (given === null) return absent
  const at = given < 0 ? given + length : given
  if (at < 0) return step < 0 ? -1 : 0
  return at >= length ? (step < 0 ? length - 1 : length) : at
}

const slice = (items: readonly Json[], { start, stop, step }: Slice): readonly Json[] => {
  const by = step ?? 1
  if (by === 0) throw new EvaluationError('Invalid slice, step cannot be 0')
  const { length } = items
  const from = bound(start, by < 0 ? length - 1 : 0, length, by)
  const to = bound(stop, by < 0 ? -1 : length, length, by)
  const taken: Json[] = []
  for (let at = from; by > 0 ? at < to : at > to; at += by) taken.push(items[at] ?? null)
  return taken
}

/** One level less; what is no list stays an item. */
const flatten = (items: readonly Json[]): readonly Json[] => items.flatMap((item) => item)

const each = (items: readonly Json[], right: Expression, budget: Budget): readonly Json[] => {
  const results: Json[] = []
  for (const item of items) {
    spend(budget)
    const result = json(run(right, item, budget))
    if (result !== null) results.push(result)
  }
  return results
}

const runHash = (pairs: readonly (readonly [string, Expression])[], value: Value, budget: Budget): Value =>
  value === null ? null : Object.fromEntries(pairs.map(([key, of]) => [key, json(run(of, value, budget))]))

/** The values by the order of their names; before them go-jmespath has as many that are null. */
const sortedValues = (value: Value): readonly Json[] | null => {
  if (!isObject(value)) return null
  const keys = Object.keys(value).sort(byBytes)
  return [...keys.map(() => null), ...keys.map((key) => value[key] ?? null)]
}

/** What projections, but for `[*]`, stand on: where it means nothing, there is null. */
const runLeft = (left: Expression, value: Value, budget: Budget): Value => {
  try {
    return run(left, value, budget)
  } catch (error) {
    if (error instanceof EvaluationError) return null
    throw error
  }
}

const runProjection = (
  expression: Extract<Expression, { kind: 'each item' | 'each value' | 'filter' }>,
  value: Value,
  budget: Budget,
): Value => {
  const left = (expression.kind === 'each item' ? run : runLeft)(expression.left, value, budget)
  const items = expression.kind === 'each value' ? sortedValues(left) : isList(left) ? left : null
  if (items === null) return null
  if (expression.kind !== 'filter') return each(items, expression.right, budget)
  const { condition } = expression
  const kept = items.filter((item) => {
    spend(budget)
    return !isFalse(run(condition, item, budget))
  })
  return each(kept, expression.right, budget)
}

const runCall = (name: string, args: readonly Expression[], value: Value, budget: Budget): Value => {
  const values = args.map((arg) => run(arg, value, budget))
  return callFunction(name, values, (reference, item) => {
    spend(budget)
    return json(run(reference.of, item, budget))
  })
}

const runChoice = (expression: Extract<Expression, { kind: 'or' | 'and' }>, value: Value, budget: Budget): Value => {
  const left = run(expression.left, value, budget)
  return isFalse(left) === (expression.kind === 'or') ? run(expression.right, value, budget) : left
}

const run = (expression: Expression, value: Value, budget: Budget): Value => {
  spend(budget)
  switch (expression.kind) {
    case 'current':
      return value
    case 'field':
      return isObject(value) && Object.hasOwn(value, expression.name) ? (value[expression.name] ?? null) : null
    case 'index':
      return isList(value) ? (value.at(expression.index) ?? null) : null
    case 'slice':
      return isList(value) ? slice(value, expression) : null
    case 'literal':
      return expression.value
    case 'then':
    case 'pipe':
      return run(expression.right, run(expression.left, value, budget), budget)
    case 'or':
    case 'and':
      return runChoice(expression, value, budget)
    case 'not':
      return isFalse(run(expression.of, value, budget))
    case 'compare':
      return compare(expression.by, run(expression.left, value, budget), run(expression.right, value, budget))
    case 'flatten': {
      const of = runLeft(expression.of, value, budget)
      return isList(of) ? flatten(of) : null
    }
    case 'each item':
    case 'each value':
    case 'filter':
      return runProjection(expression, value, budget)
    case 'list':
      return value === null ? null : expression.items.map((item) => json(run(item, value, budget)))
    case 'hash':
      return runHash(expression.pairs, value, budget)
    case 'call':
      return runCall(expression.name, expression.args, value, budget)
    case 'reference':
      return new Reference(expression.of)
  }
}

/** The value of an expression; throws EvaluationError. */
export const evaluate = (expression: Expression, value: Json): Json => json(run(expression, value, { left: MAX_STEPS }))
