import { HEARTBEAT_JOB, METADATA_NAMES } from '../entry/names.ts'
import type { LabelFilter, LogQuery, MetricQuery, Stage } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { templateFields } from '../logql/stage-format.ts'
import { comparisonsOf, nameOf, partsOf, rangesOf, type RangeQuery } from './query-parts.ts'
import { selectorEnd } from './selector-end.ts'

const namesInFilter = (filter: LabelFilter): readonly string[] => comparisonsOf(filter).map(nameOf)

const namesInStage = (stage: Stage): readonly string[] => {
  if (stage.kind === 'label_filter') return namesInFilter(stage.filter)
  if (stage.kind === 'line_format') return templateFields('line', stage.template)
  if (stage.kind === 'drop' || stage.kind === 'keep') return stage.choices.map(({ name }) => name)
  if (stage.kind !== 'label_format') return []
  return stage.formats.flatMap((format) =>
    format.kind === 'rename' ? [format.from] : templateFields('label', format.template),
  )
}

const namesInPart = (part: MetricQuery): readonly string[] => {
  switch (part.kind) {
    case 'range': {
      const { log, unwrap, grouping } = part
      const unwrapped = unwrap === null ? [] : [unwrap.label, ...unwrap.filters.flatMap(namesInFilter)]
      return [...log.stages.flatMap(namesInStage), ...unwrapped, ...(grouping?.labels ?? [])]
    }
    case 'vector':
      return part.grouping?.labels ?? []
    case 'binary':
      return [...(part.matching?.labels ?? []), ...(part.matching?.include ?? [])]
    case 'label_replace':
      return [part.source]
    case 'number':
    case 'vector_of':
      return []
  }
}

/**
 * In front of everything that may need a label, behind line filters, which are cheap. What is filtered behind the range
 * stays there, because Loki knows no query with stages on both sides of it.
 */
const parserPlace = (text: string, { log: { from, stages }, unwrap }: RangeQuery): number => {
  const reading = stages.findIndex((stage) => stage.kind !== 'line_filter')
  const before = reading < 0 ? stages.at(-1) : stages[reading - 1]
  if (before !== undefined) return before.to
  const end = selectorEnd(text, from)
  if (stages.length > 0) return stages[0]?.from ?? end
  return unwrap === null ? end : text.indexOf('|', end)
}

const inserted = (text: string, at: number, stage: string): string =>
  text[at] === '|' ? `${text.slice(0, at)}${stage} ${text.slice(at)}` : `${text.slice(0, at)} ${stage}${text.slice(at)}`

const isOfAgent = ({ matchers }: LogQuery): boolean =>
  matchers.some(({ name, op, value }) => name === 'job' && op === '=' && value === HEARTBEAT_JOB)

/**
 * The same query for entries without structured metadata: names of metadata that it uses are read from the line, which
 * has them in any case. The text is left as it is otherwise. `expr` must be a query for numbers; another text is
 * answered unchanged.
 */
export const withoutMetadata = (expr: string): string => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') return expr
  const used = new Set(partsOf(parsed.query).flatMap(namesInPart))
  const names = METADATA_NAMES.filter((name) => used.has(name))
  if (names.length === 0) return expr
  const places = rangesOf(parsed.query)
    .filter(({ log }) => !isOfAgent(log))
    .map((range) => parserPlace(expr, range))
  // From the end, so that what is in front does not move.
  return places.sort((a, b) => b - a).reduce((text, at) => inserted(text, at, `| logfmt ${names.join(', ')}`), expr)
}

const METADATA_FILTER = new RegExp(`\\} \\| (?=(?:${METADATA_NAMES.join('|')})(?:=|!=|=~|!~))`, 'g')

/** Queries for lines within the text of an annotation, such as a link to Explore. */
export const linksWithoutMetadata = (text: string): string => text.replace(METADATA_FILTER, '} | logfmt | ')
