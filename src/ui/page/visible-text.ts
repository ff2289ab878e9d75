const CONTROL_PICTURES = 0x2400
const DELETE_PICTURE = '\u2421'

const shown = (char: string): string => {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code)
  if (code === 0x7f) return DELETE_PICTURE
  return `\\u${code.toString(16).padStart(4, '0')}`
}

/**
 * Text that anyone may have written, so that nothing in it is hidden: control characters as their pictures, marks of
 * direction, lone surrogates and other invisible ones as escapes. Line breaks and tabs stay.
 */
export const visibleText = (text: string): string => text.replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, shown)
