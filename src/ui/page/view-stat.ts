import { LINE_TIME_FIELD } from '../../dashboards/line-time.ts'
import type { FieldOptions, Panel } from './dashboard.ts'
import { colourOf } from './colours.ts'
import { element } from './dom.ts'
import { colourName, mappedText, optionsOf } from './fields.ts'
import { formatValue, type Shown } from './format-value.ts'
import { lastValue, namedSeries, sumOf, type Answered, type NamedSeries } from './series.ts'
import { optionObject, type View } from './view.ts'

const NS_PER_MS = 1_000_000n

const reduced = (panel: Panel, series: NamedSeries): number | null => {
  const { calcs } = optionObject(panel.options, 'reduceOptions')
  const [calc] = Array.isArray(calcs) ? (calcs as readonly unknown[]) : []
  return calc === 'sum' ? sumOf(series) : lastValue(series)
}

/** The time of the newest line as a value, where that field of lines is asked for. */
const timesOfLines = (panel: Panel, answers: readonly Answered[]): readonly NamedSeries[] => {
  const { fields } = optionObject(panel.options, 'reduceOptions')
  if (fields !== LINE_TIME_FIELD) return []
  return answers.flatMap(({ target, result }) => {
    const [newest] = result.kind === 'lines' ? result.lines : []
    if (newest === undefined) return []
    const timeMs = Number(BigInt(newest.timeNs) / NS_PER_MS)
    return [{ labels: {}, points: [[timeMs, timeMs]], name: panel.title, refId: target.refId }]
  })
}

const shownValue = (options: FieldOptions, value: number | null, nowMs: number): Shown => {
  if (value === null) return { text: options.noValue ?? 'No data', unit: '' }
  const mapped = mappedText(options, value)?.text
  if (mapped !== undefined) return { text: mapped, unit: '' }
  return formatValue(value, options.unit ?? '', options.decimals ?? null, nowMs)
}

/** Long texts are smaller, so that they stay within. */
const sizeOf = ({ text, unit }: Shown): string => {
  const length = text.length + unit.length / 2
  return length <= 4 ? 'big' : length <= 7 ? 'middle' : 'small'
}

/** One number, large. */
export const statView = (panel: Panel): View => {
  const root = element('div', { class: 'stat' })
  return {
    root,
    table: null,
    draw: ({ answers, nowMs }) => {
      const series = [...namedSeries(panel, answers), ...timesOfLines(panel, answers)]
      const shown = (series.length === 0 ? [null] : series.slice(0, 8)).map((one) => {
        const field = { name: one?.name ?? panel.title, refId: one?.refId ?? 'A' }
        const options = optionsOf(panel, field)
        const value = one === null ? null : reduced(panel, one)
        const text = shownValue(options, value, nowMs)
        const unit = text.unit === '' ? [] : [element('span', { class: 'unit' }, ` ${text.unit}`)]
        const made = element('p', { class: `value ${sizeOf(text)}` }, text.text, ...unit)
        // What noValue stands for is judged as nothing: none of it is a threshold.
        made.style.color = colourOf(
          value === null && !/^0$/.test(text.text) ? 'muted' : colourName(options, value ?? 0),
        )
        if (value === null) made.classList.add('nothing')
        return series.length > 1 ? element('div', {}, made, element('p', { class: 'name' }, field.name)) : made
      })
      root.replaceChildren(...shown)
    },
  }
}
