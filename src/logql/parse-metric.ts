import type { Grouping, LogQuery, MetricQuery, RangeOperator, Stage, Unwrap, VectorOperator } from './ast.ts'
import { RANGE_OPERATORS, VECTOR_OPERATORS } from './ast.ts'
import { numberLater, readLabelFilter } from './parse-label-filter.ts'
import { readSelector, readStages } from './parse-stages.ts'
import type { TokenReader } from './token-reader.ts'

const GROUPED = new Set<RangeOperator>([
  ...(['avg_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time'] as const),
  ...(['max_over_time', 'min_over_time', 'first_over_time', 'last_over_time'] as const),
])
const WITHOUT_UNWRAP = new Set<RangeOperator>([
  ...(['bytes_over_time', 'bytes_rate', 'count_over_time', 'rate', 'absent_over_time'] as const),
])
const NEVER_UNWRAPPED = new Set<RangeOperator>(['bytes_over_time', 'bytes_rate', 'count_over_time'])
const WITH_PARAMETER = new Set<VectorOperator>(['topk', 'bottomk', 'approx_topk'])

/** The operator that a token names; null: another token. */
export const rangeOperator = (kind: string): RangeOperator | null =>
  RANGE_OPERATORS.find((operator) => operator.toUpperCase() === kind) ?? null
export const vectorOperator = (kind: string): VectorOperator | null =>
  VECTOR_OPERATORS.find((operator) => operator.toUpperCase() === kind) ?? null

/** `(a, b)` or `()`. */
export const readNames = (reader: TokenReader): readonly string[] => {
  reader.expect('(')
  const names: string[] = []
  if (reader.skip(')')) return names
  do {
    reader.count()
    names.push(names.length === 0 ? reader.name(')') : reader.name())
  } while (reader.skip(','))
  reader.expect(',', ')')
  return names
}

const readGrouping = (reader: TokenReader): Grouping | null => {
  const kind = reader.is('by') ? 'by' : 'without'
  return reader.skip(kind) ? { kind, labels: readNames(reader) } : null
}

const CONVERSIONS = {
  BYTES_CONV: 'bytes',
  DURATION_CONV: 'duration',
  DURATION_SECONDS_CONV: 'duration_seconds',
} as const

const readUnwrap = (reader: TokenReader): Unwrap => {
  reader.expect('|')
  reader.expect('unwrap')
  const found = Object.entries(CONVERSIONS).find(([name]) => reader.peek().kind === name && reader.peek(1).kind === '(')
  if (found !== undefined) {
    reader.take()
    reader.expect('(')
  }
  const label = found === undefined ? reader.name(...Object.keys(CONVERSIONS)) : reader.name()
  if (found !== undefined) reader.expect(')')
  const filters = []
  while (reader.skip('|')) {
    reader.count()
    if (!reader.is('IDENTIFIER', '(')) throw reader.unexpected(['IDENTIFIER', '('])
    filters.push(readLabelFilter(reader))
  }
  return { label, conversion: found?.[1] ?? 'number', filters }
}

const isUnwrap = (reader: TokenReader): boolean => reader.is('|') && reader.peek(1).kind === 'unwrap'

type LogRange = {
  readonly log: LogQuery
  readonly unwrap: Unwrap | null
  readonly rangeNs: bigint
  readonly offsetNs: bigint
}

/** Loki names what may follow only where it is little. */
const behindUnwrap = (unwrap: Unwrap | null, mayClose: boolean): readonly string[] =>
  unwrap === null ? [] : ['RANGE', ...(mayClose ? [')'] : []), '|']

const readOffset = (reader: TokenReader): bigint => (reader.skip('offset') ? reader.expect('DURATION').amount : 0n)

/**
 * A selector with its range. Stages and unwrap may stand before the range (then perhaps in parentheses), or behind
 * range and offset, but not some here and some there. The range of Loki is 32 ways of writing this.
 */
