export type Attributes = Readonly<Record<string, string | number | boolean>>
export type Child = Node | string

const fill = <E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '')
    else if (value !== false) made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/** An element with attributes and children; texts become text nodes, whatever is in them. `false` leaves out. */
export const element = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), attributes, children)

const SVG = 'http://www.w3.org/2000/svg'

export const drawing = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] => fill(document.createElementNS(SVG, tag), attributes, children)

/** A button that only does something on this page. */
export const button = (
  attributes: Attributes,
  pressed: () => void,
  ...children: readonly Child[]
): HTMLButtonElement => {
  const made = element('button', { type: 'button', ...attributes }, ...children)
  made.addEventListener('click', pressed)
  return made
}

/** Text that only a screen reader gives. */
export const unseen = (text: string): HTMLElement => element('span', { class: 'unseen' }, text)

let made = 0

/** An id that no other element has. */
export const freshId = (kind: string): string => {
  made += 1
  return `${kind}-${made}`
}

const ICONS = {
  info: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 5v.01M8 7.2v3.6',
  table: 'M2 3h12v10H2zM2 6.3h12M2 9.7h12M6.5 3v10',
  refresh: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.8v3h-3',
  live: 'M5.5 3.5v9l7-4.500z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  down: 'm4 6 4 4 4-4',
} as const

/** A sign that says nothing by itself: its button has a label. */
export const icon = (name: keyof typeof ICONS): SVGElement =>
  drawing(
    'svg',
    { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    drawing('path', { d: ICONS[name] }),
  )

/** Tells a screen reader something that changed elsewhere. */
export const say = (text: string): void => {
  const place = document.getElementById('said')
  if (place !== null && place.textContent !== text) place.textContent = text
}
