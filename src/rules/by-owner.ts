import { HEARTBEAT_JOB, INDEX_LABELS, OWNER_NAMES } from '../entry/names.ts'
import type { LogQuery } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { rangesOf, type RangeQuery } from './query-parts.ts'
import { selectorEnd } from './selector-end.ts'

const [OWNER_KIND, OWNER_NAME] = OWNER_NAMES

/** A label of the object, and that of its owner which takes its place. */
type Renamed = readonly (readonly [label: string, owners: string])[]

const NAME: Renamed = [['name', OWNER_NAME]]
/** What a table shows of an object. */
export const KIND_AND_NAME: Renamed = [['kind', OWNER_KIND], ...NAME]

/** Where no owner is known, the object stands for itself. */
const ownerStage = (renamed: Renamed): string =>
  `| label_format ${renamed.map(([label, owners]) => `${owners}=\`{{ or .${owners} .${label} }}\``).join(', ')}`

/** A text in quotes, which stays, or the labels of a grouping or matching. */
const TEXT_OR_LABELS = /"(?:[^"\\]|\\.)*"|`[^`]*`|\b(by|on|group_left|group_right)(\s*)\(([\w\s,]*)\)/g

const isOfAgent = ({ matchers }: LogQuery): boolean =>
  matchers.some(({ name, op, value }) => name === INDEX_LABELS[0] && op === '=' && value === HEARTBEAT_JOB)

const stagePlace = (expr: string, { log: { from, stages } }: RangeQuery): number =>
  stages.at(-1)?.to ?? selectorEnd(expr, from)

const relabelled = (labels: string, renamed: Renamed): string =>
  /\bname\b/.test(labels)
    ? renamed.reduce((text, [label, owners]) => text.replace(new RegExp(`\\b${label}\\b`), owners), labels)
    : labels

const regrouped = (expr: string, renamed: Renamed): string =>
  expr.replace(TEXT_OR_LABELS, (found: string, word?: string, space?: string, labels?: string) =>
    word === undefined || labels === undefined ? found : `${word}${space ?? ''}(${relabelled(labels, renamed)})`,
  )

/**
 * The same query by the owner of the involved object instead of the object: a Deployment is one alert, however many of
 * its pods fail. For entries of an agent with `enrich: {owners: true}`. A query that does not group by `name`, and a text
 * that is no query for numbers, are answered unchanged.
 */
export const byOwner = (expr: string, renamed: Renamed = NAME): string => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log' || regrouped(expr, renamed) === expr) return expr
  const stage = ownerStage(renamed)
  const places = rangesOf(parsed.query)
    .filter(({ log }) => !isOfAgent(log))
    .map((range) => stagePlace(expr, range))
  // From the end, so that what is in front does not move.
  const staged = places
    .sort((a, b) => b - a)
    .reduce((text, at) => `${text.slice(0, at)} ${stage} ${text.slice(at).trimStart()}`, expr)
  return regrouped(staged, renamed)
}

/** What an annotation says of the object it says of the owner, and so do its links. */
export const annotationByOwner = (text: string): string =>
  text.replace(/\$labels\.name\b/g, () => `$labels.${OWNER_NAME}`).replaceAll('| name=%q', `| ${OWNER_NAME}=%q`)
