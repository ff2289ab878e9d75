import { DataqueryBuilder as LokiQuery, LokiQueryType, QueryEditorMode } from '@grafana/grafana-foundation-sdk/loki'
import { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus'
import { LOKI, PROMETHEUS } from './panels.ts'

const loki = (expr: string, refId: string, type: LokiQueryType): LokiQuery =>
  new LokiQuery().datasource(LOKI).refId(refId).editorMode(QueryEditorMode.Code).expr(expr).queryType(type)

/** A query answered once, for the end of the time range. */
export const instant = (expr: string): LokiQuery => loki(expr, 'A', LokiQueryType.Instant)

/** A query answered for every step; `legend` may name labels, as in `{{reason}}`. */
export const range = (expr: string, legend: string, refId = 'A'): LokiQuery =>
  loki(expr, refId, LokiQueryType.Range).legendFormat(legend)

/** A query for lines. */
export const linesOf = (expr: string, maxLines: number): LokiQuery =>
  loki(expr, 'A', LokiQueryType.Range).maxLines(maxLines)

const prometheus = (expr: string, refId: string, legend: string): PrometheusQuery =>
  new PrometheusQuery().datasource(PROMETHEUS).refId(refId).expr(expr).legendFormat(legend)

/** A PromQL query answered for every step. */
export const promRange = (expr: string, legend: string, refId = 'A'): PrometheusQuery =>
  prometheus(expr, refId, legend).range()

/** A PromQL query answered once. */
export const promInstant = (expr: string, legend: string, refId = 'A'): PrometheusQuery =>
  prometheus(expr, refId, legend).instant()
