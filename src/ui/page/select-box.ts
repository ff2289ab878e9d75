import { element, freshId } from './dom.ts'

/** One of a few values, chosen in a list of the browser's. A value that is not among them is added. */
export const selectBox = (
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  changed: (value: string) => void,
): HTMLElement => {
  const id = freshId('select')
  const all = options.some(([one]) => one === value) ? options : [...options, [value, value] as const]
  const choices = all.map(([one, text]) => element('option', { value: one, selected: one === value }, text))
  const select = element('select', { id }, ...choices)
  select.addEventListener('change', () => {
    changed(select.value)
  })
  return element(
    'div',
    { class: 'select-box control' },
    element('label', { for: id, class: 'control-label' }, label),
    select,
  )
}
