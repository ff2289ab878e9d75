import {
  type AnnotationQuery,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  type Panel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { ClassicDashboard, RowPanel } from './classic.ts'

/** What has a build method, as all builders of the SDK. */
export type Builder<T> = { build(): T }

/** A row of panels; they flow from left to right, as wide and high as each says. */
export type Row = { readonly title: string; readonly panels: readonly Builder<Panel>[] }

export type Layout = {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** The default time range: from here to now. */
  readonly from: string
  readonly tags: readonly string[]
  readonly variables: readonly Builder<VariableModel>[]
  readonly annotations: readonly AnnotationQuery[]
  readonly links: readonly DashboardLink[]
  readonly rows: readonly Row[]
}

/** Plain: the SDK's builder puts links into a menu that only the newest Grafana has. */
const linksTo = (title: string, tag: string, hasSameVariables: boolean): DashboardLink => ({
  title,
  type: DashboardLinkType.Dashboards,
  tags: [tag],
  asDropdown: false,
  includeVars: hasSameVariables,
  keepTime: true,
  targetBlank: false,
  icon: 'dashboard',
  tooltip: '',
})

/** Those on events hand each other their variables; the agent's has another data source under the same name. */
export const BETWEEN_EVENTS = linksTo('Events', 'eventail', true)
export const TO_AGENT = linksTo('Agent', 'eventail-agent', false)
export const TO_EVENTS = linksTo('Events', 'eventail', false)

const GRID_WIDTH = 24

/** Puts one row's panels below `y`: a new line begins where the next panel does not fit. @returns where it ends */
const flow = (panels: readonly Panel[], y: number): { readonly placed: readonly Panel[]; readonly end: number } => {
  const placed: Panel[] = []
  let line = { x: 0, y, height: 0 }
  for (const panel of panels) {
    const { w = 0, h = 0 } = panel.gridPos ?? {}
    if (line.x + w > GRID_WIDTH) line = { x: 0, y: line.y + line.height, height: 0 }
    placed.push({ ...panel, gridPos: { x: line.x, y: line.y, w, h } })
    line = { ...line, x: line.x + w, height: Math.max(line.height, h) }
  }
  return { placed, end: line.y + line.height }
}

const panelsOf = (rows: readonly Row[]): readonly (RowPanel | Panel)[] => {
  const all: (RowPanel | Panel)[] = []
  let y = 0
  for (const { title, panels } of rows) {
    all.push({ type: 'row', id: 0, title, collapsed: false, gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 }, panels: [] })
    const { placed, end } = flow(
      panels.map((panel) => panel.build()),
      y + 1,
    )
    all.push(...placed)
    y = end
  }
  return all.map((panel, index) => ({ ...panel, id: index + 1 }))
}

/** What the SDK writes into every variable, though only those of type interval have it. */
const OF_INTERVALS: ReadonlySet<string> = new Set(['auto', 'auto_min', 'auto_count'])

const withoutInterval = (variable: VariableModel): VariableModel => {
  const kept = Object.entries(variable).filter(([key]) => !OF_INTERVALS.has(key))
  return Object.fromEntries(kept) as unknown as VariableModel
}

/** The dashboard that these rows make. */
export const layOut = (layout: Layout): ClassicDashboard => ({
  uid: layout.uid,
  title: layout.title,
  description: layout.description,
  tags: layout.tags,
  schemaVersion: 42,
  editable: false,
  timezone: 'browser',
  refresh: '1m',
  time: { from: layout.from, to: 'now' },
  graphTooltip: DashboardCursorSync.Crosshair,
  links: layout.links,
  annotations: { list: layout.annotations },
  templating: { list: layout.variables.map((variable) => withoutInterval(variable.build())) },
  panels: panelsOf(layout.rows),
})

/** The file of a dashboard. */
export const printed = (dashboard: ClassicDashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`
