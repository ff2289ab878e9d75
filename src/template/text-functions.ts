import { define } from './define.ts'
import type { TemplateFunctions } from './functions.ts'
import * as text from './text-pieces.ts'

/** What sprig and the old names of Loki and Promtail have in common: functions of Go's package strings, value first. */
export const goStringFunctions: TemplateFunctions = {
  ToLower: define(['string'], ([value]) => text.toLower(value)),
  ToUpper: define(['string'], ([value]) => text.toUpper(value)),
  Replace: define(['string', 'string', 'string', 'int'], ([value, old, by, limit], { spend }) =>
    text.replaceText(value, { old, by, limit: Number(limit) }, spend),
  ),
  Trim: define(['string', 'string'], ([value, cutset]) => text.trimBoth(value, cutset)),
  TrimLeft: define(['string', 'string'], ([value, cutset]) => text.trimLeft(value, cutset)),
  TrimRight: define(['string', 'string'], ([value, cutset]) => text.trimRight(value, cutset)),
  TrimPrefix: define(['string', 'string'], ([value, prefix]) => text.trimPrefix(value, prefix)),
  TrimSuffix: define(['string', 'string'], ([value, suffix]) => text.trimSuffix(value, suffix)),
  TrimSpace: define(['string'], ([value]) => text.trimSpace(value)),
}

/** The functions of sprig on text that Loki offers too: value last. */
export const textFunctions: TemplateFunctions = {
  lower: define(['string'], ([value]) => text.toLower(value)),
  upper: define(['string'], ([value]) => text.toUpper(value)),
  title: define(['string'], ([value]) => text.toTitle(value)),
  trunc: define(['int', 'string'], ([count, value]) => text.truncBytes(count, value)),
  substr: define(['int', 'int', 'string'], ([start, end, value]) => text.substring(start, end, value)),
  contains: define(['string', 'string'], ([part, value]) => value.includes(part)),
  hasPrefix: define(['string', 'string'], ([prefix, value]) => value.startsWith(prefix)),
  hasSuffix: define(['string', 'string'], ([suffix, value]) => value.endsWith(suffix)),
  indent: define(['int', 'string'], ([spaces, value], { spend }) => text.indentText(spaces, value, spend)),
  nindent: define(['int', 'string'], ([spaces, value], { spend }) => `\n${text.indentText(spaces, value, spend)}`),
  replace: define(['string', 'string', 'string'], ([old, by, value], { spend }) =>
    text.replaceText(value, { old, by, limit: -1 }, spend),
  ),
  repeat: define(['int', 'string'], ([count, value], { spend }) => text.repeatText(value, count, spend)),
  trim: define(['string'], ([value]) => text.trimSpace(value)),
  trimAll: define(['string', 'string'], ([cutset, value]) => text.trimBoth(value, cutset)),
  trimSuffix: define(['string', 'string'], ([suffix, value]) => text.trimSuffix(value, suffix)),
  trimPrefix: define(['string', 'string'], ([prefix, value]) => text.trimPrefix(value, prefix)),
}
