import type { FieldOptions, Panel } from './dashboard.ts'
import { lastValue, namedSeries, type Answered } from './series.ts'

export type Column = {
  readonly name: string
  readonly refId: string
  readonly isNumber: boolean
  readonly cells: readonly (string | number)[]
  readonly options: FieldOptions
}

type Organize = {
  readonly excludeByName?: Readonly<Record<string, boolean>>
  readonly indexByName?: Readonly<Record<string, number>>
  readonly renameByName?: Readonly<Record<string, string>>
}

/** A column for each label, and one for the values, named as Grafana names it. */
const columnsOf = (panel: Panel, answers: readonly Answered[]): readonly Column[] => {
  const series = namedSeries(panel, answers)
  const refId = series[0]?.refId ?? 'A'
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.labels)))]
  const texts = labels.map((label): Column => ({
    name: label,
    refId,
    isNumber: false,
    cells: series.map((one) => one.labels[label] ?? ''),
    options: {},
  }))
  const values = series.map((one) => lastValue(one) ?? NaN)
  return [...texts, { name: `Value #${refId}`, refId, isNumber: true, cells: values, options: {} }]
}

/** The columns of a table after its transformation `organize`, the only one that is known. */
export const organized = (panel: Panel, answers: readonly Answered[]): readonly Column[] => {
  const columns = columnsOf(panel, answers)
  const organize = (panel.transformations ?? []).find(({ id }) => id === 'organize')?.options as Organize | undefined
  if (organize === undefined) return columns
  const { excludeByName = {}, indexByName = {}, renameByName = {} } = organize
  const placeOf = ({ name }: Column): number => indexByName[name] ?? columns.length
  return columns
    .filter(({ name }) => excludeByName[name] !== true)
    .toSorted((a, b) => placeOf(a) - placeOf(b))
    .map((column) => ({ ...column, name: renameByName[column.name] ?? column.name }))
}
