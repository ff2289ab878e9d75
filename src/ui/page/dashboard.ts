/** What the page reads of a dashboard in Grafana's classic model. Ours are checked by the project's tests. */
export type Target = {
  readonly refId: string
  readonly expr?: string
  readonly queryType?: string
  readonly instant?: boolean
  readonly legendFormat?: string
  readonly maxLines?: number
  readonly hide?: boolean
}

export type Threshold = { readonly value: number | null; readonly color: string }

export type Mapping =
  | { readonly type: 'value'; readonly options: Readonly<Record<string, MappedText>> }
  | {
      readonly type: 'range'
      readonly options: { readonly from: number | null; readonly to: number | null; readonly result: MappedText }
    }
  | { readonly type: 'special'; readonly options: { readonly match: string; readonly result: MappedText } }
  | { readonly type: 'regex'; readonly options: { readonly pattern: string; readonly result: MappedText } }

export type MappedText = { readonly text?: string; readonly color?: string }

export type DataLink = { readonly title: string; readonly url: string }

/** What is known of the values of a field. */
export type FieldOptions = {
  readonly unit?: string
  readonly decimals?: number | null
  readonly min?: number
  readonly max?: number
  readonly noValue?: string
  readonly thresholds?: { readonly steps: readonly Threshold[] }
  readonly mappings?: readonly Mapping[]
  readonly color?: { readonly mode: string; readonly fixedColor?: string }
  readonly links?: readonly DataLink[]
  readonly custom?: Readonly<Record<string, unknown>>
}

export type Override = {
  readonly matcher: { readonly id: string; readonly options?: unknown }
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[]
}

export type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
  readonly options?: Readonly<Record<string, unknown>>
  readonly fieldConfig?: { readonly defaults?: FieldOptions; readonly overrides?: readonly Override[] }
  readonly transformations?: readonly { readonly id: string; readonly options?: Readonly<Record<string, unknown>> }[]
  /** Of a row. */
  readonly collapsed?: boolean
  readonly panels?: readonly Panel[]
}

export type Variable = {
  readonly name: string
  readonly type: string
  readonly label?: string
  readonly hide?: number
  readonly query?: unknown
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
  readonly regex?: string
  readonly current?: { readonly value?: string | readonly string[] }
}

export type Dashboard = {
  readonly uid: string
  readonly title: string
  readonly description?: string
  readonly refresh?: string | false
  readonly time?: { readonly from: string; readonly to: string }
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

/** A row and what stands below it; panels above the first row are in one without a title. */
export type Row = { readonly title: string; readonly isCollapsed: boolean; readonly panels: readonly Panel[] }

const byPlace = (a: Panel, b: Panel): number => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x

/** The rows of a dashboard, top to bottom, their panels in reading order. */
export const rowsOf = ({ panels }: Dashboard): readonly Row[] => {
  const rows: { title: string; isCollapsed: boolean; panels: Panel[] }[] = []
  for (const panel of panels.toSorted(byPlace)) {
    if (panel.type === 'row') {
      const within = [...(panel.panels ?? [])].sort(byPlace)
      rows.push({ title: panel.title, isCollapsed: panel.collapsed === true, panels: within })
    } else {
      const last = rows.at(-1)
      if (last === undefined) rows.push({ title: '', isCollapsed: false, panels: [panel] })
      else last.panels.push(panel)
    }
  }
  return rows
}
