import type { PageLine } from '../page-query.ts'
import type { Panel } from './dashboard.ts'
import { element } from './dom.ts'
import { empty } from './empty.ts'
import { clockTime, dateTime } from './format-value.ts'
import { visibleText } from './visible-text.ts'
import type { View } from './view.ts'

const MAX_ROWS = 1000
/** Of a line that is not opened. */
const SHORT_CHARS = 1000

const NS_PER_MS = 1_000_000n

const levelOf = ({ labels, line }: PageLine): string => {
  const text = labels['level'] ?? labels['detected_level'] ?? /^level=(\w+)/.exec(line)?.[1] ?? labels['type'] ?? ''
  const level = text.toLowerCase()
  if (/^(?:err|crit|fatal|alert|emerg)/.test(level)) return 'error'
  if (level.startsWith('warn')) return 'warning'
  return /^(?:debug|trace)/.test(level) ? 'debug' : 'info'
}

const keyOf = ({ timeNs, line, labels }: PageLine): string => JSON.stringify([timeNs, line, labels])

const details = ({ labels, line }: PageLine): HTMLElement => {
  const pairs = Object.entries(labels).flatMap(([name, value]) => [
    element('dt', {}, name),
    element('dd', {}, visibleText(value)),
  ])
  return element('div', { class: 'details' }, element('pre', {}, visibleText(line)), element('dl', {}, ...pairs))
}

const rowOf = (line: PageLine): HTMLElement => {
  const timeMs = Number(BigInt(line.timeNs) / NS_PER_MS)
  const level = levelOf(line)
  const short = line.line.length > SHORT_CHARS ? `${line.line.slice(0, SHORT_CHARS)}…` : line.line
  const time = element('time', { datetime: new Date(timeMs).toISOString(), title: dateTime(timeMs) }, clockTime(timeMs))
  const text = element('span', { class: 'message' }, visibleText(short))
  const head = element(
    'button',
    { type: 'button', class: 'line-head', 'aria-expanded': 'false', tabindex: -1 },
    time,
    element('span', { class: 'level' }, level),
    text,
  )
  const row = element('li', { class: `line ${level}` }, head)
  head.addEventListener('click', () => {
    const isOpen = row.querySelector('.details') !== null
    head.setAttribute('aria-expanded', String(!isOpen))
    if (isOpen) row.querySelector('.details')?.remove()
    else row.append(details(line))
  })
  return row
}

const headsIn = (list: HTMLElement): readonly HTMLButtonElement[] => [
  ...list.querySelectorAll<HTMLButtonElement>('.line-head'),
]

/** One stop for the tabulator key; arrows go from line to line. */
const moveByKeys = (list: HTMLElement): void => {
  list.addEventListener('keydown', (event) => {
    const heads = headsIn(list)
    const at = heads.findIndex((head) => head === document.activeElement)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1 }[event.key]
    const target = next === undefined ? undefined : heads[next]
    if (at < 0 || target === undefined) return
    event.preventDefault()
    for (const head of heads) head.tabIndex = -1
    target.tabIndex = 0
    target.focus()
  })
}

const oneStop = (list: HTMLElement): void => {
  const heads = headsIn(list)
  if (!heads.some((head) => head.tabIndex === 0) && heads[0] !== undefined) heads[0].tabIndex = 0
}

/** Lines, the newest first. A line that is still there stays as it is, opened or not. */
export const logsView = (panel: Panel): View => {
  const list = element('ol', { class: 'lines', 'aria-label': panel.title })
  const root = element('div', { class: 'scroll logs' }, list)
  let rows = new Map<string, HTMLElement>()
  moveByKeys(list)

  const show = (lines: readonly PageLine[]): void => {
    const next = new Map<string, HTMLElement>()
    for (const line of lines.slice(0, MAX_ROWS)) {
      const key = keyOf(line)
      next.set(key, rows.get(key) ?? rowOf(line))
    }
    rows = next
    list.replaceChildren(...rows.values())
    oneStop(list)
    if (rows.size === 0) root.replaceChildren(empty('No event in the time range fits the selection.'))
    else if (list.parentElement === null) root.replaceChildren(list)
  }
  let shown: readonly PageLine[] = []
  return {
    root,
    table: null,
    draw: ({ answers }) => {
      shown = answers.flatMap(({ result }) => (result.kind === 'lines' ? result.lines : []))
      show(shown)
    },
    prepend: (lines) => {
      const known = new Set(shown.map(keyOf))
      const fresh = lines.filter((line) => !known.has(keyOf(line))).toReversed()
      if (fresh.length === 0) return
      shown = [...fresh, ...shown].slice(0, MAX_ROWS)
      show(shown)
    },
  }
}