const readLogRange = (reader: TokenReader): LogRange => {
  const isWrapped = reader.skip('(')
  if (isWrapped && reader.is('(')) {
    const inner = reader.nested(() => readLogRange(reader))
    reader.expect(')')
    return inner
  }
  const { from } = reader.peek()
  if (!reader.is('{')) throw reader.unexpected(['{', '('])
  const matchers = readSelector(reader)
  const before = readStages(reader)
  const unwrapBefore = isUnwrap(reader) ? readUnwrap(reader) : null
  const closedBefore = isWrapped && reader.skip(')')
  if (!reader.is('RANGE')) throw reader.unexpected(behindUnwrap(unwrapBefore, isWrapped && !closedBefore))
  const rangeNs = reader.take().amount
  const offsetNs = readOffset(reader)
  // `({...}) [5m]` may be followed by an unwrap, but by no other stage.
  const mayStage = before.length === 0 && unwrapBefore === null
  const after: readonly Stage[] = mayStage && !closedBefore ? readStages(reader) : []
  const unwrapAfter = mayStage && isUnwrap(reader) ? readUnwrap(reader) : null
  if (isWrapped && !closedBefore) reader.expect(')')
  const stages = mayStage ? after : before
  const log: LogQuery = { kind: 'log', matchers, stages, ...reader.spanFrom(from) }
  return { log, unwrap: unwrapBefore ?? unwrapAfter, rangeNs, offsetNs }
}

/** Loki's rules for what a range aggregation may have (`newRangeAggregationExpr`). */
const rangeProblem = (
  op: RangeOperator,
  query: { unwrap: Unwrap | null; grouping: Grouping | null },
): string | null => {
  if (query.grouping !== null && !GROUPED.has(op)) return `grouping not allowed for ${op} aggregation`
  if (query.unwrap !== null) return NEVER_UNWRAPPED.has(op) ? `invalid aggregation ${op} with unwrap` : null
  return WITHOUT_UNWRAP.has(op) ? null : `invalid aggregation ${op} without unwrap`
}

/** `count_over_time(...)` and its like. */
export const readRange = (reader: TokenReader, op: RangeOperator): MetricQuery => {
  const { from } = reader.take()
  reader.expect('(')
  let parameter: number | null = null
  if (reader.is('NUMBER')) {
    const written = reader.take()
    reader.expect(',')
    if (op !== 'quantile_over_time') {
      reader.refuseLater(`parameter ${written.text} not supported for operation ${op}`, from)
    }
    parameter = numberLater(reader, written)
  } else if (!reader.is('{', '(')) {
    throw reader.unexpected(['NUMBER', '{', '('])
  }
  const range = reader.nested(() => readLogRange(reader))
  reader.expect(')')
  const grouping = readGrouping(reader)
  if (op === 'quantile_over_time' && parameter === null) {
    reader.refuseLater('parameter required for operation quantile_over_time', from)
  }
  const problem = rangeProblem(op, { unwrap: range.unwrap, grouping })
  if (problem !== null) reader.refuseLater(problem, from)
  return { kind: 'range', op, parameter, grouping, ...range, ...reader.spanFrom(from) }
}

/** The whole number of topk and its like; null where none may be. */
const readParameter = (reader: TokenReader, op: VectorOperator, from: number): number | null => {
  const takesOne = WITH_PARAMETER.has(op)
  if (!reader.is('NUMBER') || reader.peek(1).kind !== ',') {
    return null
  }
  const { text } = reader.take()
  reader.expect(',')
  if (!takesOne) reader.refuseLater(`unsupported parameter for operation ${op}(${text},`, from)
  else if (!/^\d{1,15}$/.test(text)) reader.refuseLater(`invalid parameter ${op}(${text},`, from)
  else if (Number(text) === 0) reader.refuseLater(`invalid parameter (must be greater than 0) ${op}(${text}`, from)
  return Number(text)
}

/** `sum(...)` and its like. @param readMetric reads what stands between the parentheses */
export const readVector = (reader: TokenReader, op: VectorOperator, readMetric: () => MetricQuery): MetricQuery => {
  const { from } = reader.take()
  const before = readGrouping(reader)
  reader.expect('(')
  const parameter = readParameter(reader, op, from)
  const of = reader.nested(readMetric)
  if (!reader.skip(')')) throw reader.unexpected([])
  const grouping = before ?? readGrouping(reader)
  if (parameter === null && WITH_PARAMETER.has(op)) reader.refuseLater(`parameter required for operation ${op}`, from)
  if (grouping !== null && (op === 'sort' || op === 'sort_desc')) {
    reader.refuseLater("sort and sort_desc doesn't allow grouping by", from)
  }
  return { kind: 'vector', op, parameter, of, grouping, ...reader.spanFrom(from) }
}
