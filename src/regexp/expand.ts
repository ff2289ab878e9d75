import type { GoRegExp, Groups } from './go-regexp.ts'

/** A replacement in pieces: plain text, or the groups one of which is put there (the first that matched). */
export type Template = readonly (string | readonly number[])[]

const REFERENCE = /^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u

const groupsNamed = (name: string, names: readonly string[]): readonly number[] => {
  if (/^(?:0|[1-9][0-9]{0,8})$/.test(name)) return [Number(name)]
  return names.flatMap((other, index) => (other === name ? [index + 1] : []))
}

/**
 * Parses a replacement as Go's `Regexp.Expand` reads it: `$name` takes as many letters, digits and underscores as there
 * are (`$1x` is the group called `1x`), `${name}` ends at its brace, `$$` is a dollar, and any other dollar stays.
 */
export const parseTemplate = (text: string, regexp: GoRegExp): Template => {
  const pieces: (string | readonly number[])[] = []
  let plain = ''
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf('$', at)
    if (dollar < 0) return [...pieces, plain + text.slice(at)]
    plain += text.slice(at, dollar)
    const reference = REFERENCE.exec(text.slice(dollar + 1))
    at = dollar + 1 + (reference?.[0].length ?? 0)
    if (reference !== null) {
      pieces.push(plain, groupsNamed(reference[1] ?? reference[2] ?? '', regexp.names))
      plain = ''
    } else {
      plain += '$'
      if (text[at] === '$') at += 1
    }
  }
  return [...pieces, plain]
}

const firstOf = (numbers: readonly number[], groups: Groups): string => {
  for (const number of numbers) {
    const group = groups[number]
    if (group !== null && group !== undefined) return group
  }
  return ''
}

/** The replacement with what the groups hold. */
export const expand = (template: Template, groups: Groups): string => {
  let text = ''
  for (const piece of template) text += typeof piece === 'string' ? piece : firstOf(piece, groups)
  return text
}
