import { sliceBytes, byteLength } from './byte-text.ts'
import { define, defineRest } from './define.ts'
import type { TemplateFunctions } from './functions.ts'
import { printedText } from './printed-text.ts'
import { quoteText } from './quote.ts'
import { fieldsOf, toLower, toUpper, trimBoth, withoutSpace } from './text-pieces.ts'
import { camelCase, joinedCase } from './word-case.ts'
import { wrapText } from './wrap-text.ts'

const ANY = 'interface {}'
const MARK = '...'

/** Text cut to a width in bytes, three of which are the mark; from `offset` on when that is further in. */
const abbreviated = (text: string, offset: number, width: number): string => {
  const length = byteLength(text)
  if (length <= width) return text
  const room = width - MARK.length
  const from = Math.min(offset, length, length - room)
  if (from <= 4) return sliceBytes(text, 0, room) + MARK
  if (from + room < length) return MARK + abbreviated(sliceBytes(text, from), 0, room)
  return MARK + sliceBytes(text, length - room)
}

const swapped = (character: string): string =>
  character === toLower(character) ? toUpper(character) : toLower(character)

/** The first letter of each word in lower case. */
const uncapitalized = (text: string): string => text.replaceAll(/(?<!\S)\S/gu, (letter) => toLower(letter))

const clamped = (value: bigint): number => Number(BigInt.asIntN(32, value))

/** The functions of sprig on text that only Promtail offers. */
export const moreTextFunctions: TemplateFunctions = {
  abbrev: define(['int', 'string'], ([width, text]) => (width < 4n ? text : abbreviated(text, 0, clamped(width)))),
  abbrevboth: define(['int', 'int', 'string'], ([left, right, text]) =>
    right < 4n || (left > 0n && right < 7n) ? text : abbreviated(text, clamped(left), clamped(right)),
  ),
  initials: define(['string'], ([text]) =>
    fieldsOf(text)
      .map((word) => Array.from(word)[0] ?? '')
      .join(''),
  ),
  untitle: define(['string'], ([text]) => uncapitalized(text)),
  swapcase: define(['string'], ([text]) => Array.from(text, swapped).join('')),
  snakecase: define(['string'], ([text]) => joinedCase(text, '_')),
  kebabcase: define(['string'], ([text]) => joinedCase(text, '-')),
  camelcase: define(['string'], ([text]) => camelCase(text)),
  nospace: define(['string'], ([text]) => withoutSpace(text)),
  trimall: define(['string', 'string'], ([cutset, text]) => trimBoth(text, cutset)),
  wrap: define(['int', 'string'], ([width, text], { spend }) =>
    wrapText(text, { width: clamped(width), by: '\n', breakWords: false }, spend),
  ),
  wrapWith: define(['int', 'string', 'string'], ([width, by, text], { spend }) =>
    wrapText(text, { width: clamped(width), by: by === '' ? '\n' : by, breakWords: true }, spend),
  ),
  plural: define(['string', 'string', 'int'], ([one, many, count]) => (count === 1n ? one : many)),
  quote: defineRest([], ANY, (_, values, { spend }) =>
    values
      .filter((value) => value !== null)
      .map((value) => quoteText(printedText(value, spend)))
      .join(' '),
  ),
  squote: defineRest([], ANY, (_, values, { spend }) =>
    values
      .filter((value) => value !== null)
      .map((value) => `'${printedText(value, spend)}'`)
      .join(' '),
  ),
  toString: define([ANY], ([value], { spend }) => printedText(value, spend)),
}
