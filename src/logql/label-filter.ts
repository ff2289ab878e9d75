import type { CompareOperator, LabelFilter, Matcher } from './ast.ts'
import { parseByteCount } from './byte-count.ts'
import { parseGoDuration } from './duration.ts'
import type { EntryLabels } from './entry-labels.ts'
import { type FloatOutcome, parseGoFloat } from './go-float.ts'
import { ipTest } from './ip-range.ts'
import { valueTest, type ValueTest } from './matchers.ts'
import { regExpLabelTest } from './regexp-filter.ts'

/** What a filter needs of the labels of an entry. */
export type FilteredLabels = Pick<EntryLabels, 'get' | 'text' | 'error' | 'fail'>

/** Whether an entry passes; may note an error in its labels. */
export type LabelTest = (labels: FilteredLabels) => boolean

type Compare = (left: number, right: number) => boolean

const COMPARE: Readonly<Record<CompareOperator, Compare>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
}

/** Seconds of a duration as Go reads it. */
const parseSeconds = (text: string): FloatOutcome => {
  const outcome = parseGoDuration(text)
  return outcome.kind === 'ok' ? { kind: 'ok', value: Number(outcome.ns) / 1e9 } : outcome
}

const CONVERT = { number: parseGoFloat, duration: parseSeconds, bytes: parseByteCount } as const

type Comparison = Extract<LabelFilter, { kind: keyof typeof CONVERT }>

/** A missing label does not pass. What is no number passes with an error, unless there is one already. */
const comparisonTest = ({ kind, name, op, value }: Comparison): LabelTest => {
  const convert = CONVERT[kind]
  const compare = COMPARE[op]
  return (labels) => {
    const text = labels.get(name)
    if (text === undefined) return false
    const outcome = convert(text)
    if (outcome.kind === 'ok') return compare(outcome.value, value)
    if (labels.error === '') labels.fail('LabelFilterErr', outcome.message)
    return true
  }
}

const ipFilterTest = ({ name, op, value }: Extract<LabelFilter, { kind: 'ip' }>): LabelTest => {
  const test = ipTest(value)
  return (labels) => {
    if (labels.error !== '') return true
    const text = labels.get(name)
    return text !== undefined && test(text) === (op === '=')
  }
}

const matcherTest = (matcher: Matcher): ValueTest => {
  if (matcher.op === '=' || matcher.op === '!=') return valueTest(matcher)
  const test = regExpLabelTest(matcher.value)
  return matcher.op === '=~' ? test : (value) => !test(value)
}

/** Compiles a label filter (pkg/logql/log/label_filter.go). */
export const labelTest = (filter: LabelFilter): LabelTest => {
  switch (filter.kind) {
    case 'string': {
      const { name } = filter.matcher
      const test = matcherTest(filter.matcher)
      return (labels) => test(labels.text(name))
    }
    case 'ip':
      return ipFilterTest(filter)
    case 'and': {
      const [left, right] = [labelTest(filter.left), labelTest(filter.right)]
      // The right side is asked even if the left failed, because asking may note an error.
      return (labels) => {
        const passes = left(labels)
        return right(labels) && passes
      }
    }
    case 'or': {
      const [left, right] = [labelTest(filter.left), labelTest(filter.right)]
      return (labels) => left(labels) || right(labels)
    }
    case 'number':
    case 'duration':
    case 'bytes':
      return comparisonTest(filter)
  }
}
