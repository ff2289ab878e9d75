import type { Panel } from './dashboard.ts'
import { empty } from './empty.ts'
import { element } from './dom.ts'
import type { View } from './view.ts'

/** A panel of a kind that only Grafana draws. */
export const unknownView = (panel: Panel): View => {
  const root = element('div', {}, empty(`This page does not draw a panel of type ${panel.type}; Grafana does.`))
  return { root, table: null, draw: () => undefined }
}
