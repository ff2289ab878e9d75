import { HEARTBEAT_JOB, INDEX_LABELS, OWNER_NAMES } from '../entry/names.ts'
import type { LogQuery } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { rangesOf, type RangeQuery } from './query-parts.ts'
import { selectorEnd } from './selector-end.ts'

const [, OWNER_NAME] = OWNER_NAMES
/** Where no owner is known, the object stands for itself. */
const OWNER_STAGE = `| label_format ${OWNER_NAME}=\`{{ or .${OWNER_NAME} .name }}\``
/** A text in quotes, which stays, or the labels of a grouping or matching. */
const TEXT_OR_LABELS = /"(?:[^"\\]|\\.)*"|`[^`]*`|\b(by|on|group_left|group_right)(\s*)\(([\w\s,]*)\)/g

const isOfAgent = ({ matchers }: LogQuery): boolean =>
  matchers.some(({ name, op, value }) => name === INDEX_LABELS[0] && op === '=' && value === HEARTBEAT_JOB)

const stagePlace = (expr: string, { log: { from, stages } }: RangeQuery): number =>
  stages.at(-1)?.to ?? selectorEnd(expr, from)

const regrouped = (expr: string): string =>
  expr.replace(TEXT_OR_LABELS, (found: string, word?: string, space?: string, labels?: string) =>
    word === undefined || labels === undefined
      ? found
      : `${word}${space ?? ''}(${labels.replace(/\bname\b/, OWNER_NAME)})`,
  )

/**
 * The same query by the owner of the involved object instead of the object: a Deployment is one alert, however many of
 * its pods fail. For entries of an agent with `enrich: {owners: true}`. A query that does not group by `name`, and a text
 * that is no query for numbers, are answered unchanged.
 */
export const byOwner = (expr: string): string => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log' || regrouped(expr) === expr) return expr
  const places = rangesOf(parsed.query)
    .filter(({ log }) => !isOfAgent(log))
    .map((range) => stagePlace(expr, range))
  // From the end, so that what is in front does not move.
  const staged = places
    .sort((a, b) => b - a)
    .reduce((text, at) => `${text.slice(0, at)} ${OWNER_STAGE} ${text.slice(at).trimStart()}`, expr)
  return regrouped(staged)
}

/** What an annotation says of the object it says of the owner, and so do its links. */
export const annotationByOwner = (text: string): string =>
  text.replace(/\$labels\.name\b/g, () => `$labels.${OWNER_NAME}`).replaceAll('| name=%q', `| ${OWNER_NAME}=%q`)
