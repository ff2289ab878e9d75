import { systemClock } from '../../clock.ts'
import { element, freshId } from './dom.ts'

const PAUSE_MS = 400

/** A box for a text of a variable; tells what was typed after a pause, or at once on Enter. */
export const textBox = (label: string, value: string, changed: (value: string) => void): HTMLElement => {
  const id = freshId('box')
  const input = element('input', {
    id,
    type: 'search',
    value,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'any',
  })
  let told = value
  let waiting = new AbortController()
  const tell = (): void => {
    waiting.abort()
    if (input.value === told) return
    told = input.value
    changed(told)
  }
  input.addEventListener('input', () => {
    waiting.abort()
    const own = new AbortController()
    waiting = own
    void systemClock.sleep(PAUSE_MS, own.signal).then(() => {
      if (!own.signal.aborted) tell()
    })
  })
  input.addEventListener('change', tell)
  return element(
    'div',
    { class: 'text-box control' },
    element('label', { for: id, class: 'control-label' }, label),
    input,
  )
}
