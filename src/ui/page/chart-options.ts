import uPlot from 'uplot'
import { chartTooltip } from './chart-tooltip.ts'
import { paintOf } from './colours.ts'
import { axisTime } from './format-value.ts'
import type { TimeRange } from './time-range.ts'

export type ChartLine = {
  readonly name: string
  /** For styles. */
  readonly colour: string
  /** The same for the canvas, in the present theme. */
  readonly paint: string
  readonly isBars: boolean
}

export type ChartContext = {
  readonly size: { readonly width: number; readonly height: number }
  readonly range: TimeRange
  /** Of each line at each step. */
  readonly values: readonly (readonly (number | null)[])[]
  readonly number: (value: number) => string
  /** Values are counts: no axis tells halves of them. */
  readonly isWhole: boolean
  readonly zoom: (startMs: number, endMs: number) => void
}

const FONT = '11px system-ui, sans-serif'
/** Steps between ticks of counts: no halves. */
const INCREMENTS = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 10 }, (_, zeros) => digit * 10 ** zeros))
  .sort((a, b) => a - b)
const FRACTIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]

const seriesOf = ({ name, paint, isBars }: ChartLine): uPlot.Series => {
  const shape = { label: name, stroke: paint, points: { show: false } }
  if (!isBars) return { ...shape, width: 1.5 }
  // A value belongs to the step that ends at its time.
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: -1 })
  return { ...shape, fill: paint, width: 0, ...(bars !== undefined && { paths: bars }) }
}

const axes = (context: ChartContext): uPlot.Axis[] => {
  const rangeMs = context.range.endMs - context.range.startMs
  const [muted, line] = [paintOf('var(--muted)'), paintOf('var(--line)')]
  const look = { stroke: muted, font: FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return [
    {
      ...look,
      size: 22,
      space: rangeMs > 86_400_000 ? 90 : 64,
      gap: 5,
      values: (_, times) => times.map((s) => axisTime(s * 1000, rangeMs)),
    },
    {
      ...look,
      size: 44,
      space: 28,
      gap: 6,
      incrs: context.isWhole ? INCREMENTS : [...FRACTIONS, ...INCREMENTS],
      values: (_, ticks) => ticks.map(context.number),
    },
  ]
}

/** A plot of lines over a time range: a tooltip at the cursor, and a drag chooses another range. */
export const chartOptions = (lines: readonly ChartLine[], context: ChartContext): uPlot.Options => {
  const { size, range, zoom } = context
  const tooltip = chartTooltip(lines, context)
  return {
    ...size,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'time' },
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
    },
    scales: {
      x: { time: true, range: [range.startMs / 1000, range.endMs / 1000] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: axes(context),
    series: [{}, ...lines.map(seriesOf)],
    hooks: {
      setCursor: [tooltip],
      setSelect: [
        (plot): void => {
          const { left, width } = plot.select
          if (width < 4) return
          zoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000)
        },
      ],
    },
  }
}
