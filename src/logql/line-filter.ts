import type { LineFilterOperator, LineMatch, Stage } from './ast.ts'
import { ipTest } from './ip-range.ts'
import { patternTest } from './line-pattern.ts'
import { regExpLineTest } from './regexp-filter.ts'
import type { Step } from './step.ts'

/** Whether a line passes. */
export type LineTest = (line: string) => boolean

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

const lineTest = (op: LineFilterOperator, { kind, value }: LineMatch): LineTest => {
  if (kind === 'ip') return ipTest(value)
  if (op === '|=' || op === '!=') return value === '' ? ANYTHING : contains(value)
  return op === '|~' || op === '!~' ? regExpLineTest(value) : patternTest(value)
}

/** `|= "a" or "b"`: one of them; `!= "a" or "b"`: neither. */
export const lineFilterTest = ({ op, matches }: Extract<Stage, { kind: 'line_filter' }>): LineTest => {
  const test = anyOf(matches.map((match) => lineTest(op, match)))
  return op.startsWith('|') ? test : (line) => !test(line)
}

/** The filter behind a stage. */
export const lineFilterStep = (stage: Extract<Stage, { kind: 'line_filter' }>): Step => {
  const test = lineFilterTest(stage)
  return (line) => (test(line) ? line : null)
}
