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

const axis = ({ startMs, endMs }: TimeRange): HTMLElement => {
  const ticks = Array.from({ length: TICKS + 1 }, (_, at) => {
    const tick = element('span', {}, axisTime(startMs + ((endMs - startMs) * at) / TICKS, endMs - startMs))
    tick.style.insetInlineStart = `${(100 * at) / TICKS}%`
    return tick
  })
  return element('div', { class: 'lane-axis', 'aria-hidden': 'true' }, ...ticks)
}

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

/** A lane for each series, coloured by its value. */
export const stateTimelineView = (panel: Panel): View => {
  const list = element('ul', { class: 'lanes' })
  const foot = element('div', { class: 'pager' })
  const scroll = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': panel.title }, list)
  const root = element('div', { class: 'state-timeline' }, scroll, foot)
  const perPage = optionNumber(panel.options, 'perPage', 20)
  const palette = new Palette()
  let page = 0
  let last: PanelContent | null = null

  const pager = (count: number): readonly HTMLElement[] => {
    if (count <= perPage) return []
    const turn = (by: number): void => {
      page += by
      if (last !== null) draw(last)
    }
    const first = page * perPage
    const earlier = button(
      { disabled: page === 0 },
      () => {
        turn(-1)
      },
      'Previous',
    )
    const later = button(
      { disabled: first + perPage >= count },
      () => {
        turn(1)
      },
      'Next',
    )
    return [earlier, element('span', {}, `${first + 1}–${Math.min(count, first + perPage)} of ${count}`), later]
  }

  const draw = (content: PanelContent): void => {
    last = content
    const lanes = lanesOf(panel, content)
    page = Math.min(page, Math.max(0, Math.ceil(lanes.length / perPage) - 1))
    if (lanes.length === 0) {
      scroll.replaceChildren(empty())
      foot.replaceChildren()
      return
    }
    const shown = lanes.slice(page * perPage, (page + 1) * perPage)
    list.replaceChildren(...shown.map((lane) => laneRow(lane, content.range, palette)))
    scroll.replaceChildren(list, axis(content.range))
    foot.replaceChildren(...pager(lanes.length))
  }

  const table = (): TextTable => ({
    head: ['Lane', 'From', 'To', 'Value'],
    rows: (last === null ? [] : lanesOf(panel, last)).flatMap(({ series, stretches, options }) =>
      stretches.map(({ fromMs, toMs, value }) => [
        series.name,
        dateTime(fromMs),
        dateTime(toMs),
        valueText(options, value),
      ]),
    ),
  })
  return { root, draw, table }
}
