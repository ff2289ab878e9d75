import { interpolate, single, timeVariables, type VariableValue } from '../../dashboards/interpolate.ts'
import type { Variable } from './dashboard.ts'
import { askJson } from './asking.ts'
import type { TimeRange } from './time-range.ts'

/** Chosen values by the name of their variable; none: All. A text box has one. */
export type Chosen = ReadonlyMap<string, readonly string[]>

export type Values = ReadonlyMap<string, VariableValue>

const ALL = '$__all'

/** What a variable begins with. */
export const initialChoice = ({ current, type, query }: Variable): readonly string[] => {
  const value = current?.value ?? (type === 'textbox' || type === 'constant' ? query : [])
  const values = typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : []
  return values.filter((one) => one !== ALL)
}

const pattern = (values: readonly string[]): string =>
  values.map((value) => value.replace(/[$^*{}[\]+?.()|\\/]/g, String.raw`\$&`)).join('|')

/** What the variables of a dashboard stand for. All of a variable without `allValue` is all of its options. */
export const valuesOf = (
  variables: readonly Variable[],
  chosen: Chosen,
  options: ReadonlyMap<string, readonly string[]>,
): Values =>
  new Map(
    variables.map((variable): [string, VariableValue] => {
      const { name, type, multi = false, includeAll = false, allValue = '' } = variable
      if (type === 'datasource') return [name, single('loki')]
      const values = chosen.get(name) ?? initialChoice(variable)
      if (type === 'textbox' || type === 'constant') return [name, single(values[0] ?? '')]
      const isMulti = multi || includeAll
      if (values.length > 0 || !includeAll) return [name, { values, isMulti, all: null }]
      return [name, { values: [], isMulti, all: allValue === '' ? pattern(options.get(name) ?? []) || '.*' : allValue }]
    }),
  )

/** The query of a panel as it is asked. */
export const askedExpr = (expr: string, values: Values, range: TimeRange, isInstant: boolean): string => {
  const times = {
    rangeSeconds: (range.endMs - range.startMs) / 1000,
    stepSeconds: range.stepMs / 1000,
    isInstant,
  }
  return interpolate(expr, new Map([...values, ...timeVariables(times)]))
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

/** `label_values(stream, label)` and `label_values(label)`, or Grafana's object for the same; null: something else. */
export const labelQuery = (query: unknown): { readonly label: string; readonly stream: string } | null => {
  if (typeof query === 'string') {
    const found = /^label_values\(\s*(?:(\{.*\})\s*,\s*)?(\w+)\s*\)$/s.exec(query.trim())
    return found === null ? null : { label: found[2] ?? '', stream: found[1] ?? '' }
  }
  const { label, stream, type } = asObject(query)
  if (type !== 1 || typeof label !== 'string') return null
  return { label, stream: typeof stream === 'string' ? stream : '' }
}

const matching = (values: readonly string[], regex: string): readonly string[] => {
  if (regex === '') return values
  const inside = new RegExp(/^\/(.*)\/\w*$/s.exec(regex)?.[1] ?? regex)
  return values.flatMap((value) => {
    const found = inside.exec(value)
    return found === null ? [] : [found[1] ?? found[0]]
  })
}

/** What may be chosen; rejects with a text for the user. */
export const optionsOf = async (variable: Variable, values: Values, range: TimeRange): Promise<readonly string[]> => {
  const { type, query, regex = '' } = variable
  if (type === 'custom' || type === 'interval') {
    return (typeof query === 'string' ? query : '')
      .split(',')
      .map((value) => value.trim())
      .filter((value) => value !== '')
  }
  if (type !== 'query') return []
  const asked = labelQuery(query)
  if (asked === null) throw new Error('this page knows queries for the values of a label only')
  const stream = interpolate(asked.stream, values)
  const parameters = { label: asked.label, stream, start: String(range.startMs), end: String(range.endMs) }
  const found = await askJson<{ readonly values: readonly string[] }>(
    `/api/values?${new URLSearchParams(parameters).toString()}`,
  )
  return matching(found.values, regex)
}
