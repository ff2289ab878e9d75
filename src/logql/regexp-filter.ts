import { remembered } from '../regexp/memo.ts'
import { compiledRegExp } from './regexp.ts'
import { regExpTree, type RegExpTree } from './regexp-tree.ts'

/** One of the texts that are looked for. `whole`: it must be all there is. */
type Sought = { readonly text: string; readonly whole: boolean } | { readonly text: null }

/** What a pattern comes down to; `everything`, or one of several texts (null: any text at all). */
type Simple = 'everything' | readonly Sought[]

/**
 * Loki drops the part that matches everything, so that `a|.*` finds `a` only. Not what the pattern says, but what it
 * answers.
 */
const either = (left: Simple, right: Simple): Simple => {
  if (left === 'everything') return right
  return right === 'everything' ? left : [...left, ...right]
}

const containing = (text: string): Simple => (text === '' ? 'everything' : [{ text, whole: false }])

/** A text followed by alternatives. */
const withAlternatives = (parts: readonly RegExpTree[], text: string): Simple | null => {
  let found: Simple | null = null
  for (const part of parts) {
    const simple =
      part.kind === 'empty' || part.kind === 'anything'
        ? containing(text)
        : part.kind === 'text'
          ? containing(text + part.text)
          : part.kind === 'sequence'
            ? simpleSequence(part.parts, text)
            : null
    if (simple === null) return null
    found = found === null ? simple : either(found, simple)
  }
  return found
}

/** At most three parts: one text, `.*`, and alternatives behind the text. */
const simpleSequence = (all: readonly RegExpTree[], before: string | null): Simple | null => {
  const parts = all.filter(({ kind }) => kind !== 'empty')
  if (parts.length > 3) return null
  let text = before
  let texts = 0
  let found: Simple | null = null
  for (const part of parts) {
    if (part.kind === 'text') {
      if (texts > 0) return null
      texts += 1
      text = (text ?? '') + part.text
    } else if (part.kind === 'alternatives' && text !== null) {
      const simple = withAlternatives(part.parts, text)
      if (simple === null) return null
      found = found === null ? simple : either(found, simple)
    } else if (part.kind !== 'anything') {
      return null
    }
  }
  return found ?? (text === null ? null : containing(text))
}

const simplified = (tree: RegExpTree, isLabel: boolean): Simple | null => {
  switch (tree.kind) {
    case 'text':
      return [{ text: tree.text, whole: isLabel }]
    case 'empty':
    case 'anything':
      return 'everything'
    case 'something':
      return [{ text: null }]
    case 'sequence':
      return simpleSequence(tree.parts, null)
    case 'alternatives': {
      const simple = tree.parts.map((part) => simplified(part, isLabel))
      return simple.reduce((left, right) => (left === null || right === null ? null : either(left, right)))
    }
    case 'other':
      return null
  }
}

const FOLD = '(?i)'

/** Texts whose case JavaScript folds as Go does. */
const FOLDABLE = /^[\0-\x7f]*$/

const simple = (pattern: string, isLabel: boolean): Simple | null => {
  const fold = pattern.startsWith(FOLD)
  if (fold && !FOLDABLE.test(pattern)) return null
  return simplified(regExpTree(fold ? pattern.slice(FOLD.length).toLowerCase() : pattern), isLabel)
}

type TextTest = (text: string) => boolean

const soughtTest = (sought: Sought): TextTest => {
  const { text } = sought
  if (text === null) return (value) => value !== ''
  return sought.whole ? (value) => value === text : (value) => value.includes(text)
}

const simpleTest = (found: Simple): TextTest => {
  if (found === 'everything') return () => true
  const wholes = new Set(found.flatMap((sought) => (sought.text !== null && sought.whole ? [sought.text] : [])))
  if (wholes.size === found.length) return (value) => wholes.has(value)
  const [first, ...more] = found.map(soughtTest)
  if (first === undefined) return () => false
  return more.length === 0 ? first : (value) => first(value) || more.some((test) => test(value))
}

const compiled = (pattern: string, isLabel: boolean): TextTest | null => {
  const found = simple(pattern, isLabel)
  if (found === null) return null
  const test = simpleTest(found)
  return pattern.startsWith(FOLD) ? (value) => test(value.toLowerCase()) : test
}

/** Whether a regular expression of a line filter is found in a line. */
export const regExpLineTest = (pattern: string): TextTest => {
  const test = compiled(pattern, false)
  if (test !== null) return test
  const regexp = compiledRegExp(pattern)
  return (line) => regexp.test(line)
}

/** As dashboards have it where a variable is empty or stands for all: any text of one line. */
const ANY_LINE = /^\^?\(*\.\*\)*\$?$/

/**
 * Whether a label's value matches a regular expression of a label filter, as Loki answers it (pkg/logql/log/filter.go):
 * the whole value must match, except that patterns of one text and `.*`, and alternatives that begin alike, are looked
 * for anywhere in the value. `reason=~"Fail.*"` therefore finds ScaleDownFailed.
 */
export const regExpLabelTest = (pattern: string): TextTest => {
  const test = compiled(pattern, true)
  if (test !== null) return test
  if (ANY_LINE.test(pattern)) return (value) => !value.includes('\n')
  const regexp = compiledRegExp(`^(?:${pattern})$`)
  return remembered((value) => regexp.test(value))
}

/** Whether a label filter with this pattern does not even look at the label. */
export const matchesEverything = (pattern: string): boolean => simple(pattern, true) === 'everything'
