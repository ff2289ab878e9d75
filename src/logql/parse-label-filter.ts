import type { CompareOperator, LabelFilter, MatchOperator, Matcher } from './ast.ts'
import { parseGoFloat } from './go-float.ts'
import { anchored, compileRegExp } from './regexp.ts'
import type { TokenReader } from './token-reader.ts'
import type { Token } from './tokens.ts'

const MATCH: readonly MatchOperator[] = ['=', '=~', '!~', '!=']
const COMPARE: Readonly<Record<string, CompareOperator>> = {
  '=': '==',
  '==': '==',
  '!=': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
}

const isMatch = (kind: string): kind is MatchOperator => MATCH.some((operator) => operator === kind)

/** Checks the pattern, as Loki does while it parses. */
export const checkedMatcher = (reader: TokenReader, matcher: Matcher, from: number): Matcher => {
  if (matcher.op === '=~' || matcher.op === '!~') {
    // Plain first, because the message quotes the pattern; anchored too, because `a)(?:b` is sound only within.
    const plain = compileRegExp(matcher.value)
    const outcome = plain.kind === 'ok' ? compileRegExp(anchored(matcher.value)) : plain
    if (outcome.kind === 'error') throw reader.refuse(outcome.why, from)
  }
  return matcher
}

/** `name="value"`, with the name already taken. */
export const readMatcherAfter = (reader: TokenReader, name: string, from: number): Matcher => {
  const op = reader.expect(...MATCH).kind
  const value = reader.expect('STRING').text
  if (!isMatch(op)) throw reader.unexpected(MATCH)
  return checkedMatcher(reader, { name, op, value }, from)
}

/** A number of those that the lexer lets through. */
const numberOf: ReadNumber = (reader, { text, from }) => {
  const outcome = parseGoFloat(text)
  if (outcome.kind === 'ok') return outcome.value
  throw reader.refuse(`unable to parse literal as a float: ${outcome.message}`, from)
}

/** The same where Loki tells it only if all else reads well. */
export const numberLater = (reader: TokenReader, { text, from }: Token, as = 'literal'): number => {
  const outcome = parseGoFloat(text)
  if (outcome.kind === 'ok') return outcome.value
  reader.refuseLater(`unable to parse ${as} as a float: ${outcome.message}`, from)
  return NaN
}

type ReadNumber = (reader: TokenReader, token: Token) => number

/** `3`, `+3` or `-3`. */
export const readLiteral = (reader: TokenReader, read: ReadNumber): number => {
  const isNegative = reader.skip('-')
  if (!isNegative) reader.skip('+')
  const value = read(reader, reader.expect('NUMBER'))
  return isNegative ? -value : value
}

const readIp = (reader: TokenReader, name: string, op: string): LabelFilter => {
  reader.expect('ip')
  reader.expect('(')
  const value = reader.expect('STRING').text
  reader.expect(')')
  return { kind: 'ip', name, op: op === '=' ? '=' : '!=', value }
}

/** What is wrong with the operand that comes, in Loki's words: what could stand there depends on the operator. */
const wantedAfter = (operator: string): readonly string[] =>
  isMatch(operator) && operator.endsWith('~') ? ['STRING'] : []

const readComparison = (reader: TokenReader): LabelFilter => {
  const { from } = reader.peek()
  const name = reader.name('(')
  const operator = reader.peek()
  if (!isMatch(operator.kind) && !Object.hasOwn(COMPARE, operator.kind)) throw reader.unexpected([])
  const kind = reader.take().kind
  const operand = reader.peek()
  if (operand.kind === 'STRING' && isMatch(kind)) {
    reader.take()
    return { kind: 'string', matcher: checkedMatcher(reader, { name, op: kind, value: operand.text }, from) }
  }
  const op = Object.hasOwn(COMPARE, kind) ? COMPARE[kind] : undefined
  if (op === undefined) throw reader.unexpected(wantedAfter(kind))
  if (operand.kind === 'ip' && (kind === '=' || kind === '!=')) return readIp(reader, name, kind)
  if (reader.skip('DURATION')) return { kind: 'duration', name, op, value: Number(operand.amount) / 1e9 }
  if (reader.skip('BYTES')) return { kind: 'bytes', name, op, value: Number(operand.amount) }
  if (!reader.is('NUMBER', '+', '-')) throw reader.unexpected([])
  return { kind: 'number', name, op, value: readLiteral(reader, numberOf) }
}

const readPrimary = (reader: TokenReader): LabelFilter => {
  if (!reader.skip('(')) return readComparison(reader)
  const filter = reader.nested(() => readLabelFilter(reader))
  if (!reader.skip(')')) throw reader.unexpected([])
  return filter
}

type Joint = { readonly kind: 'and' | 'or'; readonly strength: number; readonly inner: number; readonly width: 0 | 1 }

/**
 * `or` binds less than `and`. A comma, or nothing, means `and` too, but takes everything to its right first: the
 * grammar gives it no precedence.
 */
const jointAt = (reader: TokenReader): Joint | null => {
  if (reader.is('or')) return { kind: 'or', strength: 1, inner: 1, width: 1 }
  if (reader.is('and')) return { kind: 'and', strength: 2, inner: 2, width: 1 }
  if (reader.is(',')) return { kind: 'and', strength: 3, inner: 0, width: 1 }
  return reader.is('IDENTIFIER', '(') ? { kind: 'and', strength: 3, inner: 0, width: 0 } : null
}

/** @param outer the strength of the joint to the left */
export const readLabelFilter = (reader: TokenReader, outer = 0): LabelFilter => {
  let left = readPrimary(reader)
  for (let joint = jointAt(reader); joint !== null && joint.strength > outer; joint = jointAt(reader)) {
    if (joint.width === 1) reader.take()
    const { kind, inner } = joint
    left = { kind, left, right: reader.nested(() => readLabelFilter(reader, inner)) }
  }
  return left
}
