import type { Panel } from './dashboard.ts'
import { colourOf } from './colours.ts'
import { element } from './dom.ts'
import { empty } from './empty.ts'
import { colourName, optionsOf } from './fields.ts'
import { formatValue, inOne } from './format-value.ts'
import { lastValue, namedSeries } from './series.ts'
import { visibleText } from './visible-text.ts'
import { optionNumber, optionObject, type View } from './view.ts'

/** A bar for each series, longest as wide as there is room. */
export const barGaugeView = (panel: Panel): View => {
  const root = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': panel.title })
  return {
    root,
    table: null,
    draw: ({ answers, nowMs }) => {
      const limit = optionNumber(optionObject(panel.options, 'reduceOptions'), 'limit', 25)
      const series = namedSeries(panel, answers).slice(0, limit)
      if (series.length === 0) {
        root.replaceChildren(empty())
        return
      }
      const most = Math.max(...series.map((one) => lastValue(one) ?? 0))
      const rows = series.map((one) => {
        const value = lastValue(one) ?? NaN
        const options = optionsOf(panel, one)
        const bar = element('span', { class: 'bar' })
        bar.style.inlineSize = most > 0 ? `${(100 * Math.max(0, value)) / most}%` : '0'
        bar.style.background = colourOf(colourName(options, value))
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, visibleText(one.name)),
          element('td', { class: 'track', 'aria-hidden': 'true' }, bar),
          element(
            'td',
            { class: 'number' },
            inOne(formatValue(value, options.unit ?? '', options.decimals ?? null, nowMs)),
          ),
        )
      })
      root.replaceChildren(element('table', { class: 'bars' }, element('tbody', {}, ...rows)))
    },
  }
}
