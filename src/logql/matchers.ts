import type { Labels } from '../entry/entry.ts'
import type { Matcher } from './ast.ts'
import { remembered } from '../regexp/memo.ts'
import { anchored, compiledRegExp } from './regexp.ts'

/** Whether a label's value matches; a missing label is ''. */
export type ValueTest = (value: string) => boolean

/** Alternatives of plain texts, as Grafana writes multi-value variables: `a|b|c`. */
const PLAIN_ALTERNATIVES = /^[\p{L}\p{N} _:/,;=@#%&<>"'`~!-]*(?:\|[\p{L}\p{N} _:/,;=@#%&<>"'`~!-]*)*$/u

const regExpTest = (pattern: string): ValueTest => {
  if (PLAIN_ALTERNATIVES.test(pattern)) {
    const values = new Set(pattern.split('|'))
    return (value) => values.has(value)
  }
  if (pattern === '.*') return () => true
  if (pattern === '.+') return (value) => value !== ''
  const regexp = compiledRegExp(anchored(pattern))
  return remembered((value) => regexp.test(value))
}

/** Compiles a matcher; regular expressions are RE2 over the whole value, `.` matches newlines too. */
export const valueTest = ({ op, value }: Matcher): ValueTest => {
  if (op === '=') return (text) => text === value
  if (op === '!=') return (text) => text !== value
  const test = regExpTest(value)
  return op === '=~' ? test : (text) => !test(text)
}

/** The value of a label; '' when it is missing. */
export const valueOf = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''

/** Compiles a selector: whether a stream's labels meet all matchers. */
export const streamTest = (matchers: readonly Matcher[]): ((labels: Labels) => boolean) => {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: valueTest(matcher) }))
  return (labels) => tests.every(({ name, test }) => test(valueOf(labels, name)))
}

/** Loki wants at least one matcher that a stream without the label does not meet, so that an index is of use. */
export const selectsSomething = (matchers: readonly Matcher[]): boolean =>
  matchers.some((matcher) => !valueTest(matcher)(''))
