import { button, element, freshId, icon } from './dom.ts'
import { visibleText } from './visible-text.ts'

export type PickerOptions = {
  readonly label: string
  readonly isMulti: boolean
  readonly hasAll: boolean
  /** None: All. */
  readonly chosen: readonly string[]
  readonly changed: (chosen: readonly string[]) => void
}

const MAX_SHOWN = 300

/** A button that opens a list of values to tick, with a box to search in it. */
export class Picker {
  readonly root: HTMLElement
  readonly #options: PickerOptions
  readonly #open: HTMLButtonElement
  readonly #value = element('span', { class: 'picked' })
  readonly #box: HTMLElement
  readonly #search: HTMLInputElement
  readonly #list = element('div', { class: 'choices' })
  #values: readonly string[] = []
  #chosen: readonly string[]
  #why = ''

  constructor(options: PickerOptions) {
    this.#options = options
    this.#chosen = options.chosen
    const { label } = options
    const id = freshId('picker')
    this.#search = element('input', { type: 'search', 'aria-label': `Search in ${label}`, placeholder: 'Search' })
    this.#box = element(
      'div',
      { id, class: 'picker-box', role: 'group', 'aria-label': label, hidden: true },
      this.#search,
      this.#list,
    )
    this.#open = button(
      { class: 'control picker-open', 'aria-expanded': 'false', 'aria-controls': id },
      () => {
        this.#toggle(this.#box.hasAttribute('hidden'))
      },
      element('span', { class: 'control-label' }, label),
      this.#value,
      icon('down'),
    )
    this.root = element('div', { class: 'picker' }, this.#open, this.#box)
    this.#listen()
    this.#tell()
  }

  /** What may be chosen; `why`: it is not known. */
  offer(values: readonly string[], why = ''): void {
    this.#values = values
    this.#why = why
    if (!this.#box.hidden) this.#fill()
  }

  #listen(): void {
    this.#search.addEventListener('input', () => {
      this.#fill()
    })
    this.root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !this.#box.hidden) {
        this.#toggle(false)
        this.#open.focus()
      }
      if (event.key === 'Enter' && event.target === this.#search)
        this.#choose(this.#found()[0] ?? this.#search.value, true)
    })
    this.root.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.root.contains(relatedTarget)) this.#toggle(false)
    })
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !this.root.contains(target)) this.#toggle(false)
    })
  }

  #toggle(isOpen: boolean): void {
    if (this.#box.hidden === !isOpen) return
    this.#box.hidden = !isOpen
    this.#open.setAttribute('aria-expanded', String(isOpen))
    if (!isOpen) return
    this.#search.value = ''
    this.#fill()
    this.#search.focus()
  }

  /** Values that hold what was typed; chosen ones that are not there any more too. */
  #found(): readonly string[] {
    const wanted = this.#search.value.toLowerCase()
    const all = [...new Set([...this.#chosen, ...this.#values])]
    return all.filter((value) => value.toLowerCase().includes(wanted))
  }

  #fill(): void {
    const { hasAll } = this.#options
    const found = this.#found()
    const rows = found
      .slice(0, MAX_SHOWN)
      .map((value) => this.#choice(value, visibleText(value), this.#chosen.includes(value)))
    if (hasAll && this.#search.value === '') rows.unshift(this.#choice(null, 'All', this.#chosen.length === 0))
    const typed = this.#search.value
    if (typed !== '' && !found.includes(typed)) rows.push(this.#choice(typed, `Use “${typed}”`, false))
    if (found.length > MAX_SHOWN) rows.push(element('p', {}, `and ${found.length - MAX_SHOWN} more: search for them`))
    if (found.length === 0 && typed === '')
      rows.push(element('p', {}, this.#why === '' ? 'None in this time range.' : this.#why))
    this.#list.replaceChildren(...rows)
  }

  #choice(value: string | null, text: string, isChosen: boolean): HTMLElement {
    const tick = element('input', { type: 'checkbox', checked: isChosen })
    tick.addEventListener('change', () => {
      this.#choose(value, tick.checked)
    })
    return element('label', { class: 'choice' }, tick, element('span', {}, text))
  }

  #choose(value: string | null, isChosen: boolean): void {
    if (value === null || value === '') this.#chosen = []
    else if (!isChosen) this.#chosen = this.#chosen.filter((one) => one !== value)
    else this.#chosen = this.#options.isMulti ? [...this.#chosen.filter((one) => one !== value), value] : [value]
    this.#tell()
    const at = [...this.#list.querySelectorAll('input')].findIndex((one) => one === document.activeElement)
    this.#fill()
    // The list was made anew: the focus stays where it was.
    this.#list.querySelectorAll('input')[at]?.focus()
    this.#options.changed(this.#chosen)
  }

  #tell(): void {
    const [first, ...others] = this.#chosen
    const text = first === undefined ? 'All' : others.length === 0 ? first : `${first} +${others.length}`
    this.#value.textContent = visibleText(text)
  }
}
