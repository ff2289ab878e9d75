import uPlot from 'uplot'
import type { Panel } from './dashboard.ts'
import { colourOf, paintOf, Palette } from './colours.ts'
import { chartOptions, type ChartLine } from './chart-options.ts'
import { element } from './dom.ts'
import { empty } from './empty.ts'
import { optionsOf } from './fields.ts'
import { dateTime, formatValue, inOne } from './format-value.ts'
import { namedSeries, sumOf, type NamedSeries } from './series.ts'
import type { TimeRange } from './time-range.ts'
import { visibleText } from './visible-text.ts'
import { optionObject, type Around, type PanelContent, type TextTable, type View } from './view.ts'

const MIN_HEIGHT_PX = 60

const timesOf = ({ startMs, endMs, stepMs }: TimeRange): readonly number[] =>
  Array.from({ length: Math.round((endMs - startMs) / stepMs) }, (_, at) => startMs + (at + 1) * stepMs)

const valuesAt = ({ points }: NamedSeries, times: readonly number[]): readonly (number | null)[] => {
  const found = new Map(points)
  return times.map((time) => found.get(time) ?? null)
}

/** Each on top of those behind it: the first is drawn as tall as all together. */
const stacked = (lines: readonly (readonly (number | null)[])[]): (number | null)[][] => {
  const below = new Array<number>(lines[0]?.length ?? 0).fill(0)
  return lines
    .toReversed()
    .map((values) =>
      values.map((value, at) => {
        if (value === null || value === 0) return null
        below[at] = (below[at] ?? 0) + value
        return below[at] ?? null
      }),
    )
    .toReversed()
}

const custom = (panel: Panel): Readonly<Record<string, unknown>> => panel.fieldConfig?.defaults?.custom ?? {}

const isStacked = (panel: Panel): boolean => optionObject(custom(panel), 'stacking')['mode'] === 'normal'

const linesOf = (panel: Panel, series: readonly NamedSeries[], palette: Palette): readonly ChartLine[] =>
  series.map((one) => {
    const { color } = optionsOf(panel, one)
    const colour = color?.mode === 'fixed' ? colourOf(color.fixedColor ?? '') : palette.colourOf(one.name)
    return { name: one.name, colour, paint: paintOf(colour), isBars: custom(panel)['drawStyle'] === 'bars' }
  })

const legendItem = (line: ChartLine, sum: string): HTMLElement => {
  const sign = element('span', { class: 'swatch', 'aria-hidden': 'true' })
  sign.style.background = line.colour
  return element('li', {}, sign, visibleText(line.name), ' ', element('b', {}, sum))
}

type Drawn = {
  readonly content: PanelContent
  readonly series: readonly NamedSeries[]
  readonly lines: readonly ChartLine[]
}

/** Series over time: bars that are stacked, or lines. */
export const timeSeriesView = (panel: Panel, around: Around): View => {
  const plotPlace = element('div', { class: 'plot', role: 'img', 'aria-label': panel.title })
  const legend = element('ul', { class: 'legend', 'aria-label': `Series of ${panel.title}, with their sums` })
  const root = element('div', { class: 'chart' }, plotPlace, legend)
  const palette = new Palette()
  let plot: uPlot | null = null
  let drawn: Drawn | null = null
  const number = (value: number): string => {
    const { unit = '', decimals = null } = panel.fieldConfig?.defaults ?? {}
    return inOne(formatValue(value, unit, decimals, 0))
  }

  const paint = ({ content, series, lines }: Drawn): void => {
    plot?.destroy()
    plot = null
    const size = { width: plotPlace.clientWidth, height: Math.max(MIN_HEIGHT_PX, plotPlace.clientHeight) }
    if (size.width === 0) return
    const times = timesOf(content.range)
    const values = series.map((one) => valuesAt(one, times))
    const options = chartOptions(lines, { size, range: content.range, values, number, zoom: around.zoom })
    const seconds = times.map((time) => time / 1000)
    const heights = isStacked(panel) ? stacked(values) : values.map((one) => [...one])
    plot = new uPlot(options, [seconds, ...heights], plotPlace)
  }

  const draw = (content: PanelContent): void => {
    const series = namedSeries(panel, content.answers)
    const sums = new Map(series.map((one) => [one, sumOf(one)]))
    const ordered = series.toSorted((a, b) => (sums.get(b) ?? 0) - (sums.get(a) ?? 0))
    const lines = linesOf(panel, ordered, palette)
    drawn = { content, series: ordered, lines }
    const [most] = ordered
    const told =
      most === undefined
        ? 'nothing in the time range'
        : `${ordered.length} series, most: ${most.name}, ${number(sumOf(most))}`
    plotPlace.setAttribute('aria-label', `${panel.title}: ${told}`)
    legend.replaceChildren(
      ...lines.map((line, at) => legendItem(line, number(sumOf(ordered[at] ?? { labels: {}, points: [] })))),
    )
    root.classList.toggle('nothing', most === undefined)
    if (most === undefined) {
      plot?.destroy()
      plot = null
      plotPlace.replaceChildren(empty())
      return
    }
    plotPlace.querySelector('.empty')?.remove()
    paint(drawn)
  }

  const refit = (): void => {
    if (drawn === null || drawn.series.length === 0) return
    paint({ ...drawn, lines: drawn.lines.map((line) => ({ ...line, paint: paintOf(line.colour) })) })
  }

  const table = (): TextTable => {
    if (drawn === null) return { head: ['Time'], rows: [] }
    const { series, content } = drawn
    const times = timesOf(content.range).toReversed()
    const columns = series.map((one) => new Map(one.points))
    const rows = times
      .map((time) => [
        dateTime(time),
        ...columns.map((column) => (column.has(time) ? number(column.get(time) ?? NaN) : '')),
      ])
      .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
    return { head: ['Until', ...series.map(({ name }) => name)], rows }
  }
  return { root, draw, table, refit }
}
