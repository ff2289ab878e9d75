import type { Json, JsonObject } from './json-text.ts'
import type { Expression } from './expression.ts'

/** `&expression`: an argument of some functions, and nothing else. */
export class Reference {
  readonly of: Expression

  constructor(of: Expression) {
    this.of = of
  }
}

export type Value = Json | Reference

/** An expression that means nothing for this data: a function got what it can't take. Never leaves this room. */
export class EvaluationError extends Error {}

export const isList = (value: Value): value is readonly Json[] => Array.isArray(value)

export const isObject = (value: Value): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Reference)

/** Empty, false and null count as false. */
export const isFalse = (value: Value): boolean => {
  if (value === null || value === false || value === '') return true
  if (isList(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

const MAX_DEPTH = 500

export const isEqual = (a: Value, b: Value, depth = 0): boolean => {
  if (a === b) return true
  if (depth > MAX_DEPTH) throw new EvaluationError('nested too deeply')
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? null, depth + 1))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key] ?? null, b[key] ?? null, depth + 1))
}
