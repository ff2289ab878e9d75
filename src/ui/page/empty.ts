import { element } from './dom.ts'

/** What stands where nothing was found. */
export const empty = (why = 'Nothing of this in the time range.'): HTMLElement => element('p', { class: 'empty' }, why)
