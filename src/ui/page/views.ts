import type { Panel } from './dashboard.ts'
import { alertsView } from './view-alerts.ts'
import { barGaugeView } from './view-bargauge.ts'
import { logsView } from './view-logs.ts'
import { pieView } from './view-pie.ts'
import { stateTimelineView } from './view-state-timeline.ts'
import { statView } from './view-stat.ts'
import { tableView } from './view-table.ts'
import { textView } from './view-text.ts'
import { timeSeriesView } from './view-timeseries.ts'
import { unknownView } from './view-unknown.ts'
import type { Around, View, ViewMaker } from './view.ts'

/** Every kind of panel that the page draws. */
const MAKERS: ReadonlyMap<string, ViewMaker> = new Map<string, ViewMaker>([
  ['stat', statView],
  ['timeseries', timeSeriesView],
  ['bargauge', barGaugeView],
  ['table', tableView],
  ['piechart', pieView],
  ['state-timeline', stateTimelineView],
  ['logs', logsView],
  ['text', textView],
  ['alertlist', alertsView],
])

export const viewOf = (panel: Panel, around: Around): View => (MAKERS.get(panel.type) ?? unknownView)(panel, around)
