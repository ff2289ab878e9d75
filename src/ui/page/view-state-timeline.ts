import type { FieldOptions, Panel } from './dashboard.ts'
import { colourOf, Palette } from './colours.ts'
import { button, element } from './dom.ts'
import { empty } from './empty.ts'
import { colourName, mappedText, optionsOf } from './fields.ts'
import { axisTime, clockTime, dateTime, formatValue, inOne } from './format-value.ts'
import { stretchesOf, type Stretch } from './lanes.ts'
import { namedSeries, type NamedSeries } from './series.ts'
import type { TimeRange } from './time-range.ts'
import { visibleText } from './visible-text.ts'
import { optionNumber, type PanelContent, type TextTable, type View } from './view.ts'

const TICKS = 6
/** Per cent of the width that a text needs. */
const ROOM_FOR_TEXT = 2.4

type Lane = { readonly series: NamedSeries; readonly options: FieldOptions; readonly stretches: readonly Stretch[] }

const lanesOf = (panel: Panel, { answers, range }: PanelContent): readonly Lane[] => {
  const merges = panel.options?.['mergeValues'] !== false
  return namedSeries(panel, answers).map((series) => {
    const options = optionsOf(panel, series)
    const spansNulls = Boolean(options.custom?.['spanNulls'])
    return { series, options, stretches: stretchesOf(series.points, range, { spansNulls, merges }) }
  })
}

const valueText = (options: FieldOptions, value: number): string =>
  mappedText(options, value)?.text ?? inOne(formatValue(value, options.unit ?? '', options.decimals ?? null, 0))

const drawnStretch = (lane: Lane, stretch: Stretch, { startMs, endMs }: TimeRange, palette: Palette): HTMLElement => {
  const { options, series } = lane
  const [from, to] = [Math.max(stretch.fromMs, startMs), Math.min(stretch.toMs, endMs)]
  const width = (100 * (to - from)) / (endMs - startMs)
  const text = valueText(options, stretch.value)
  const title = `${visibleText(series.name)}: ${text}, ${clockTime(from)} to ${clockTime(to)}`
  const needed = ROOM_FOR_TEXT * Math.max(1, text.length / 3)
  const made = element('span', { class: 'stretch', title }, width > needed ? text : '')
  made.style.insetInlineStart = `${(100 * (from - startMs)) / (endMs - startMs)}%`
  made.style.inlineSize = `${width}%`
  const named = colourName(options, stretch.value)
  made.style.setProperty('--lane', named === '' ? palette.colourOf(text) : colourOf(named))
  return made
}

const ticksOf = ({ startMs, endMs }: TimeRange): readonly HTMLElement[] =>
  Array.from({ length: TICKS + 1 }, (_, at) => {
    const tick = element('span', {}, axisTime(startMs + ((endMs - startMs) * at) / TICKS, endMs - startMs))
    tick.style.insetInlineStart = `${(100 * at) / TICKS}%`
    return tick
  })

const laneRow = (lane: Lane, range: TimeRange, palette: Palette): HTMLElement => {
  const { series, stretches, options } = lane
  const last = stretches.at(-1)
  const told =
    last === undefined
      ? 'nothing'
      : `${stretches.length} stretches, the last one ${valueText(options, last.value)} from ${clockTime(last.fromMs)}`
  const name = visibleText(series.name)
  return element(
    'li',
    {},
    element('span', { class: 'lane-name', title: name }, name),
    element(
      'span',
      { class: 'lane', role: 'img', 'aria-label': told },
      ...stretches.map((stretch) => drawnStretch(lane, stretch, range, palette)),
    ),
  )
}

/** A lane for each series, coloured by its value; so many on a page. */
class StateTimeline implements View {
  readonly root: HTMLElement
  readonly #panel: Panel
  readonly #perPage: number
  readonly #palette = new Palette()
  readonly #list = element('ul', { class: 'lanes' })
  readonly #scroll: HTMLElement
  readonly #axis = element('div', { class: 'lane-axis', 'aria-hidden': 'true' })
  readonly #pager = element('div', { class: 'pager' })
  #page = 0
  #content: PanelContent | null = null

  constructor(panel: Panel) {
    this.#panel = panel
    this.#perPage = optionNumber(panel.options, 'perPage', 20)
    this.#scroll = element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': panel.title },
      this.#list,
    )
    this.root = element('div', { class: 'state-timeline' }, this.#scroll, this.#axis, this.#pager)
  }

  draw(content: PanelContent): void {
    this.#content = content
    const lanes = lanesOf(this.#panel, content)
    const isNothing = lanes.length === 0
    this.#scroll.replaceChildren(isNothing ? empty() : this.#list)
    this.#axis.replaceChildren(...(isNothing ? [] : ticksOf(content.range)))
    this.#page = Math.min(this.#page, Math.max(0, Math.ceil(lanes.length / this.#perPage) - 1))
    const first = this.#page * this.#perPage
    const shown = lanes.slice(first, first + this.#perPage)
    this.#list.replaceChildren(...shown.map((lane) => laneRow(lane, content.range, this.#palette)))
    this.#pager.replaceChildren(...this.#turners(lanes.length))
  }

  readonly table = (): TextTable => ({
    head: ['Lane', 'From', 'To', 'Value'],
    rows: (this.#content === null ? [] : lanesOf(this.#panel, this.#content)).flatMap(
      ({ series, stretches, options }) =>
        stretches.map(({ fromMs, toMs, value }) => [
          series.name,
          dateTime(fromMs),
          dateTime(toMs),
          valueText(options, value),
        ]),
    ),
  })

  #turners(count: number): readonly HTMLElement[] {
    if (count <= this.#perPage) return []
    const first = this.#page * this.#perPage
    const last = Math.min(count, first + this.#perPage)
    const turn = (by: number): void => {
      this.#page += by
      if (this.#content !== null) this.draw(this.#content)
      this.#pager.querySelector<HTMLButtonElement>('button:enabled')?.focus()
    }
    return [
      button(
        { disabled: first === 0 },
        () => {
          turn(-1)
        },
        'Previous',
      ),
      element('span', {}, `${first + 1}–${last} of ${count}`),
      button(
        { disabled: last === count },
        () => {
          turn(1)
        },
        'Next',
      ),
    ]
  }
}

export const stateTimelineView = (panel: Panel): View => new StateTimeline(panel)
