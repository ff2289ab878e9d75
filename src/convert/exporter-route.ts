import { compileGoRegExp } from '../regexp/go-regexp.ts'
import { all, ALWAYS, any, NEVER, not, type Condition } from './condition.ts'
import { at, textAt, type Value } from './exporter-file.ts'
import type { Report } from './finding.ts'

/** Fields of a rule (pkg/exporter/rule.go), and the name of the text of the event that each looks at. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['message', 'message'],
  ['apiVersion', 'object_api_version'],
  ['kind', 'object_kind'],
  ['namespace', 'event_namespace'],
  ['reason', 'reason'],
  ['type', 'type'],
  ['component', 'component'],
  ['host', 'host'],
])

const LOOKED_UP =
  'labels and annotations of the involved object are not looked up; events that they would have kept out get through'
const BAD_PATTERN = 'the pattern does not compile, so it never matched; it is taken so here too'
const NO_FIELD = 'it is no field of a rule, and was never looked at'

type Judge = {
  readonly report: Report
  /** What a condition that cannot be told is taken for: what lets more events through. */
  readonly unknown: Condition
}

const fieldCondition = (name: string, pattern: Value, report: Report): Condition => {
  const text = pattern.text ?? ''
  if (text === '') return ALWAYS
  const compiled = compileGoRegExp(text)
  if (compiled.kind === 'ok') return { kind: 'matches', name, pattern: text }
  report({
    line: pattern.line,
    where: `route: ${JSON.stringify(text)}`,
    what: `${BAD_PATTERN} (${compiled.why})`,
    leftOut: false,
  })
  return NEVER
}

const countCondition = (value: Value, report: Report): Condition => {
  const number = /^\d{1,10}$/.test(value.text ?? '') ? Number(value.text) : 0
  if (number === 0) return ALWAYS
  const what = 'repeats are sent too, so an event gets through when it has come to that count'
  report({ line: value.line, where: 'route: minCount', what, leftOut: false })
  return { kind: 'at least', name: 'count', number }
}

/** All fields of a rule must match, each anywhere in its text. */
const ruleCondition = (rule: Value, { report, unknown }: Judge): Condition => {
  const parts: Condition[] = []
  for (const [key, value] of rule.keys) {
    const name = FIELDS.get(key)
    if (name !== undefined) parts.push(fieldCondition(name, value, report))
    else if (key === 'minCount') parts.push(countCondition(value, report))
    else if (key === 'labels' || key === 'annotations') {
      if (value.keys.size === 0) continue
      report({ line: value.line, where: `route: ${key}`, what: LOOKED_UP, leftOut: true })
      parts.push(unknown)
    } else if (key !== 'receiver') report({ line: value.line, where: `route: ${key}`, what: NO_FIELD, leftOut: false })
  }
  return all(parts)
}

/**
 * When an event reaches a receiver through a route (pkg/exporter/route.go): no `drop` rule matches, and a `match` rule
 * that names the receiver does; or all `match` rules match and one of the routes inside lets it through.
 */
export const delivered = (route: Value, receiver: string, report: Report): Condition => {
  const drops = at(route, 'drop').items.map((rule) => ruleCondition(rule, { report, unknown: NEVER }))
  const rules = at(route, 'match').items.map((rule) => ({
    condition: ruleCondition(rule, { report, unknown: ALWAYS }),
    receiver: textAt(rule, 'receiver'),
  }))
  const direct = rules.filter((rule) => rule.receiver === receiver).map(({ condition }) => condition)
  const below = any(at(route, 'routes').items.map((inner) => delivered(inner, receiver, report)))
  const descended = all([...rules.map(({ condition }) => condition), below])
  return all([not(any(drops)), any([...direct, descended])])
}

/** Names of receivers in a route, with the line of the first mention. */
export const receiversIn = (route: Value): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const rule of at(route, 'match').items) {
    const { text, line } = at(rule, 'receiver')
    if (text !== null && text !== '' && !found.has(text)) found.set(text, line)
  }
  for (const inner of at(route, 'routes').items) {
    for (const [name, line] of receiversIn(inner)) if (!found.has(name)) found.set(name, line)
  }
  return found
}
