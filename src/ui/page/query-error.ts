import type { PageResult } from '../page-query.ts'
import { element } from './dom.ts'
import { visibleText } from './visible-text.ts'

type QueryFailure = Extract<PageResult, { kind: 'error' }>

/** A query with the part that an error is about, and the message below it. */
export const errorIn = (expr: string, { message, span }: QueryFailure): HTMLElement => {
  const text = element('p', { class: 'error-text' }, visibleText(message))
  if (span === null) return element('div', { class: 'error', role: 'alert' }, text)
  const { from, to } = span
  // At the end there is nothing to mark but the place.
  const marked = from === to ? '\u00a0' : visibleText(expr.slice(from, to))
  const query = element(
    'pre',
    { class: 'error-query' },
    visibleText(expr.slice(0, from)),
    element('mark', {}, marked),
    visibleText(expr.slice(to)),
  )
  return element('div', { class: 'error', role: 'alert' }, text, query)
}
