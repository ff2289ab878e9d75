import { define } from './define.ts'
import { TemplateFailure, type Invocation, type TemplateFunctions } from './functions.ts'
import { textList } from './printed-text.ts'
import { matchesIn, mustRegexpFor, regexpFor, replaceMatches, splitAt } from './regex-pieces.ts'

/** What Go's regexp.QuoteMeta escapes. */
const META = /[\\.+*?()|[\]{}^$]/g

const replaced = (
  [pattern, text, by]: readonly [string, string, string],
  literal: boolean,
  { spend }: Invocation,
): string => replaceMatches(mustRegexpFor(pattern, text, spend), text, { by, literal }, spend)

const found = (pattern: string, text: string, { spend }: Invocation): string =>
  regexpFor(pattern, text, spend).find(text)?.[0] ?? ''

const STRINGS = ['string', 'string', 'string'] as const

/** A bad pattern matches nothing where the function's name does not begin with "must". */
const matches = (pattern: string, text: string, { spend }: Invocation): boolean => {
  try {
    return regexpFor(pattern, text, spend).test(text)
  } catch (error) {
    if (error instanceof TemplateFailure && error.message.startsWith('error parsing regexp')) return false
    throw error
  }
}

/** sprig's functions on regular expressions, which run in time linear in the text (RE2). */
export const regexFunctions: TemplateFunctions = {
  regexMatch: define(['string', 'string'], ([pattern, text], invocation) => matches(pattern, text, invocation)),
  mustRegexMatch: define(['string', 'string'], ([pattern, text], { spend }) =>
    regexpFor(pattern, text, spend).test(text),
  ),
  regexFind: define(['string', 'string'], ([pattern, text], invocation) => found(pattern, text, invocation)),
  mustRegexFind: define(['string', 'string'], ([pattern, text], invocation) => found(pattern, text, invocation)),
  regexFindAll: define(['string', 'string', 'int'], ([pattern, text, limit], { spend }) =>
    textList(matchesIn(mustRegexpFor(pattern, text, spend), text, Number(limit))),
  ),
  mustRegexFindAll: define(['string', 'string', 'int'], ([pattern, text, limit], { spend }) =>
    textList(matchesIn(regexpFor(pattern, text, spend), text, Number(limit))),
  ),
  regexReplaceAll: define(STRINGS, (args, invocation) => replaced(args, false, invocation)),
  mustRegexReplaceAll: define(STRINGS, (args, invocation) => replaced(args, false, invocation)),
  regexReplaceAllLiteral: define(STRINGS, (args, invocation) => replaced(args, true, invocation)),
  mustRegexReplaceAllLiteral: define(STRINGS, (args, invocation) => replaced(args, true, invocation)),
  regexSplit: define(['string', 'string', 'int'], ([pattern, text, limit], { spend }) =>
    textList(splitAt(mustRegexpFor(pattern, text, spend), text, Number(limit))),
  ),
  mustRegexSplit: define(['string', 'string', 'int'], ([pattern, text, limit], { spend }) =>
    textList(splitAt(regexpFor(pattern, text, spend), text, Number(limit))),
  ),
  regexQuoteMeta: define(['string'], ([text]) => text.replaceAll(META, '\\$&')),
}
