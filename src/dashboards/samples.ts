import { single, timeVariables, type VariableValue } from './interpolate.ts'
import { isObject, textOf } from './json.ts'
import type { Model, Variable } from './model.ts'

/** Values as a query sees them. */
export type Sample = ReadonlyMap<string, VariableValue>

/** Times that nobody writes, so that a range tells which variable it was. */
export const SAMPLE_TIMES = { rangeSeconds: 7919, stepSeconds: 7 } as const

/** Texts that mean something in a regular expression and in a string, but for what ends either. */
const CHOSEN = ['a.b', 'c+(d)']

const firstOf = ({ type, query }: Variable): string => {
  // What a query finds is not known; any word will do.
  if (type === 'query' || typeof query !== 'string') return 'a'
  return query.split(',')[0] ?? ''
}

const defaultOf = (variable: Variable): string => {
  const { current } = variable.json
  const value = isObject(current) ? textOf(current, 'value') : ''
  return value === '' && variable.type !== 'textbox' ? firstOf(variable) : value
}

const opened = (variable: Variable): VariableValue => {
  if (!variable.isMulti) return single(defaultOf(variable))
  return { values: CHOSEN, isMulti: true, all: variable.allValue }
}

const chosen = (variable: Variable): VariableValue => {
  if (variable.isMulti) return { values: CHOSEN, isMulti: true, all: null }
  return variable.type === 'textbox' ? single('web-0') : single(defaultOf(variable))
}

const sampleOf = ({ variables }: Model, isInstant: boolean, value: (variable: Variable) => VariableValue): Sample =>
  new Map([
    ...[...timeVariables({ ...SAMPLE_TIMES, isInstant })],
    ...variables.map((variable) => [variable.name, value(variable)] as const),
  ])

/** What a query becomes when the dashboard is opened, and when several values are chosen of each variable. */
export const samplesOf = (model: Model, isInstant: boolean): { readonly opened: Sample; readonly chosen: Sample } => ({
  opened: sampleOf(model, isInstant, opened),
  chosen: sampleOf(model, isInstant, chosen),
})
