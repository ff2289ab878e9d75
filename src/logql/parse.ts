import type { BinaryOperator, Matcher, Matching, MetricQuery, ParsedQuery, Query, QueryProblem } from './ast.ts'
import { selectionProblem } from './check-query.ts'
import { numberLater, readLiteral } from './parse-label-filter.ts'
import { rangeOperator, readNames, readRange, readVector, vectorOperator } from './parse-metric.ts'
import { readSelector, readStages } from './parse-stages.ts'
import { anchoredPlain, compileRegExp } from './regexp.ts'
import { QueryError, TokenReader } from './token-reader.ts'

/**
 * The parser of LogQL: precedence climbing after Loki's grammar (pkg/logql/syntax, expr.y). It is written by hand,
 * because what is refused, and with which words, is part of what rules and Grafana see, and the known grammars for
 * JavaScript serve editors: they accept unfinished queries, take keywords in one case only and know a range in one of
 * its places, so most of the work would be to rewrite before and to refuse after.
 */

/** Longest query in UTF-16 units. */
const MAX_QUERY_LENGTH = 65_536

const STRENGTH: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}

const isBinary = (kind: string): kind is BinaryOperator => Object.hasOwn(STRENGTH, kind)

const readMatching = (reader: TokenReader): Matching | null => {
  if (!reader.is('on', 'ignoring')) return null
  const on = reader.take().kind === 'on'
  const labels = readNames(reader)
  if (!reader.is('group_left', 'group_right')) return { on, labels, group: 'one-to-one', include: [] }
  const group = reader.take().kind === 'group_left' ? 'group_left' : 'group_right'
  // `group_left (a)` takes a label over, `group_left (vector(1))` begins the right side.
  const hasList = reader.is('(') && reader.peek(1).kind === 'IDENTIFIER'
  const hasEmptyList = reader.is('(') && reader.peek(1).kind === ')'
  return { on, labels, group, include: hasList || hasEmptyList ? readNames(reader) : [] }
}

const SETS: readonly BinaryOperator[] = ['or', 'and', 'unless']

/** Both sides must be numbers of series, and those of set operations series. */
const sides = (
  reader: TokenReader,
  op: BinaryOperator,
  [left, right]: readonly [Query, Query],
): readonly [MetricQuery, MetricQuery] => {
  const wrong = (side: string, query: Query): QueryError =>
    reader.refuse(
      `unexpected type for ${side} leg of binary operation (${op}): *syntax.${
        query.kind === 'log' && query.stages.length > 0 ? 'PipelineExpr' : 'MatchersExpr'
      }`,
      query.from,
    )
  const literal = (side: string, { from }: Query, value: number): QueryError =>
    reader.refuse(
      `unexpected literal for ${side} leg of logical/set binary operation (${op}): ${value.toFixed(6)}`,
      from,
    )
  if (left.kind === 'log') throw wrong('left', left)
  if (right.kind === 'log') throw wrong('right', right)
  if (SETS.includes(op)) {
    if (left.kind === 'number') throw literal('left', left, left.value)
    if (right.kind === 'number') throw literal('right', right, right.value)
  }
  return [left, right]
}

/** @param outer the strength of the operation to the left */
const readExpression = (reader: TokenReader, outer = 0): Query => {
  let left = readOperand(reader)
  for (let op = reader.peek().kind; isBinary(op) && STRENGTH[op] > outer; op = reader.peek().kind) {
    const operator = op
    reader.take()
    const returnBool = reader.skip('bool')
    const matching = readMatching(reader)
    // A power takes everything to its right first.
    const inner = operator === '^' ? STRENGTH[operator] - 1 : STRENGTH[operator]
    const written = reader.nested(() => readExpression(reader, inner))
    const [of, right] = sides(reader, operator, [left, written])
    left = { kind: 'binary', op: operator, left: of, right, returnBool, matching, ...reader.spanFrom(left.from) }
  }
  return left
}

const readMetric = (reader: TokenReader): MetricQuery => {
  const query = readExpression(reader)
  // Loki says at the next token that a log query cannot end here.
  if (query.kind === 'log') throw reader.unexpected([])
  return query
}

