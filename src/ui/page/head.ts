import { writeAddress, type Address } from './address.ts'
import type { Listed, Status } from './app.ts'
import { drawing, element } from './dom.ts'
import { themeButton } from './theme.ts'

export type HeadContent = {
  readonly status: Status
  readonly listed: readonly Listed[]
  readonly address: Address
  /** The theme changed. */
  readonly repainted: () => void
}

const mark = (): SVGElement =>
  drawing(
    'svg',
    { viewBox: '0 0 32 32', class: 'mark', 'aria-hidden': 'true', focusable: 'false' },
    ...[
      ['#f2994a', 'M16 27 6 9'],
      ['#f2c94c', 'M16 27 12 6'],
      ['#6fcf97', 'm16 27 4-21'],
      ['#56ccf2', 'm16 27 10-18'],
    ].map(([stroke = '', d = '']) =>
      drawing('path', { d, stroke, 'stroke-width': 3.4, 'stroke-linecap': 'round', fill: 'none' }),
    ),
  )

/** The name of a dashboard without what all of them have in common. */
const shortTitle = (title: string): string => title.replace(/^.* \/ /, '')

let toggle: HTMLElement | null = null
let repaint = (): void => undefined

/** Where one is, where else one can go, and the theme. */
export const head = ({ status, listed, address, repainted }: HeadContent): void => {
  repaint = repainted
  toggle ??= themeButton(() => {
    repaint()
  })
  const isExplore = address.expr !== null
  const links = listed.map(({ uid, title }) => {
    const isHere = !isExplore && uid === address.dashboard
    const href = writeAddress({ ...address, dashboard: uid, expr: null })
    return element('a', { href, title, ...(isHere && { 'aria-current': 'page' }) }, shortTitle(title))
  })
  const explore = element(
    'a',
    { href: writeAddress({ ...address, expr: address.expr ?? '' }), ...(isExplore && { 'aria-current': 'page' }) },
    'LogQL',
  )
  const place = document.getElementById('head')
  place?.replaceChildren(
    element('a', { class: 'brand', href: '/' }, mark(), 'Eventail'),
    element('nav', { 'aria-label': 'Dashboards' }, ...links, explore),
    element('span', { class: 'source', title: `Loki at ${status.loki}` }, status.loki),
    toggle,
  )
}
