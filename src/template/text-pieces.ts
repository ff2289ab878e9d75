import { byteLength, bytesOf, sliceBytes } from './byte-text.ts'
import { TemplateFailure } from './functions.ts'
import type { Spend } from './print-value.ts'

/** Go maps letter by letter and has no letter that becomes two: what JavaScript would make two stays. */
const mapped = (text: string, map: (character: string) => string): string =>
  /^[\0-\x7f]*$/.test(text)
    ? map(text)
    : Array.from(text, (character) => {
        const other = map(character)
        return Array.from(other).length === 1 ? other : character
      }).join('')

/** Go's strings.ToUpper. */
export const toUpper = (text: string): string => mapped(text, (character) => character.toUpperCase())

/** Go's strings.ToLower. */
export const toLower = (text: string): string =>
  mapped(text, (character) => (character === 'İ' ? 'i' : character.toLowerCase()))

/** Go's strings.Title: the first letter of each word; a digit, a letter or an underscore does not begin one. */
export const toTitle = (text: string): string =>
  text.replaceAll(/(?<![\p{L}\p{Nd}_])\p{L}/gu, (letter, at: number) => {
    const before = text.slice(0, at)
    // Behind a sign that is neither ASCII nor a blank no word begins.
    return /[^\0-\x7f]$/u.test(before) && !SPACE_AT_END.test(before) ? letter : toUpper(letter)
  })

/** Go's unicode.IsSpace. */
const SPACE = '[\\t\\n\\v\\f\\r \\x85\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const SPACE_AT_END = new RegExp(`${SPACE}$`)
const SPACE_AT_START = new RegExp(`^${SPACE}+`)
const SPACES = new RegExp(SPACE, 'g')
const IS_SPACE = new RegExp(`^${SPACE}$`)

/** How far from its end a text is blank; a pattern for it would try each blank inside. */
const blankFrom = (text: string): number => {
  let end = text.length
  while (end > 0 && IS_SPACE.test(text[end - 1] ?? '')) end -= 1
  return end
}

/** Go's strings.TrimSpace. */
export const trimSpace = (text: string): string => text.slice(0, blankFrom(text)).replace(SPACE_AT_START, '')

/** A text without any blank. */
export const withoutSpace = (text: string): string => text.replaceAll(SPACES, '')

/** Go's strings.Fields. */
export const fieldsOf = (text: string): string[] => text.split(SPACES).filter((field) => field !== '')

/** Go's strings.TrimLeft: what of `cutset` stands at the beginning. */
export const trimLeft = (text: string, cutset: string): string => {
  const cut = new Set(cutset)
  let at = 0
  for (const character of text) {
    if (!cut.has(character)) break
    at += character.length
  }
  return text.slice(at)
}

/** Go's strings.TrimRight. */
export const trimRight = (text: string, cutset: string): string => {
  const cut = new Set(cutset)
  const characters = Array.from(text)
  let end = text.length
  while (characters.length > 0) {
    const last = characters.pop() ?? ''
    if (!cut.has(last)) break
    end -= last.length
  }
  return text.slice(0, end)
}

/** Go's strings.Trim. */
export const trimBoth = (text: string, cutset: string): string => trimRight(trimLeft(text, cutset), cutset)

export const trimPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text

export const trimSuffix = (text: string, suffix: string): string =>
  suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text

/** Go's strings.Repeat. */
export const repeatText = (text: string, count: bigint, spend: Spend): string => {
  if (count < 0n) throw new TemplateFailure('strings: negative Repeat count')
  spend(Number(count) * Math.max(text.length, 1))
  return text.repeat(Number(count))
}

/** Spaces in front of every line. */
export const indentText = (spaces: bigint, text: string, spend: Spend): string => {
  const blank = repeatText(' ', spaces, spend)
  const lines = text.split('\n')
  spend(lines.length * blank.length)
  return lines.map((line) => blank + line).join('\n')
}

/** Go's strings.SplitN: at most `limit` parts, all for a negative one; an empty separator parts the characters. */
export const splitText = (text: string, separator: string, limit = -1): string[] => {
  if (limit === 0) return []
  const parts = separator === '' ? Array.from(text) : text.split(separator)
  if (limit < 0 || parts.length <= limit) return parts
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]
}

/** How Go's strings.Replace replaces: `limit` below 0 means all. */
export type Replacement = { readonly old: string; readonly by: string; readonly limit: number }

/** Go's strings.Replace; an empty `old` is found before each character and at the end. */
export const replaceText = (text: string, { old, by, limit }: Replacement, spend: Spend): string => {
  if (limit === 0 || old === by) return text
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old)
  const head = old === '' ? parts.slice(0, -1) : parts
  const tail = old === '' ? '' : null
  const gaps = tail === null ? head.length - 1 : head.length
  const count = limit < 0 ? gaps : Math.min(gaps, limit)
  spend(text.length + count * by.length)
  const pieces: string[] = []
  for (const [index, part] of head.entries()) {
    pieces.push(part)
    if (index < count) pieces.push(by)
    else if (tail === null && index < head.length - 1) pieces.push(old)
  }
  return pieces.join('')
}

/** sprig's trunc: so many bytes from the beginning, or, with a negative number, from the end. */
export const truncBytes = (count: bigint, text: string): string => {
  const length = byteLength(text)
  const wanted = Number(count)
  if (wanted < 0 && length + wanted > 0) return sliceBytes(text, length + wanted)
  return wanted >= 0 && length > wanted ? sliceBytes(text, 0, wanted) : text
}

/** sprig's substr, with the panics of Go's slices as errors. */
export const substring = (start: bigint, end: bigint, text: string): string => {
  const bytes = bytesOf(text)
  const length = bytes.length
  const from = start < 0n ? 0 : Number(start)
  const to = start >= 0n && (end < 0n || end > BigInt(length)) ? length : Number(end)
  if (to < 0 || to > length)
    throw new TemplateFailure(`runtime error: slice bounds out of range [:${to}] with length ${length}`)
  if (from > to) throw new TemplateFailure(`runtime error: slice bounds out of range [${from}:${to}]`)
  return sliceBytes(text, from, to)
}
