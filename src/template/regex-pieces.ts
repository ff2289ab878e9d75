import { TemplateFailure } from './functions.ts'
import type { Spend } from './print-value.ts'
import { expand, parseTemplate } from '../regexp/expand.ts'
import { compileGoRegExp, type CompiledRegExp, type GoRegExp } from '../regexp/go-regexp.ts'
import { remembered } from '../regexp/memo.ts'

const compile = remembered(compileGoRegExp, 200)

/** A pattern weighs on the text as its length does on the automaton. */
const PATTERN_WEIGHT = 16

/** Longer patterns are refused: what they cost cannot be told from their length. */
const MAX_PATTERN = 1000

/** What compiling costs: so much, and so much for each character. */
const COMPILE = 1000
const COMPILE_CHARACTER = 16

/** How long a pattern would be without its counts: `a{100}` is a hundred. */
const unfolded = (pattern: string): number =>
  pattern.length * Math.max(1, ...Array.from(pattern.matchAll(/\{(?:\d+,)?(\d+),?\}/g), ([, count]) => Number(count)))

const outcomeOf = (pattern: string, text: string, spend: Spend): CompiledRegExp => {
  if (pattern.length > MAX_PATTERN)
    throw new TemplateFailure(`regular expression longer than ${MAX_PATTERN} characters`)
  const length = unfolded(pattern)
  spend(COMPILE + length * COMPILE_CHARACTER + text.length * (1 + length / PATTERN_WEIGHT))
  return compile(pattern)
}

/** A pattern ready to be run over a text. @throws TemplateFailure in Go's words when it is none */
export const regexpFor = (pattern: string, text: string, spend: Spend): GoRegExp => {
  const outcome = outcomeOf(pattern, text, spend)
  if (outcome.kind === 'ok') return outcome.regexp
  throw new TemplateFailure(outcome.why)
}

/** A pattern that Go's MustCompile compiles: it panics otherwise, with a text of its own. */
export const mustRegexpFor = (pattern: string, text: string, spend: Spend): GoRegExp => {
  const outcome = outcomeOf(pattern, text, spend)
  if (outcome.kind === 'ok') return outcome.regexp
  throw new TemplateFailure(`regexp: Compile(${JSON.stringify(pattern)}): ${outcome.why}`)
}

/** Go's ReplaceAllString: `$1` and `${name}` of `by` are groups, unless it is `literal`. */
export const replaceMatches = (
  regexp: GoRegExp,
  text: string,
  { by, literal }: { readonly by: string; readonly literal: boolean },
  spend: Spend,
): string => {
  const template = literal ? [by] : parseTemplate(by, regexp)
  const pieces: string[] = []
  let from = 0
  for (const matcher of regexp.matches(text)) {
    const groups = Array.from({ length: regexp.names.length + 1 }, (_, group) => matcher.group(group))
    const replacement = expand(template, groups)
    spend(replacement.length + 1)
    pieces.push(text.slice(from, matcher.start()), replacement)
    from = matcher.end()
  }
  return pieces.join('') + text.slice(from)
}

/** Go's FindAllString: at most `limit` matches, all for a negative one. */
export const matchesIn = (regexp: GoRegExp, text: string, limit: number): readonly string[] => {
  const found: string[] = []
  for (const matcher of regexp.matches(text)) {
    if (limit >= 0 && found.length >= limit) break
    found.push(matcher.group(0) ?? '')
  }
  return found
}

/** Go's Regexp.Split. */
export const splitAt = (regexp: GoRegExp, text: string, limit: number): readonly string[] => {
  if (limit === 0) return []
  if (regexp.source !== '' && text === '') return ['']
  const parts: string[] = []
  let from = 0
  let end = 0
  for (const matcher of regexp.matches(text)) {
    if (limit > 0 && parts.length === limit - 1) break
    end = matcher.start()
    if (matcher.end() !== 0) parts.push(text.slice(from, end))
    from = matcher.end()
  }
  return end === text.length ? parts : [...parts, text.slice(from)]
}
