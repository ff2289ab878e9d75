import uPlot from 'uplot'
import type { Panel } from './dashboard.ts'
import { colourOf, paintOf, Palette } from './colours.ts'
import { chartOptions, type ChartLine } from './chart-options.ts'
import { stacked, timesOf, valuesAt } from './chart-values.ts'
import { element } from './dom.ts'
import { empty } from './empty.ts'
import { optionsOf } from './fields.ts'
import { dateTime, formatValue, inOne } from './format-value.ts'
import { namedSeries, sumOf, type NamedSeries } from './series.ts'
import { visibleText } from './visible-text.ts'
import { optionObject, type Around, type PanelContent, type TextTable, type View } from './view.ts'

const MIN_HEIGHT_PX = 60

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

/** Series over time: bars that are stacked, or lines. The largest ones come first. */
class TimeSeries implements View {
  readonly root: HTMLElement
  readonly #panel: Panel
  readonly #around: Around
  readonly #place: HTMLElement
  readonly #legend: HTMLElement
  readonly #palette = new Palette()
  #plot: uPlot | null = null
  #content: PanelContent | null = null
  #series: readonly NamedSeries[] = []

  constructor(panel: Panel, around: Around) {
    this.#panel = panel
    this.#around = around
    this.#place = element('div', { class: 'plot', role: 'img', 'aria-label': panel.title })
    this.#legend = element('ul', { class: 'legend', 'aria-label': `Series of ${panel.title}, with their sums` })
    this.root = element('div', { class: 'chart' }, this.#place, this.#legend)
  }

  draw(content: PanelContent): void {
    const found = namedSeries(this.#panel, content.answers).map((one) => ({ one, sum: sumOf(one) }))
    found.sort((a, b) => b.sum - a.sum)
    this.#content = content
    this.#series = found.map(({ one }) => one)
    const lines = linesOf(this.#panel, this.#series, this.#palette)
    this.#legend.replaceChildren(...lines.map((line, at) => legendItem(line, this.#number(found[at]?.sum ?? 0))))
    const [most] = found
    const told =
      most === undefined
        ? 'nothing in the time range'
        : `${found.length} series, most: ${most.one.name}, ${this.#number(most.sum)}`
    this.#place.setAttribute('aria-label', `${this.#panel.title}: ${told}`)
    this.#paint(content, lines)
  }

  refit(): void {
    if (this.#content !== null) this.#paint(this.#content, linesOf(this.#panel, this.#series, this.#palette))
  }

  readonly table = (): TextTable => {
    const head = ['Until', ...this.#series.map(({ name }) => name)]
    if (this.#content === null) return { head, rows: [] }
    const columns = this.#series.map(({ points }) => new Map(points))
    const cell = (value: number | null): string => (value === null ? '' : this.#number(value))
    const rows = timesOf(this.#content.range)
      .toReversed()
      .map((time) => [dateTime(time), ...columns.map((column) => cell(column.get(time) ?? null))])
      .filter(([, ...cells]) => cells.some((text) => text !== ''))
    return { head, rows }
  }

  #number(value: number): string {
    const { unit = '', decimals = null } = this.#panel.fieldConfig?.defaults ?? {}
    return inOne(formatValue(value, unit, decimals, 0))
  }

  #paint({ range }: PanelContent, lines: readonly ChartLine[]): void {
    this.#plot?.destroy()
    this.#plot = null
    const isNothing = lines.length === 0
    this.root.classList.toggle('nothing', isNothing)
    this.#place.replaceChildren(...(isNothing ? [empty()] : []))
    const size = { width: this.#place.clientWidth, height: Math.max(MIN_HEIGHT_PX, this.#place.clientHeight) }
    if (isNothing || size.width === 0) return
    const times = timesOf(range)
    const values = this.#series.map((one) => valuesAt(one.points, times))
    const options = chartOptions(lines, {
      size,
      range,
      values,
      number: (value) => this.#number(value),
      isWhole: this.#panel.fieldConfig?.defaults?.decimals === 0,
      zoom: this.#around.zoom,
    })
    const heights = isStacked(this.#panel) ? stacked(values) : values.map((one) => [...one])
    this.#plot = new uPlot(options, [times.map((time) => time / 1000), ...heights], this.#place)
  }
}

export const timeSeriesView = (panel: Panel, around: Around): View => new TimeSeries(panel, around)
