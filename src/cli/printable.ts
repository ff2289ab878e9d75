/** Control characters, marks of direction, lone surrogates, line separators: all that could move a terminal's cursor. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

const escaped = (char: string): string =>
  Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')

/** Text that anyone may have written, for a terminal: what cannot be seen is told as in JSON, such as `\u001b`. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped)

/** JSON that is safe on a terminal too; it says the same. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
