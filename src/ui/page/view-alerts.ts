import type { ReadAlert } from '../read-answer.ts'
import type { Panel } from './dashboard.ts'
import { askJson } from './asking.ts'
import { element } from './dom.ts'
import { empty } from './empty.ts'
import { clockTime, formatValue, inOne } from './format-value.ts'
import { visibleText } from './visible-text.ts'
import { optionObject, optionText, type View } from './view.ts'

const SEVERITIES = ['critical', 'warning', 'info']

const rank = ({ labels, state }: ReadAlert): number => {
  const severity = SEVERITIES.indexOf(labels['severity'] ?? '')
  return (state === 'firing' ? 0 : 10) + (severity < 0 ? SEVERITIES.length : severity)
}

const newestFirst = (a: ReadAlert, b: ReadAlert): number =>
  a.activeAt < b.activeAt ? 1 : a.activeAt > b.activeAt ? -1 : 0

const alertRow = (alert: ReadAlert, nowMs: number): HTMLElement => {
  const { labels, annotations, state, activeAt } = alert
  const severity = labels['severity'] ?? 'none'
  const since = Date.parse(activeAt)
  const name = labels['alertname'] ?? ''
  const age = inOne(formatValue((nowMs - since) / 1000, 's', 0, nowMs))
  return element(
    'li',
    {
      class: `alert ${SEVERITIES.includes(severity) ? severity : 'info'} ${state === 'firing' ? 'firing' : 'pending'}`,
    },
    element(
      'p',
      { class: 'alert-head' },
      element('b', {}, visibleText(severity)),
      element('span', {}, state === 'firing' ? `firing for ${age}` : `pending for ${age}`),
      element('time', { datetime: activeAt }, clockTime(since)),
    ),
    element('p', {}, visibleText(annotations['summary'] ?? name)),
    element('p', { class: 'name' }, visibleText(name)),
  )
}

/** The alerts of the ruler, the gravest first. */
export const alertsView = (panel: Panel): View => {
  const list = element('ul', { class: 'alerts', 'aria-label': panel.title })
  const root = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': panel.title }, list)
  const wantedName = optionText(panel.options, 'alertName')
  const states = optionObject(panel.options, 'stateFilter')

  const show = async (nowMs: number): Promise<void> => {
    const answer = await askJson<{ readonly alerts: readonly ReadAlert[]; readonly absent?: boolean }>('/api/alerts')
    const alerts = answer.alerts
      .filter(({ labels, state }) => (labels['alertname'] ?? '').includes(wantedName) && states[state] !== false)
      .toSorted((a, b) => rank(a) - rank(b) || newestFirst(a, b))
    list.replaceChildren(...alerts.map((alert) => alertRow(alert, nowMs)))
    const why =
      answer.absent === true
        ? 'This Loki has no ruler, or its API is switched off: no alert is evaluated.'
        : 'No alert fires. Rules are evaluated once a minute.'
    root.replaceChildren(alerts.length === 0 ? empty(why) : list)
  }
  return {
    root,
    table: null,
    draw: ({ nowMs }) => {
      show(nowMs).catch((error: unknown) => {
        root.replaceChildren(
          empty(`The alerts cannot be read: ${error instanceof Error ? error.message : String(error)}`),
        )
      })
    },
  }
}
