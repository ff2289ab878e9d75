import { type CompiledRegExp, compileGoRegExp, type GoRegExp } from '../regexp/go-regexp.ts'
import { remembered } from '../regexp/memo.ts'

/** Longest pattern in UTF-16 units; what is longer is no pattern of a person. */
const MAX_PATTERN = 16_384

/** Queries of a dashboard have many patterns in common, and each is checked before it is used. */
const MAX_REMEMBERED = 200
const compiled = remembered(compileGoRegExp, MAX_REMEMBERED)

/** Compiles a pattern of a query as Go's regexp does (RE2: linear time). The reason of a refusal is worded as Go's. */
export const compileRegExp = (pattern: string): CompiledRegExp =>
  pattern.length > MAX_PATTERN
    ? { kind: 'error', why: 'error parsing regexp: expression too large' }
    : compiled(pattern)

/** A pattern that was checked when the query was parsed. */
export const compiledRegExp = (pattern: string): GoRegExp => {
  const outcome = compileRegExp(pattern)
  if (outcome.kind === 'ok') return outcome.regexp
  throw new Error(`a pattern went unchecked: ${outcome.why}`)
}

/** As `label_replace` matches: the whole value, `.` matches no newline. */
export const anchoredPlain = (pattern: string): string => `^(?:${pattern})$`

/** As Prometheus and Loki match labels: the whole value, `.` matches newlines too. */
export const anchored = (pattern: string): string => `^(?s:${pattern})$`
