import type { Variable } from './dashboard.ts'
import { button, element, icon, unseen } from './dom.ts'
import { Picker } from './picker.ts'
import { selectBox } from './select-box.ts'
import { textBox } from './text-box.ts'
import { QUICK_RANGES, REFRESHES } from './time-range.ts'
import { dateTime } from './format-value.ts'
import { initialChoice, type Chosen } from './variables.ts'

export type ToolbarState = {
  readonly from: string
  readonly to: string
  readonly refresh: string
  readonly chosen: Chosen
}

export type ToolbarEvents = {
  readonly ranged: (from: string) => void
  readonly everied: (refresh: string) => void
  readonly refreshed: () => void
  readonly chose: (name: string, values: readonly string[]) => void
}

export type Toolbar = {
  readonly root: HTMLElement
  /** Pickers by the name of their variable. */
  readonly pickers: ReadonlyMap<string, Picker>
}

const isHidden = ({ type, hide = 0 }: Variable): boolean => type === 'datasource' || type === 'constant' || hide === 2

const absolute = (from: string, to: string): readonly (readonly [string, string])[] =>
  /^\d+$/.test(from) ? [[from, `${dateTime(Number(from))} – ${/^\d+$/.test(to) ? dateTime(Number(to)) : 'now'}`]] : []

/** Variables, time range, and how often it refreshes. */
export const toolbar = (variables: readonly Variable[], state: ToolbarState, events: ToolbarEvents): Toolbar => {
  const pickers = new Map<string, Picker>()
  const controls = variables
    .filter((variable) => !isHidden(variable))
    .map((variable) => {
      const { name, label = name, type, multi = false, includeAll = false } = variable
      const chosen = state.chosen.get(name) ?? initialChoice(variable)
      if (type === 'textbox') {
        return textBox(label, chosen[0] ?? '', (value) => {
          events.chose(name, value === '' ? [] : [value])
        })
      }
      const picker = new Picker({
        label,
        isMulti: multi,
        hasAll: includeAll,
        chosen,
        changed: (values) => {
          events.chose(name, values)
        },
      })
      pickers.set(name, picker)
      return picker.root
    })
  const ranges = [...absolute(state.from, state.to), ...QUICK_RANGES]
  const refresh = button(
    { class: 'control', title: 'Ask everything anew' },
    events.refreshed,
    icon('refresh'),
    unseen('Refresh'),
  )
  const root = element(
    'div',
    { class: 'toolbar' },
    element('div', { class: 'variables', role: 'group', 'aria-label': 'Variables' }, ...controls),
    element(
      'div',
      { class: 'times', role: 'group', 'aria-label': 'Time' },
      selectBox('Range', ranges, state.from, events.ranged),
      selectBox('Refresh', REFRESHES, state.refresh === 'off' ? '' : state.refresh, (every) => {
        events.everied(every === '' ? 'off' : every)
      }),
      refresh,
    ),
  )
  return { root, pickers }
}
