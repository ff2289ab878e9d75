import { badRequest, type ApiStatus } from './api-status.ts'
import { decodeTail, type EventObject } from './event-object.ts'

/** Tells whether the JSON of an event (`encodeTail`) is selected; null: every one is. */
export type EventSelector = ((tail: string) => boolean) | null

type Requirement = { readonly field: string; readonly equal: boolean; readonly value: string }

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const part = (event: EventObject, object: string, field: string): string => {
  const value = event[object]
  if (typeof value !== 'object' || value === null) return ''
  return Object.hasOwn(value, field) ? text((value as Record<string, unknown>)[field]) : ''
}

const involved = (field: string) => (event: EventObject) => part(event, 'involvedObject', field)

/** The selectable fields of a core/v1 Event (pkg/registry/core/event/strategy.go). */
const FIELDS: ReadonlyMap<string, (event: EventObject) => string> = new Map([
  ['metadata.name', (event: EventObject) => event.metadata.name],
  ['metadata.namespace', (event: EventObject) => event.metadata.namespace],
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (field) => [`involvedObject.${field}`, involved(field)] as const,
  ),
  ['reason', (event: EventObject) => text(event['reason'])],
  ['type', (event: EventObject) => text(event['type'])],
  ['reportingComponent', (event: EventObject) => text(event['reportingComponent'])],
  ['source', (event: EventObject) => part(event, 'source', 'component') || text(event['reportingComponent'])],
])

const requirements = (selector: string): readonly Requirement[] | string => {
  const all: Requirement[] = []
  for (const term of selector.split(',').filter((each) => each.trim() !== '')) {
    const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/s.exec(term)
    if (match === null) return term
    all.push({ field: match[1] ?? '', equal: match[2] !== '!=', value: match[3] ?? '' })
  }
  return all
}

const fieldTests = (selector: string): ((event: EventObject) => boolean)[] | ApiStatus => {
  const wanted = requirements(selector)
  if (typeof wanted === 'string') {
    return badRequest(`invalid selector: '${selector}'; can't understand '${wanted}'`)
  }
  const tests: ((event: EventObject) => boolean)[] = []
  for (const { field, equal, value } of wanted) {
    const read = FIELDS.get(field)
    if (read === undefined) return badRequest(`field label not supported: ${field}`)
    tests.push((event) => (read(event) === value) === equal)
  }
  return tests
}

/** Equality only: `name=value`, `==`, `!=` and a bare name (exists); sets are refused. */
const labelTests = (selector: string): ((event: EventObject) => boolean)[] | ApiStatus => {
  const tests: ((event: EventObject) => boolean)[] = []
  for (const term of selector.split(',').filter((each) => each.trim() !== '')) {
    const match = /^\s*([A-Za-z0-9./_-]+)\s*(?:(==|=|!=)\s*([A-Za-z0-9._-]*))?\s*$/.exec(term)
    if (match === null)
      return badRequest(`unable to parse requirement: found '${term.trim()}', expected: '=', '!=', '=='`)
    const [, name = '', operator, value = ''] = match
    tests.push(({ metadata: { labels = {} } }) => {
      const found = Object.hasOwn(labels, name) ? labels[name] : undefined
      if (operator === undefined) return found !== undefined
      return (found === value) === (operator !== '!=')
    })
  }
  return tests
}

/** Compiles `fieldSelector` and `labelSelector`, or answers the 400 of kube-apiserver. */
export const compileSelector = (fieldSelector: string, labelSelector: string): EventSelector | ApiStatus => {
  const fields = fieldTests(fieldSelector)
  if (!Array.isArray(fields)) return fields
  const labels = labelTests(labelSelector)
  if (!Array.isArray(labels)) return labels
  const tests = [...fields, ...labels]
  if (tests.length === 0) return null
  return (tail) => {
    const event = decodeTail(tail)
    return tests.every((test) => test(event))
  }
}
