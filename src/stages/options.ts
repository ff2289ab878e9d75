import { type Decoder, documented, nameRule, optional } from '../config/decoder.ts'
import { checkedStrictText } from '../config/stage-scalars.ts'
import { compileGoRegExp, type GoRegExp } from '../regexp/go-regexp.ts'

/** `source` of a stage that reads the line without it: null when absent. */
export const optionalSource: Decoder<string | null> = documented(
  optional(checkedStrictText('the name of an extracted value', (name) => (name === '' ? 'empty source' : null))),
  {
    says: 'Name of the extracted value to read.',
    example: 'message',
    default: 'the line',
  },
)

/** Label names that Promtail takes in stages: letters, digits, underscores. */
export const legacyName = nameRule('^[a-zA-Z_][a-zA-Z0-9_]*$', {
  code: 'BAD_LABEL',
  expected: 'a name of letters, digits and underscores',
})

export const anyName = nameRule('^[^]', { code: 'BAD_LABEL', expected: 'a name that is not empty' })

/** A regular expression's text, refused when it doesn't compile; '' when absent. */
export const regExpText: Decoder<string> = checkedStrictText('a regular expression (RE2)', (pattern) => {
  const compiled = compileGoRegExp(pattern)
  return compiled.kind === 'ok' ? null : compiled.why
})

/** Of a pattern that was checked when the file was read; a file with one that does not compile makes no stage. */
export const compiled = (pattern: string): GoRegExp => {
  const result = compileGoRegExp(pattern)
  if (result.kind === 'ok') return result.regexp
  throw new Error(`a pattern that was refused is used: ${result.why}`)
}
