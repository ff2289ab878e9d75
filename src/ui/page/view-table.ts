import type { FieldOptions, Panel } from './dashboard.ts'
import { linkAddress } from './data-link.ts'
import { button, element, type Child } from './dom.ts'
import { empty } from './empty.ts'
import { optionsOf } from './fields.ts'
import { formatValue, inOne } from './format-value.ts'
import { organized, type Column } from './table-columns.ts'
import { visibleText } from './visible-text.ts'
import type { PanelContent, View } from './view.ts'

type Sorting = { readonly column: string; readonly isDown: boolean } | null

const compared = (a: string | number, b: string | number): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [first, second] = [String(a), String(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

const orderOf = (columns: readonly Column[], sorting: Sorting): readonly number[] => {
  const rows = [...(columns[0]?.cells.keys() ?? [])]
  const column = columns.find(({ name }) => name === sorting?.column)
  if (column === undefined || sorting === null) return rows
  const sign = sorting.isDown ? -1 : 1
  return rows.sort((a, b) => sign * compared(column.cells[a] ?? '', column.cells[b] ?? ''))
}

const gauge = (value: number, most: number, text: string): HTMLElement => {
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
  bar.style.inlineSize = most > 0 ? `${(100 * Math.max(0, value)) / most}%` : '0'
  return element('span', { class: 'gauge' }, element('span', { class: 'track' }, bar), element('span', {}, text))
}

const isGauge = ({ custom }: FieldOptions): boolean => {
  const options = custom?.['cellOptions']
  return typeof options === 'object' && options !== null && 'type' in options && options.type === 'gauge'
}

const cell = (column: Column, row: number, most: number, content: PanelContent): Child => {
  const value = column.cells[row] ?? ''
  const { options } = column
  if (typeof value === 'string') return visibleText(value)
  const text = inOne(formatValue(value, options.unit ?? '', options.decimals ?? null, content.nowMs))
  return isGauge(options) ? gauge(value, most, text) : text
}

type Row = { readonly at: number; readonly columns: readonly Column[]; readonly content: PanelContent }

const linked = (column: Column, inside: Child, { at, columns, content }: Row): Child => {
  const [link] = column.options.links ?? []
  if (link === undefined) return inside
  const cells = new Map(columns.map(({ name, cells: all }) => [name, String(all[at] ?? '')]))
  const address = linkAddress(link, cells, content.links)
  return address === null ? inside : element('a', { href: address, title: link.title }, inside)
}

const bodyRow = (row: Row, most: readonly number[]): HTMLElement =>
  element(
    'tr',
    {},
    ...row.columns.map((column, at) => {
      const kind = isGauge(column.options) ? 'with-gauge' : column.isNumber ? 'number' : ''
      const inside = cell(column, row.at, most[at] ?? 0, row.content)
      return element('td', { class: kind }, linked(column, inside, row))
    }),
  )

/** Rows of labels and values. */
export const tableView = (panel: Panel): View => {
  const root = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': panel.title })
  let sorting: Sorting = null
  let last: PanelContent | null = null

  const sortBy = ({ name, isNumber }: Column, at: number): void => {
    sorting = { column: name, isDown: sorting?.column === name ? !sorting.isDown : isNumber }
    if (last !== null) draw(last)
    // The head was made anew: the focus stays where it was.
    root.querySelectorAll('button')[at]?.focus()
  }

  const headCell = (column: Column, at: number): HTMLElement => {
    const { name, isNumber } = column
    const order = sorting?.column === name ? (sorting.isDown ? 'descending' : 'ascending') : 'none'
    const sort = button(
      {},
      () => {
        sortBy(column, at)
      },
      name,
    )
    return element('th', { scope: 'col', 'aria-sort': order, class: isNumber ? 'number' : '' }, sort)
  }

  const draw = (content: PanelContent): void => {
    last = content
    const columns = organized(panel, content.answers).map((column): Column => ({
      ...column,
      options: optionsOf(panel, { name: column.name, refId: column.refId }),
    }))
    const rows = orderOf(columns, sorting)
    if (rows.length === 0) {
      root.replaceChildren(empty())
      return
    }
    const most = columns.map(({ cells, isNumber }) => (isNumber ? Math.max(...cells.map(Number)) : 0))
    const head = element('thead', {}, element('tr', {}, ...columns.map(headCell)))
    const body = element('tbody', {}, ...rows.map((at) => bodyRow({ at, columns, content }, most)))
    root.replaceChildren(element('table', { class: 'grid-table' }, head, body))
  }
  return { root, table: null, draw }
}
