import type { Extraction, LabelChoice, LabelFormat, LineFilterOperator, LineMatch, Matcher, Stage } from './ast.ts'
import { readLabelFilter, readMatcherAfter } from './parse-label-filter.ts'
import { printStage } from './print-stage.ts'
import { stageProblem } from './stage-problem.ts'
import type { TokenReader } from './token-reader.ts'

const LINE_FILTERS: readonly LineFilterOperator[] = ['|=', '|~', '|>', '!=', '!~', '!>']

const isLineFilter = (kind: string): kind is LineFilterOperator => LINE_FILTERS.some((one) => one === kind)

/** `{a="b", c=~"d"}`, and whether it selects anything in particular is not asked yet. */
export const readSelector = (reader: TokenReader): readonly Matcher[] => {
  reader.expect('{')
  const matchers: Matcher[] = []
  if (reader.skip('}')) return matchers
  do {
    reader.count()
    const { from } = reader.peek()
    const name = matchers.length === 0 ? reader.name('}') : reader.name()
    matchers.push(readMatcherAfter(reader, name, from))
  } while (reader.skip(','))
  reader.expect('}', ',')
  return matchers
}

const readLineMatch = (reader: TokenReader): LineMatch => {
  if (!reader.skip('ip')) {
    if (!reader.is('STRING')) throw reader.unexpected(['STRING', 'ip'])
    return { kind: 'text', value: reader.take().text }
  }
  reader.expect('(')
  const value = reader.expect('STRING').text
  reader.expect(')')
  return { kind: 'ip', value }
}

const readLineFilter = (reader: TokenReader, op: LineFilterOperator): Bare => {
  const matches: LineMatch[] = []
  do {
    reader.count()
    matches.push(readLineMatch(reader))
  } while (reader.skip('or'))
  return { kind: 'line_filter', op, matches }
}

const readList = <T>(reader: TokenReader, read: () => T): readonly T[] => {
  const list: T[] = []
  do {
    reader.count()
    list.push(read())
  } while (reader.skip(','))
  return list
}

const readExtractions = (reader: TokenReader): readonly Extraction[] =>
  readList(reader, () => {
    const label = reader.name()
    return { label, expression: reader.skip('=') ? reader.expect('STRING').text : label }
  })

const readLogfmt = (reader: TokenReader): Bare => {
  const flags: string[] = []
  while (reader.is('FUNCTION_FLAG')) flags.push(reader.take().text)
  const extractions = reader.is('IDENTIFIER') ? readExtractions(reader) : []
  return { kind: 'logfmt', strict: flags.includes('--strict'), keepEmpty: flags.includes('--keep-empty'), extractions }
}

const readLabelFormat = (reader: TokenReader): LabelFormat => {
  const to = reader.name()
  reader.expect('=')
  if (reader.is('STRING')) return { kind: 'template', to, template: reader.take().text }
  return { kind: 'rename', to, from: reader.name('STRING') }
}

const readChoice = (reader: TokenReader): LabelChoice => {
  const { from } = reader.peek()
  const name = reader.name()
  return { name, matcher: reader.is('=', '!=', '=~', '!~') ? readMatcherAfter(reader, name, from) : null }
}

/** A stage without its place in the query. */
type Bare = Stage extends infer S ? (S extends Stage ? Omit<S, 'from' | 'to'> : never) : never

const READERS: Readonly<Record<string, (reader: TokenReader) => Bare>> = {
  json: (reader) => ({ kind: 'json', extractions: reader.is('IDENTIFIER') ? readExtractions(reader) : [] }),
  logfmt: readLogfmt,
  regexp: (reader) => ({ kind: 'regexp', pattern: reader.expect('STRING').text }),
  pattern: (reader) => ({ kind: 'pattern', pattern: reader.expect('STRING').text }),
  unpack: () => ({ kind: 'unpack' }),
  line_format: (reader) => ({ kind: 'line_format', template: reader.expect('STRING').text }),
  label_format: (reader) => ({ kind: 'label_format', formats: readList(reader, () => readLabelFormat(reader)) }),
  decolorize: () => ({ kind: 'decolorize' }),
  drop: (reader) => ({ kind: 'drop', choices: readList(reader, () => readChoice(reader)) }),
  keep: (reader) => ({ kind: 'keep', choices: readList(reader, () => readChoice(reader)) }),
}

const readBareStage = (reader: TokenReader): Bare => {
  const { kind } = reader.peek()
  if (isLineFilter(kind)) {
    reader.take()
    return readLineFilter(reader, kind)
  }
  reader.expect('|')
  const keyword = reader.peek().kind
  const read = Object.hasOwn(READERS, keyword) ? READERS[keyword] : undefined
  if (read === undefined && !reader.is('IDENTIFIER', '(')) throw reader.unexpected([])
  if (read === undefined) return { kind: 'label_filter', filter: readLabelFilter(reader) }
  reader.take()
  return read(reader)
}

/**
 * Line filters that nothing changing the line stands between are one stage to Loki, before the others; they are named
 * together, and the last mistake is told.
 */
const checkLineFilters = (reader: TokenReader, stages: readonly Stage[]): void => {
  let filters: Stage[] = []
  const check = (): void => {
    const printed = filters.map((filter) => printStage(filter)).join(' ')
    const problems = filters.flatMap((filter) => stageProblem(filter, printed) ?? [])
    const last = problems.at(-1)
    if (last !== undefined) reader.refuseLater(last, filters[0]?.from ?? 0)
    filters = []
  }
  for (const stage of stages) {
    if (stage.kind === 'line_filter') filters.push(stage)
    if (stage.kind === 'line_format' || stage.kind === 'unpack') check()
  }
  check()
}

/** The stages up to an unwrap, a range or the end; each one checked as Loki checks it while it parses. */
export const readStages = (reader: TokenReader): readonly Stage[] => {
  const stages: Stage[] = []
  while (reader.is(...LINE_FILTERS) || (reader.is('|') && reader.peek(1).kind !== 'unwrap')) {
    reader.count()
    const { from } = reader.peek()
    const stage = { ...readBareStage(reader), ...reader.spanFrom(from) }
    const problem = stage.kind === 'line_filter' ? null : stageProblem(stage)
    // These two are checked at once, the others when all is read.
    if (problem !== null && (stage.kind === 'regexp' || stage.kind === 'pattern')) throw reader.refuse(problem, from)
    if (problem !== null) reader.refuseLater(problem, from)
    stages.push(stage)
  }
  checkLineFilters(reader, stages)
  return stages
}
