import type uPlot from 'uplot'
import type { ChartContext, ChartLine } from './chart-options.ts'
import { element } from './dom.ts'
import { clockTime, dateTime } from './format-value.ts'
import { visibleText } from './visible-text.ts'

const MAX_ROWS = 14
const GAP_PX = 14

const rowsAt = (lines: readonly ChartLine[], { values, number }: ChartContext, at: number): readonly HTMLElement[] => {
  const found = lines
    .map((line, index) => ({ line, value: values[index]?.[at] ?? null }))
    .filter((row): row is { line: ChartLine; value: number } => row.value !== null && row.value !== 0)
    .sort((a, b) => b.value - a.value)
  const rows = found.slice(0, MAX_ROWS).map(({ line, value }) => {
    const sign = element('span', { class: 'swatch' })
    sign.style.background = line.colour
    return element('li', {}, sign, element('span', {}, visibleText(line.name)), element('b', {}, number(value)))
  })
  return found.length > rows.length ? [...rows, element('li', {}, `and ${found.length - rows.length} more`)] : rows
}

/** Shows the values of the step under the cursor, in the plot that the cursor is in. */
export const chartTooltip = (lines: readonly ChartLine[], context: ChartContext): ((plot: uPlot) => void) => {
  const box = element('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true })
  const { startMs, stepMs } = context.range
  return (plot) => {
    if (box.parentElement === null) plot.root.append(box)
    const { idx, left = -1 } = plot.cursor
    const isHere = plot.over.matches(':hover')
    box.hidden = typeof idx !== 'number' || left < 0 || !isHere
    if (typeof idx !== 'number' || box.hidden) return
    const endMs = startMs + (idx + 1) * stepMs
    const rows = rowsAt(lines, context, idx)
    const head = element('p', {}, `${dateTime(endMs - stepMs)} – ${clockTime(endMs)}`)
    box.replaceChildren(head, rows.length === 0 ? element('p', {}, 'nothing') : element('ul', {}, ...rows))
    const x = plot.over.offsetLeft + left
    const isRight = x + box.offsetWidth + GAP_PX > plot.width
    box.style.insetInlineStart = `${isRight ? Math.max(0, x - box.offsetWidth - GAP_PX) : x + GAP_PX}px`
  }
}
