import type { Panel } from './dashboard.ts'
import { element } from './dom.ts'
import { optionText, type View } from './view.ts'

/** A text as it is written: neither HTML nor Markdown is interpreted. */
export const textView = (panel: Panel): View => {
  const paragraphs = optionText(panel.options, 'content').split(/\n{2,}/)
  const root = element('div', { class: 'scroll text' }, ...paragraphs.map((text) => element('p', {}, text)))
  return { root, table: null, draw: () => undefined }
}
