import { fieldOf, isObject, type Json, numberOf, objectAt, objectOf, objectsOf, textOf } from './json.ts'

/** A query of a panel or of an annotation. */
export type Target = {
  /** Such as `panel 9 "Crash loops", query A`. */
  readonly where: string
  readonly expr: string
  /** `loki`, `prometheus`, or what else is named; '' when nothing is, or only a variable. */
  readonly source: string
  readonly isInstant: boolean
  readonly json: Json
}

export type GridPos = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }

export type Panel = {
  /** Such as `panel 9 "Crash loops"`. */
  readonly where: string
  readonly type: string
  readonly id: number
  readonly title: string
  readonly description: string
  readonly unit: string
  /** null: it has none, as panels of a collapsed row may have. */
  readonly grid: GridPos | null
  /** Uid of its data source, mostly a variable. */
  readonly sourceUid: string
  readonly targets: readonly Target[]
  readonly json: Json
}

export type Variable = {
  readonly name: string
  readonly type: string
  readonly label: string
  /** What it asks for: the name of a data source, a query, or values separated by commas. */
  readonly query: unknown
  readonly refresh: number
  readonly isMulti: boolean
  readonly allValue: string | null
  readonly json: Json
}

/** A dashboard in the classic model, as far as checks look at it. */
export type Model = {
  readonly json: Json
  /** Those within rows too, but not the rows. */
  readonly panels: readonly Panel[]
  /** Rows too. */
  readonly everyPanel: readonly Panel[]
  readonly variables: readonly Variable[]
  readonly annotations: readonly Target[]
}

const sourceOf = (json: Json, otherwise: string): string => {
  const source = fieldOf(json, 'datasource')
  const type = isObject(source) ? textOf(source, 'type') : ''
  return type === '' ? otherwise : type
}

const targetOf = (json: Json, where: string, source: string): Target => ({
  where,
  expr: textOf(json, 'expr'),
  source: sourceOf(json, source),
  isInstant: textOf(json, 'queryType') === 'instant' || fieldOf(json, 'instant') === true,
  json,
})

const uidOf = (json: Json): string => {
  const source = fieldOf(json, 'datasource')
  return isObject(source) ? textOf(source, 'uid') : typeof source === 'string' ? source : ''
}

const gridOf = (json: Json): GridPos | null => {
  const grid = fieldOf(json, 'gridPos')
  if (!isObject(grid)) return null
  return { x: numberOf(grid, 'x'), y: numberOf(grid, 'y'), w: numberOf(grid, 'w'), h: numberOf(grid, 'h') }
}

const panelOf = (json: Json, source: string): Panel => {
  const id = numberOf(json, 'id')
  const title = textOf(json, 'title')
  const where = `panel ${Number.isNaN(id) ? '?' : id} ${JSON.stringify(title)}`
  const own = sourceOf(json, source)
  return {
    where,
    type: textOf(json, 'type'),
    id,
    title,
    description: textOf(json, 'description'),
    unit: textOf(objectAt(json, 'fieldConfig', 'defaults'), 'unit'),
    grid: gridOf(json),
    sourceUid: uidOf(json),
    targets: objectsOf(json, 'targets').map((one) => targetOf(one, `${where}, query ${textOf(one, 'refId')}`, own)),
    json,
  }
}

const variableOf = (json: Json): Variable => ({
  name: textOf(json, 'name'),
  type: textOf(json, 'type'),
  label: textOf(json, 'label'),
  query: fieldOf(json, 'query'),
  refresh: numberOf(json, 'refresh'),
  isMulti: fieldOf(json, 'multi') === true || fieldOf(json, 'includeAll') === true,
  allValue: textOf(json, 'allValue') === '' ? null : textOf(json, 'allValue'),
  json,
})

/** Reads a dashboard; what is not there, or has another shape, is empty. */
export const modelOf = (json: Json): Model => {
  const variables = objectsOf(objectOf(json, 'templating'), 'list').map(variableOf)
  const sources = variables.filter(({ type }) => type === 'datasource').map(({ query }) => query)
  const [only = '', ...others] = sources.filter((query) => typeof query === 'string')
  const source = others.length === 0 ? only : ''
  const everyPanel = objectsOf(json, 'panels')
    .flatMap((panel) => [panel, ...objectsOf(panel, 'panels')])
    .map((panel) => panelOf(panel, source))
  return {
    json,
    everyPanel,
    panels: everyPanel.filter(({ type }) => type !== 'row'),
    variables,
    annotations: objectsOf(objectOf(json, 'annotations'), 'list').map((one) =>
      targetOf(one, `annotation ${JSON.stringify(textOf(one, 'name'))}`, source),
    ),
  }
}
