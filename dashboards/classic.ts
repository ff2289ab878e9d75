import type {
  AnnotationQuery,
  DashboardCursorSync,
  DashboardLink,
  GridPos,
  Panel,
  VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** A heading between panels; those below belong to it. */
export type RowPanel = {
  readonly type: 'row'
  readonly id: number
  readonly title: string
  readonly collapsed: false
  readonly gridPos: GridPos
  readonly panels: readonly []
}

/**
 * A dashboard in the classic model, which provisioning and import take in every version of Grafana, and grafana.com
 * holds. The SDK's own type of it is marked as deprecated in favour of version 2, which Grafana before 13 does not read.
 * Without `id`, which is of one installation, and `__inputs`, which provisioning does not fill in.
 */
export type ClassicDashboard = {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly schemaVersion: 42
  readonly editable: false
  readonly timezone: 'browser'
  readonly refresh: string
  readonly time: { readonly from: string; readonly to: string }
  readonly graphTooltip: DashboardCursorSync
  readonly links: readonly DashboardLink[]
  readonly annotations: { readonly list: readonly AnnotationQuery[] }
  readonly templating: { readonly list: readonly VariableModel[] }
  readonly panels: readonly (RowPanel | Panel)[]
}
