import type { Finding, Rule } from './finding.ts'
import { fieldOf, objectAt, objectsOf, textOf } from './json.ts'
import type { Model, Panel } from './model.ts'
import { isUnit } from './units.ts'

/** Panels that show numbers. */
const NUMERIC: ReadonlySet<string> = new Set([
  ...['stat', 'singlestat', 'graph', 'table', 'timeseries', 'gauge'],
  ...['bargauge', 'piechart', 'barchart', 'histogram', 'heatmap', 'state-timeline'],
])
/** Panels that ask no data source. */
const WITHOUT_QUERIES: ReadonlySet<string> = new Set([
  ...['row', 'text', 'alertlist', 'annolist', 'dashlist', 'news', 'welcome', 'gettingstarted'],
])
/** Panels that show a name for each series. */
const WITH_LEGEND: ReadonlySet<string> = new Set(['timeseries', 'piechart'])
const WITH_SERIES: ReadonlySet<string> = new Set(['timeseries', 'state-timeline'])

type PanelRule = { readonly rule: Rule; readonly check: (panel: Panel, model: Model) => string | null }

const describedRule: PanelRule = {
  rule: 'panel-title-description-rule',
  check: ({ type, title, description }) => {
    if (type === 'text') return null
    if (title.trim() === '') return 'expected a title, got none'
    return description.trim() === '' ? 'expected a description, got none' : null
  },
}

const hasMappings = ({ json }: Panel): boolean =>
  objectsOf(objectAt(json, 'fieldConfig', 'defaults'), 'mappings').length > 0

const unitRule: PanelRule = {
  rule: 'panel-units-rule',
  check: (panel) => {
    const { type, unit } = panel
    if (!NUMERIC.has(type) || hasMappings(panel) || isUnit(unit)) return null
    return unit === '' ? 'expected a unit, such as "short"; got none' : `${JSON.stringify(unit)} is no unit of Grafana`
  },
}

const sourceRule: PanelRule = {
  rule: 'panel-datasource-rule',
  check: ({ type, sourceUid, targets }, { variables }) => {
    if (WITHOUT_QUERIES.has(type)) return null
    const names = variables.filter((variable) => variable.type === 'datasource').map(({ name }) => name)
    const known = names.flatMap((name) => [`$${name}`, `\${${name}}`])
    const uids = [sourceUid, ...targets.map(({ json }) => textOf(objectAt(json, 'datasource'), 'uid'))]
    const wrong = uids.find((uid) => uid !== '' && !known.includes(uid) && uid !== '-- Mixed --')
    if (wrong !== undefined)
      return `expected the data source \${${names[0] ?? 'datasource'}}, got ${JSON.stringify(wrong)}`
    return sourceUid === '' ? `expected the data source \${${names[0] ?? 'datasource'}}, got none` : null
  },
}

const targetsRule: PanelRule = {
  rule: 'panel-no-targets-rule',
  check: ({ type, targets }) =>
    WITHOUT_QUERIES.has(type) || targets.some(({ expr }) => expr.trim() !== '') ? null : 'expected a query, got none',
}

/** A query for lines, of which a state timeline takes the text. */
const isForLines = (expr: string): boolean => expr.trimStart().startsWith('{')

const legendRule: PanelRule = {
  rule: 'panel-legend',
  check: ({ type, json, targets }) => {
    const legend = objectAt(json, 'options', 'legend')
    if (WITH_LEGEND.has(type) && fieldOf(legend, 'showLegend') !== true) return 'expected a legend that is shown'
    const series = targets.filter(({ expr }) => !isForLines(expr))
    const unnamed = WITH_SERIES.has(type) && series.some(({ json: one }) => textOf(one, 'legendFormat') === '')
    return unnamed ? 'expected legendFormat in each query, so that series have readable names' : null
  },
}

const refIdRule: PanelRule = {
  rule: 'target-ref-id',
  check: ({ targets }) => {
    // Grafana gives one to a query that has none.
    const ids = targets.map(({ json }) => textOf(json, 'refId')).filter((id) => id !== '')
    return new Set(ids).size === ids.length ? null : 'expected a refId of its own in each query'
  },
}

/** Rows of a table are shown only with `values`; reduced, a bar or a slice is left of all. */
const rowsRule: PanelRule = {
  rule: 'panel-reduces-rows',
  check: ({ type, json, targets }) => {
    const isLoki = targets.length > 0 && targets.every(({ source, isInstant }) => source === 'loki' && isInstant)
    if (!isLoki || !['bargauge', 'piechart'].includes(type)) return null
    return fieldOf(objectAt(json, 'options', 'reduceOptions'), 'values') === true
      ? null
      : 'expected reduceOptions.values: Loki answers an instant query with one table, whose rows are the values'
  },
}

const RULES = [describedRule, unitRule, sourceRule, targetsRule, legendRule, refIdRule, rowsRule]

/** What is wrong with single panels, but for what their queries say. */
export const panelFindings = (model: Model): readonly Finding[] =>
  model.panels.flatMap((panel) =>
    RULES.flatMap(({ rule, check }) => {
      const message = check(panel, model)
      return message === null ? [] : [{ rule, where: panel.where, message }]
    }),
  )
