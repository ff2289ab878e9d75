import type { Panel } from './dashboard.ts'
import { Palette } from './colours.ts'
import { drawing, element } from './dom.ts'
import { empty } from './empty.ts'
import { formatValue, inOne } from './format-value.ts'
import { lastValue, namedSeries } from './series.ts'
import { visibleText } from './visible-text.ts'
import { optionNumber, optionObject, type View } from './view.ts'

type Slice = { readonly name: string; readonly value: number; readonly colour: string }

/** A circle of circumference 100: lengths are per cent. */
const RADIUS = 100 / (2 * Math.PI)

const ring = (slices: readonly Slice[], total: number): SVGElement => {
  let before = 0
  const arcs = slices.map(({ value, colour }) => {
    const share = (100 * value) / total
    const arc = drawing('circle', {
      cx: 21,
      cy: 21,
      r: RADIUS,
      fill: 'none',
      'stroke-width': 6,
      'stroke-dasharray': `${Math.max(0.1, share - 0.5)} ${100 - Math.max(0.1, share - 0.5)}`,
      'stroke-dashoffset': 25 - before,
    })
    arc.style.stroke = colour
    before += share
    return arc
  })
  return drawing('svg', { viewBox: '0 0 42 42', class: 'ring', 'aria-hidden': 'true' }, ...arcs)
}

const percent = (value: number, total: number): string =>
  `${((100 * value) / total).toFixed(value === total ? 0 : 1)} %`

/** Shares of a whole: a ring, and a table beside it that says the same. */
export const pieView = (panel: Panel): View => {
  const root = element('div', { class: 'pie' })
  const palette = new Palette()
  return {
    root,
    table: null,
    draw: ({ answers, nowMs }) => {
      const limit = optionNumber(optionObject(panel.options, 'reduceOptions'), 'limit', 25)
      const slices = namedSeries(panel, answers)
        .slice(0, limit)
        .map((one) => ({ name: one.name, value: lastValue(one) ?? 0, colour: palette.colourOf(one.name) }))
        .filter(({ value }) => value > 0)
      const total = slices.reduce((sum, { value }) => sum + value, 0)
      if (total === 0) {
        root.replaceChildren(empty())
        return
      }
      const unit = panel.fieldConfig?.defaults?.unit ?? ''
      const rows = slices.map(({ name, value, colour }) => {
        const sign = element('span', { class: 'swatch', 'aria-hidden': 'true' })
        sign.style.background = colour
        const number = inOne(formatValue(value, unit, null, nowMs))
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, sign, visibleText(name)),
          element('td', { class: 'number' }, number),
          element('td', { class: 'number' }, percent(value, total)),
        )
      })
      root.replaceChildren(ring(slices, total), element('table', { class: 'shares' }, element('tbody', {}, ...rows)))
    },
  }
}
