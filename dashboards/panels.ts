import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LogsDedupStrategy,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  SortOrder,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs'
import {
  PanelBuilder as PieChart,
  PieChartLegendOptionsBuilder,
  PieChartLegendValues,
  PieChartType,
} from '@grafana/grafana-foundation-sdk/piechart'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { LINE_TIME_FIELD } from '../src/dashboards/line-time.ts'

/** What every panel has; `width` of 24. */
export type Frame = {
  readonly title: string
  readonly description: string
  readonly width: number
  readonly height: number
  readonly unit: string
  readonly source: DataSourceRef
}

export const LOKI: DataSourceRef = { type: 'loki', uid: '${datasource}' }
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: '${datasource}' }

type Framed<P> = {
  title: (title: string) => P
  description: (description: string) => P
  datasource: (source: DataSourceRef) => P
  height: (height: number) => P
  span: (width: number) => P
}

const framed = <P extends Framed<P>>(panel: P, frame: Omit<Frame, 'unit'>): P =>
  panel
    .title(frame.title)
    .description(frame.description)
    .datasource(frame.source)
    .height(frame.height)
    .span(frame.width)

/** Colours from these values on; the first step has no value. */
export const steps = (
  first: string,
  ...rest: readonly (readonly [from: number, color: string])[]
): ThresholdsConfigBuilder => {
  const all: Threshold[] = [{ value: null, color: first }, ...rest.map(([value, color]) => ({ value, color }))]
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(all)
}

export const ALARMING = steps('green', [1, 'orange'])

const fixed = (mode: FieldColorModeId): FieldColorBuilder => new FieldColorBuilder().mode(mode)

const last = (): ReduceDataOptionsBuilder =>
  new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('')

/** The time of a line. */
export const timeOfLine = (): ReduceDataOptionsBuilder => last().fields(LINE_TIME_FIELD)

/** Every row of a table is a value; Loki's answers to instant queries are tables. */
const everyRow = (limit: number): ReduceDataOptionsBuilder =>
  new ReduceDataOptionsBuilder().calcs([]).values(true).limit(limit).fields('')

/** One number. */
export const stat = (frame: Frame, noValue: string, thresholds: ThresholdsConfigBuilder): Stat =>
  framed(new Stat(), frame)
    .unit(frame.unit)
    .noValue(noValue)
    .thresholds(thresholds)
    .colorScheme(fixed(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .orientation(VizOrientation.Auto)
    .reduceOptions(last())

const legend = (placement: LegendPlacement, calcs: string[]): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(placement).calcs(calcs)

const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)

/** Lines over time. */
export const lines = (frame: Frame): TimeSeries =>
  framed(new TimeSeries(), frame)
    .unit(frame.unit)
    .min(0)
    .legend(legend(LegendPlacement.Bottom, []))
    .tooltip(tooltip())
    .fillOpacity(5)

/** Counts of each step, on top of each other; the legend has their sums. */
export const bars = (frame: Frame): TimeSeries =>
  lines(frame)
    .decimals(0)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
    .legend(legend(LegendPlacement.Bottom, ['sum']))

/** The rows of an instant query as bars, as long as their values. */
export const ranking = (frame: Frame, limit: number): BarGauge =>
  framed(new BarGauge(), frame)
    .unit(frame.unit)
    .min(0)
    .noValue('none')
    .thresholds(steps('blue'))
    .colorScheme(fixed(FieldColorModeId.Thresholds))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(false)
    .reduceOptions(everyRow(limit))

/** The rows of an instant query as shares of a whole. */
export const shares = (frame: Frame, limit: number): PieChart =>
  framed(new PieChart(), frame)
    .unit(frame.unit)
    .pieType(PieChartType.Donut)
    .colorScheme(fixed(FieldColorModeId.PaletteClassicByName))
    .tooltip(tooltip())
    .legend(
      new PieChartLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Right)
        .values([PieChartLegendValues.Value, PieChartLegendValues.Percent]),
    )
    .reduceOptions(everyRow(limit))

/** A column of a table, found by its name. */
export type Column = { readonly name: string; readonly properties: DynamicConfigValue[] }

/**
 * The rows of an instant query. `columns`: the labels in their order, with their headings; the value, which Grafana calls
 * `Value #A`, comes last.
 */
export const table = (
  frame: Frame,
  columns: readonly (readonly [label: string, heading: string])[],
  value: string,
): Table => {
  const all = [...columns, ['Value #A', value] as const]
  const panel = framed(new Table(), frame)
    .unit(frame.unit)
    .noValue('')
    .colorScheme(fixed(FieldColorModeId.ContinuousBlYlRd))
    .filterable(true)
    .sortBy([])
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(all.map(([name], index) => [name, index])),
        renameByName: Object.fromEntries(all),
      },
    })
  return panel.overrideByName(value, [
    { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' } },
    { id: 'min', value: 0 },
  ])
}

/** A lane for each series, coloured by its value. */
export const lanes = (frame: Frame): StateTimeline =>
  framed(new StateTimeline(), frame)
    .unit(frame.unit)
    .noValue('')
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend(LegendPlacement.Bottom, []))
    .tooltip(tooltip())

/** Lines as they are, the newest first. */
export const logs = (frame: Omit<Frame, 'unit'>): Logs =>
  framed(new Logs(), frame)
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Descending)
