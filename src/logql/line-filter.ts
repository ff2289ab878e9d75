import type { LineFilterOperator, LineMatch, Stage } from './ast.ts'
import { ipTest } from './ip-range.ts'
import { patternTest } from './line-pattern.ts'
import { compiledRegExp } from './regexp.ts'
import type { Step } from './step.ts'

type LineTest = (line: string) => boolean

/** Characters that mean themselves in a pattern. */
const PLAIN = /^[^\\^$.|?*+()[\]{}]*$/

const ANYTHING: LineTest = () => true

const anyOf = (tests: readonly LineTest[]): LineTest => {
  const [first, second] = tests
  if (first === undefined) return () => false
  return second === undefined ? first : (line) => tests.some((test) => test(line))
}

const contains =
  (text: string): LineTest =>
  (line) =>
    line.includes(text)

/** `.*a` and `a.*` find what `a` finds, since `.` may match nothing. */
const withoutDots = (pattern: string): string => pattern.replace(/^(?:\.\*\??)+|(?:(?<!\\)\.\*\??)+$/g, '')

/** Whether the pattern is found anywhere; plain alternatives are looked for without a regular expression. */
export const regExpLineTest = (pattern: string): LineTest => {
  const core = withoutDots(pattern)
  if (core === '') return ANYTHING
  const alternatives = core.split('|')
  if (alternatives.every((alternative) => PLAIN.test(alternative))) {
    return alternatives.includes('') ? ANYTHING : anyOf(alternatives.map(contains))
  }
  const regexp = compiledRegExp(pattern)
  return (line) => regexp.test(line)
}

const lineTest = (op: LineFilterOperator, { kind, value }: LineMatch): LineTest => {
  if (kind === 'ip') return ipTest(value)
  if (op === '|=' || op === '!=') return value === '' ? ANYTHING : contains(value)
  return op === '|~' || op === '!~' ? regExpLineTest(value) : patternTest(value)
}

/** `|= "a" or "b"`: one of them; `!= "a" or "b"`: neither. */
export const lineFilterStep = ({ op, matches }: Extract<Stage, { kind: 'line_filter' }>): Step => {
  const test = anyOf(matches.map((match) => lineTest(op, match)))
  return op.startsWith('|') ? (line) => (test(line) ? line : null) : (line) => (test(line) ? null : line)
}
