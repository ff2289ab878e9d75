import type { Spend } from './print-value.ts'

/** `width` in characters; `by` stands between the lines. */
export type Wrapping = { readonly width: number; readonly by: string; readonly breakWords: boolean }

/** How far the next line of a text goes, and where the one after it begins. */
const lineEnd = (text: string, from: number, { width, breakWords }: Wrapping): readonly [end: number, next: number] => {
  const space = text.lastIndexOf(' ', from + width)
  if (space >= from) return [space, space + 1]
  if (breakWords) return [from + width, from + width]
  const after = text.indexOf(' ', from + width)
  return after < 0 ? [text.length, text.length] : [after, after + 1]
}

/** goutils' WrapCustom, which sprig's `wrap` and `wrapWith` are: words longer than a line stay whole or are broken. */
export const wrapText = (text: string, asked: Wrapping, spend: Spend): string => {
  const wrapping = { ...asked, width: Math.max(asked.width, 1) }
  const pieces: string[] = []
  let from = 0
  while (text.length - from > wrapping.width) {
    if (text[from] === ' ') {
      from += 1
      continue
    }
    const [end, next] = lineEnd(text, from, wrapping)
    spend(end - from + wrapping.by.length)
    pieces.push(text.slice(from, end))
    if (end < text.length) pieces.push(wrapping.by)
    from = next
  }
  return pieces.join('') + text.slice(from)
}
