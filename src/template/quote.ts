import { bytesOf } from './byte-text.ts'

const NAMED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** What Go's strconv.IsPrint takes: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0')

const escaped = (character: string, quote: string, ascii: boolean): string => {
  if (character === quote) return `\\${quote}`
  if (Object.hasOwn(NAMED, character)) return NAMED[character] ?? ''
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`
  if (PRINTABLE.test(character) && (!ascii || code < 0x80)) return character
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

/** Go's strconv.Quote; `ascii`: QuoteToASCII. */
export const quoteText = (text: string, ascii = false): string =>
  `"${Array.from(text, (character) => escaped(character, '"', ascii)).join('')}"`

/** Go's strconv.QuoteRune. */
export const quoteRune = (code: number, ascii = false): string => {
  const scalar = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return `'${escaped(String.fromCodePoint(scalar ? code : 0xfffd), "'", ascii)}'`
}

/** Whether a text can stand between backquotes. */
export const canBackquote = (text: string): boolean =>
  text.isWellFormed() && !/[\x00-\x08\x0a-\x1f\x7f`\ufeff]/.test(text)

/** The bytes of a text in hexadecimal. */
export const hexOf = (text: string): string => bytesOf(text).toString('hex')
