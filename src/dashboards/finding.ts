/** What dashboards are checked for. Where dashboard-linter has the same rule, it has its name. */
export const RULES = [
  'dashboard-json',
  'dashboard-model',
  'uneditable-dashboard-rule',
  'dashboard-title',
  'dashboard-uid',
  'schema-version',
  'foreign-key',
  'panel-id',
  'panel-grid',
  'panel-overlap',
  'template-datasource-rule',
  'template-on-time-change-reload-rule',
  'template-job-rule',
  'template-instance-rule',
  'variable-defined',
  'panel-title-description-rule',
  'panel-units-rule',
  'panel-datasource-rule',
  'panel-no-targets-rule',
  'panel-legend',
  'panel-reduces-rows',
  'target-ref-id',
  'target-logql-rule',
  'target-logql-auto-rule',
  'logql-multi-value',
  'logql-labels',
  'logql-reasons',
  'logql-one-parser',
  'logql-index-labels-first',
  'target-promql-rule',
  'target-job-rule',
  'target-instance-rule',
  'target-rate-interval-rule',
  'promql-metrics',
] as const
export type Rule = (typeof RULES)[number]

/** Something that is wrong with a dashboard. */
export type Finding = {
  readonly rule: Rule
  /** Such as `panel 9 "Crash loops", query A`; '': the dashboard as a whole. */
  readonly where: string
  /** What was expected, and what was found. */
  readonly message: string
  /** The query and the offset in it at which it is wrong, when it is about a place in a query. */
  readonly query?: { readonly text: string; readonly at: number }
}
