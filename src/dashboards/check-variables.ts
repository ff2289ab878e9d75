import type { Finding } from './finding.ts'
import { referencesIn } from './interpolate.ts'
import { isObject, textOf } from './json.ts'
import type { Model, Variable } from './model.ts'

const ON_TIME_RANGE_CHANGE = 2

const whereIs = ({ name }: Variable): string => `variable ${JSON.stringify(name)}`

const titled = (type: string): string => `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`

/** dashboard-linter's template-datasource-rule. */
const sourceFindings = ({ variables }: Model): readonly Finding[] => {
  const rule = 'template-datasource-rule' as const
  const sources = variables.filter(({ type }) => type === 'datasource')
  if (sources.length === 0) {
    return [{ rule, where: '', message: 'expected a variable of type datasource, so that the file fits any Grafana' }]
  }
  return sources.flatMap((variable): readonly Finding[] => {
    const type = typeof variable.query === 'string' ? variable.query : ''
    const names = [...(sources.length === 1 ? ['datasource'] : []), `${type}_datasource`]
    const label = variable.name === 'datasource' ? 'Data source' : `${titled(type)} data source`
    const where = whereIs(variable)
    return [
      ...(names.includes(variable.name) ? [] : [{ rule, where, message: `expected the name ${names.join(' or ')}` }]),
      ...(variable.label === label ? [] : [{ rule, where, message: `expected the label ${JSON.stringify(label)}` }]),
    ]
  })
}

/** dashboard-linter's template-on-time-change-reload-rule. */
const refreshFindings = ({ variables }: Model): readonly Finding[] =>
  variables
    .filter(({ type, refresh }) => type === 'query' && refresh !== ON_TIME_RANGE_CHANGE)
    .map((variable) => ({
      rule: 'template-on-time-change-reload-rule' as const,
      where: whereIs(variable),
      message: `expected "refresh": ${ON_TIME_RANGE_CHANGE}, so that values follow the time range`,
    }))

/** Variables of Grafana itself, and `$1` of a replacement, are not the dashboard's. */
const isOwn = (name: string): boolean => !/^(?:__|\d|timeFilter$)/.test(name)

/** Names of variables in texts that the dashboard does not have, each once. */
export const unknownReferences = (texts: readonly string[], variables: readonly Variable[]): readonly string[] => {
  const names = new Set(variables.map(({ name }) => name))
  const missing = texts.flatMap(referencesIn).filter((name) => isOwn(name) && !names.has(name))
  return [...new Set(missing)]
}

const NAMED = ['job', 'instance'] as const

const namedFindings = (variables: readonly Variable[], name: (typeof NAMED)[number]): readonly Finding[] => {
  const rule = `template-${name}-rule` as const
  const found = variables.find((variable) => variable.name === name)
  if (found === undefined) {
    return [{ rule, where: '', message: `expected a variable ${name}, as dashboards of Prometheus have` }]
  }
  const where = whereIs(found)
  const messages = [
    ...(found.type === 'query' ? [] : ['expected the type query']),
    ...(found.label === titled(name) ? [] : [`expected the label ${titled(name)}`]),
    ...(found.isMulti ? [] : ['expected "multi": true']),
    ...(found.allValue === '.+' ? [] : ['expected "allValue": ".+"']),
  ]
  return messages.map((message) => ({ rule, where, message }))
}

/** dashboard-linter's template-job-rule and template-instance-rule, which are about Prometheus. */
const prometheusFindings = ({ variables }: Model): readonly Finding[] =>
  variables.some(({ type, query }) => type === 'datasource' && query === 'prometheus')
    ? NAMED.flatMap((name) => namedFindings(variables, name))
    : []

const queryTexts = ({ query }: Variable): readonly string[] =>
  isObject(query) ? [textOf(query, 'query'), textOf(query, 'stream')] : typeof query === 'string' ? [query] : []

/** Variables that a variable's query uses and that are nowhere; their order does not matter to Grafana. */
const referenceFindings = ({ variables }: Model): readonly Finding[] =>
  variables.flatMap((variable): readonly Finding[] => {
    if (variable.type !== 'query') return []
    const missing = unknownReferences(queryTexts(variable), variables)
    return missing.map((name) => ({
      rule: 'variable-defined',
      where: whereIs(variable),
      message: `the dashboard has no variable ${JSON.stringify(name)}`,
    }))
  })

/** What is wrong with the variables of a dashboard. */
export const variableFindings = (model: Model): readonly Finding[] => [
  ...sourceFindings(model),
  ...refreshFindings(model),
  ...prometheusFindings(model),
  ...referenceFindings(model),
]
