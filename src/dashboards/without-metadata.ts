import type { LogQuery, MetricQuery, Span, Stage } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { rangesOf } from '../rules/query-parts.ts'
import { withoutMetadata as ruleWithoutMetadata } from '../rules/without-metadata.ts'
import { fieldOf, isObject, type Json } from './json.ts'
import { withStandIns } from './stand-ins.ts'

const COUNTED = 'sum(count_over_time('
const WINDOW = ' [1s]))'

const isLogQuery = (text: string): boolean => {
  const parsed = parseQuery(text)
  return parsed.kind === 'ok' && parsed.query.kind === 'log'
}

type LogfmtStage = Extract<Stage, { readonly kind: 'logfmt' }>

const takesNames = (stage: Stage): stage is LogfmtStage => stage.kind === 'logfmt' && stage.extractions.length > 0

/** Parts of a text by others, from the end, so that what is in front does not move. */
const replaced = (text: string, parts: readonly (Span & { readonly by: string })[]): string =>
  parts
    .toSorted((a, b) => b.from - a.from)
    .reduce((all, { from, to, by }) => `${all.slice(0, from)}${by}${all.slice(to)}`, text)

/** Two parsers of a query for lines as one: what the second one takes from the line, the first one takes, too. */
const inOneParser = (text: string, { stages }: LogQuery): string => {
  const [first, second] = stages.filter(takesNames)
  if (first === undefined || second === undefined) return text
  const names = [first, second].flatMap(({ extractions }) => extractions.map(({ label }) => label))
  const before = text.slice(0, second.from).trimEnd().length
  return replaced(text, [
    { ...first, by: `| logfmt ${names.join(', ')}` },
    { from: before, to: second.to, by: '' },
  ])
}

/**
 * Loki (seen in 3.7) stops at the first of the names of `| logfmt a, b` that a line has, when a query for numbers needs
 * no other label. Without names it takes those that the query needs.
 */
const withAllNames = (text: string, query: MetricQuery): string => {
  const several = rangesOf(query).flatMap(({ log }) => log.stages.filter(takesNames))
  const parts = several.filter(({ extractions }) => extractions.length > 1)
  return replaced(
    text,
    parts.map(({ from, to }) => ({ from, to, by: '| logfmt' })),
  )
}

const mended = (text: string): string => {
  const parsed = parseQuery(text)
  if (parsed.kind === 'error') return text
  return parsed.query.kind === 'log' ? inOneParser(text, parsed.query) : withAllNames(text, parsed.query)
}

/**
 * The same query of a dashboard for entries without structured metadata: as for rules, but variables may stand for
 * durations, and it may ask for lines. What is no LogQL stays as it is.
 */
export const withoutMetadata = (expr: string): string =>
  withStandIns(expr, (masked) => {
    const rewritten = isLogQuery(masked)
      ? ruleWithoutMetadata(`${COUNTED}${masked}${WINDOW}`).slice(COUNTED.length, -WINDOW.length)
      : ruleWithoutMetadata(masked)
    return rewritten === masked ? masked : mended(rewritten)
  })

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
