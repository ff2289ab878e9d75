import { closest } from './closest.ts'
import type { Wrong } from './decoder.ts'
import { checkedText } from './scalars.ts'

/** The fields by which the API server selects events (pkg/registry/core/event/strategy.go); it answers 400 to others. */
const EVENT_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (it) => `involvedObject.${it}`,
  ),
  'reason',
  'reportingComponent',
  'source',
  'type',
]

const EXPECTED_FIELDS = 'a field selector such as type!=Normal,involvedObject.kind=Pod'

const fieldTerm = (term: string): Wrong | null => {
  const match = /^([^=!]+)(?:==|=|!=)/.exec(term)
  if (match === null) return { code: 'BAD_VALUE', expected: EXPECTED_FIELDS }
  const field = match[1] ?? ''
  if (EVENT_FIELDS.includes(field)) return null
  const meant = closest(field, EVENT_FIELDS)
  const hint = meant === null ? `events are selected by ${EVENT_FIELDS.join(', ')}` : `did you mean \`${meant}\`?`
  return { code: 'BAD_VALUE', expected: EXPECTED_FIELDS, hint }
}

/** The first term that `check` finds fault with; a comma may be escaped, as the API server has it. */
const firstWrong = (selector: string, check: (term: string) => Wrong | null): Wrong | null => {
  for (const term of selector.split(/(?<!\\),/)) {
    const bad = term.trim() === '' ? null : check(term.trim())
    if (bad !== null) return bad
  }
  return null
}

/** `field_selector`: passed on as it is, after a look at its fields. */
export const fieldSelector = checkedText(EXPECTED_FIELDS, (selector) => firstWrong(selector, fieldTerm))

const EXPECTED_LABELS = 'a label selector such as app=web,tier in (a, b),!canary'
const LABEL_TERM = /^!?[\w./-]+$|^[\w./-]+\s*(?:=|==|!=|<|>)\s*[\w.-]*$|^[\w./-]+\s+(?:not)?in\s*\([\w.,\s-]*\)$/

/** `label_selector`: passed on as it is, after a look at its form. */
export const labelSelector = checkedText(EXPECTED_LABELS, (selector) => {
  // The commas of a set do not separate terms.
  const terms = selector.replaceAll(/\([^()]*\)/g, (set) => set.replaceAll(',', ' '))
  return firstWrong(terms, (term) => (LABEL_TERM.test(term) ? null : { code: 'BAD_VALUE', expected: EXPECTED_LABELS }))
})