const readLabelReplace = (reader: TokenReader): MetricQuery => {
  const { from } = reader.take()
  reader.expect('(')
  const of = reader.nested(() => readMetric(reader))
  if (!reader.is(',')) throw reader.unexpected([])
  const argument = (): string => {
    reader.expect(',')
    return reader.expect('STRING').text
  }
  const [target, replacement, source, pattern] = [argument(), argument(), argument(), argument()]
  reader.expect(')')
  const regexp = compileRegExp(anchoredPlain(pattern))
  if (regexp.kind === 'error') reader.refuseLater(`invalid regex in label_replace: ${regexp.why}`, from)
  return { kind: 'label_replace', of, target, replacement, source, pattern, ...reader.spanFrom(from) }
}

const readVectorOf = (reader: TokenReader): MetricQuery => {
  const { from } = reader.take()
  reader.expect('(')
  const value = numberLater(reader, reader.expect('NUMBER'), 'vectorExpr')
  reader.expect(')')
  return { kind: 'vector_of', value, ...reader.spanFrom(from) }
}

const readOperand = (reader: TokenReader): Query => {
  const { kind, from } = reader.peek()
  if (kind === '{') {
    const matchers = readSelector(reader)
    const stages = readStages(reader)
    // Only `| unwrap` is left over, which belongs before a range.
    if (reader.skip('|')) throw reader.unexpected([])
    return { kind: 'log', matchers, stages, ...reader.spanFrom(from) }
  }
  if (kind === '(') {
    reader.take()
    const inner = reader.nested(() => readExpression(reader))
    if (!reader.skip(')')) throw reader.unexpected([])
    return inner
  }
  const range = rangeOperator(kind)
  if (range !== null) return readRange(reader, range)
  const vector = vectorOperator(kind)
  if (vector !== null) return readVector(reader, vector, () => readMetric(reader))
  if (kind === 'VECTOR') return readVectorOf(reader)
  if (kind === 'label_replace') return readLabelReplace(reader)
  if (!reader.is('NUMBER', '+', '-')) throw reader.unexpected([])
  return { kind: 'number', value: readLiteral(reader, numberLater), ...reader.spanFrom(from) }
}

const guarded = <T extends { readonly kind: 'ok' }>(
  text: string,
  read: (reader: TokenReader) => T,
): T | { readonly kind: 'error'; readonly problem: QueryProblem } => {
  if (text.length > MAX_QUERY_LENGTH) {
    const message = `parse error : the query is longer than ${MAX_QUERY_LENGTH} characters`
    return { kind: 'error', problem: { message, from: 0, to: text.length } }
  }
  try {
    return read(new TokenReader(text))
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'error', problem: error.problem }
    throw error
  }
}

/**
 * Parses a LogQL query, for lines or for numbers. What Loki refuses is refused, where known in its words (without the
 * context that its HTTP layer adds); what Loki knows and this does not (`variants`) is refused as well.
 */
export const parseQuery = (text: string): ParsedQuery =>
  guarded(text, (reader) => {
    if (reader.is('$end')) throw reader.refuse('syntax error: unexpected $end', 0)
    const query = readExpression(reader)
    reader.end()
    const problem = selectionProblem(query)
    if (problem !== null) throw new QueryError(problem.message, problem)
    return { kind: 'ok', query }
  })

export type ParsedSelector =
  | { readonly kind: 'ok'; readonly matchers: readonly Matcher[] }
  | { readonly kind: 'error'; readonly problem: QueryProblem }

/** Parses a selector that stands alone, as the endpoints for series and labels take it. It may select everything. */
export const parseSelector = (text: string): ParsedSelector =>
  guarded(text, (reader) => {
    const matchers = readSelector(reader)
    if (reader.is('|', '|=', '|~', '|>', '!=', '!~', '!>')) {
      throw new QueryError('only label matchers are supported', reader.peek())
    }
    reader.end()
    return { kind: 'ok', matchers }
  })
