import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { KNOWN_REASONS } from '../src/rules/reasons.ts'
import { LOKI, PROMETHEUS } from './panels.ts'
import { ALL_EVENTS, selector } from './scope.ts'

const ALL = { text: ['All'], value: ['$__all'] }

/** The data source; the one name and label that dashboard-linter knows. */
export const datasource = (type: 'loki' | 'prometheus'): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('datasource').label('Data source').type(type)

/** Values of an index label. `.*` also matches where it is missing, as `cluster` without `external_labels`. */
const label = (name: string, heading: string, stream: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(heading)
    .datasource(LOKI)
    .query({ label: name, refId: 'LokiVariableQueryEditor-VariableQuery', stream, type: 1 })
    .definition(`label_values(${stream}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current(ALL)

const text = (name: string, heading: string): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder(name).label(heading).defaultValue('').current({ text: '', value: '' })

/** Structured metadata has no list of values in Loki, so these are the known ones; others can be typed in. */
const reason = (): CustomVariableBuilder =>
  new CustomVariableBuilder('reason')
    .label('Reason')
    .values([...KNOWN_REASONS.keys()].join(','))
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .allowCustomValue(true)
    .current(ALL)

type EventVariable = QueryVariableBuilder | CustomVariableBuilder | TextBoxVariableBuilder | DatasourceVariableBuilder

/** What both dashboards of events are narrowed by; links hand all of it on. */
export const eventVariables = (): readonly EventVariable[] => {
  const namespaced = selector([ALL_EVENTS.slice(1, -1), 'namespace=~"$namespace"'])
  return [
    datasource('loki'),
    label('cluster', 'Cluster', '{job="kubernetes-events"}'),
    label('namespace', 'Namespace', ALL_EVENTS),
    label('kind', 'Kind', namespaced),
    label('type', 'Type', namespaced),
    reason(),
    text('name', 'Name begins with'),
    text('search', 'Line contains'),
  ]
}

const promLabel = (name: 'job' | 'instance', heading: string, series: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(heading)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${series}, ${name})`, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .definition(`label_values(${series}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current(ALL)

/** What the dashboard of the agent is narrowed by. */
export const agentVariables = (): readonly EventVariable[] => [
  datasource('prometheus'),
  promLabel('job', 'Job', 'eventail_build_info'),
  promLabel('instance', 'Instance', 'eventail_build_info{job=~"$job"}'),
]
