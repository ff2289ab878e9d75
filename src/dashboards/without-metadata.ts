import { parseQuery } from '../logql/parse.ts'
import { logsOf } from '../rules/query-parts.ts'
import { withoutMetadata as ruleWithoutMetadata } from '../rules/without-metadata.ts'
import { fieldOf, isObject, type Json } from './json.ts'

/** Grafana's variables that stand for a duration. */
const DURATION = /\$(?:\{(__auto|__interval|__rate_interval|__range)\}|(__auto|__interval|__rate_interval|__range)\b)/g

/** Odd enough that no query has it; each occurrence gets one of its own. */
const standIn = (index: number): string => `${98_765_432_000 + index}ms`

const COUNTED = 'sum(count_over_time('
const WINDOW = ' [1s]))'

const isLogQuery = (text: string): boolean => {
  const parsed = parseQuery(text)
  return parsed.kind === 'ok' && parsed.query.kind === 'log'
}

/** Two parsers of a query as one: what the second one takes from the line, the first one takes, too. */
const inOneParser = (text: string): string => {
  const parsed = parseQuery(text)
  if (parsed.kind === 'error') return text
  const pairs = logsOf(parsed.query).flatMap(({ stages }) => {
    const [first, second] = stages.filter((stage) => stage.kind === 'logfmt' && stage.extractions.length > 0)
    return first === undefined || second === undefined ? [] : [{ first, second }]
  })
  // From the end, so that what is in front does not move.
  return pairs.toReversed().reduce((all, { first, second }) => {
    const names = all.slice(second.from, second.to).replace(/^\|\s*logfmt\s*/, '')
    return `${all.slice(0, first.to)}, ${names}${all.slice(first.to, second.from).trimEnd()}${all.slice(second.to)}`
  }, text)
}

/**
 * The same query of a dashboard for entries without structured metadata: as for rules, but variables may stand for
 * durations, and it may ask for lines. What is no LogQL stays as it is.
 */
export const withoutMetadata = (expr: string): string => {
  const variables: string[] = []
  const masked = expr.replace(DURATION, (variable) => standIn(variables.push(variable) - 1))
  const rewritten = isLogQuery(masked)
    ? ruleWithoutMetadata(`${COUNTED}${masked}${WINDOW}`).slice(COUNTED.length, -WINDOW.length)
    : ruleWithoutMetadata(masked)
  const whole = rewritten === masked ? masked : inOneParser(rewritten)
  return variables.reduce((text, variable, index) => text.replace(standIn(index), () => variable), whole)
}

/** A JSON value in which every `expr` was rewritten; of panels and annotations for other data sources nothing changes. */
export const rewritten = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(rewritten)
  if (!isObject(value)) return value
  const expr = fieldOf(value, 'expr')
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value).map(([key, field]) =>
    key === 'expr' && typeof expr === 'string' ? [key, withoutMetadata(expr)] : [key, rewritten(field)],
  )
  return Object.fromEntries(entries) satisfies Json
}
