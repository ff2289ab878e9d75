/** Colours live in page.css, one set for each theme; here they have only names. */
const NAMED: ReadonlySet<string> = new Set(['green', 'yellow', 'orange', 'red', 'blue', 'purple', 'text'])
const SERIES = 12

/** The custom property of a colour that a dashboard names, such as `semi-dark-orange` or `text`. */
const propertyOf = (name: string): string => {
  const plain = name.replace(/^(?:super-light|light|semi-dark|dark)-/, '')
  return NAMED.has(plain) ? `--${plain}` : '--text'
}

/** For the style of an element. */
export const colourOf = (name: string): string => (/^#[0-9a-f]{3,8}$/i.test(name) ? name : `var(${propertyOf(name)})`)

/** What a colour of `colourOf` is in the present theme: a canvas knows no custom properties. */
export const paintOf = (colour: string): string => {
  const probe = document.createElement('span')
  probe.style.color = colour
  document.body.append(probe)
  const paint = getComputedStyle(probe).color
  probe.remove()
  return paint
}

/** Gives each name a colour of its own while there are some left, and the same one at every refresh. */
export class Palette {
  readonly #known = new Map<string, number>()

  colourOf(name: string): string {
    const at = this.#known.get(name) ?? this.#known.size
    this.#known.set(name, at)
    return `var(--series-${at % SERIES})`
  }
}
