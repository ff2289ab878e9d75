/** Around the name of an environment variable in a text that is not printed yet: characters that mean nothing. */
const OPEN = '\u{e000}'
const CLOSE = '\u{e001}'
const MARKED = /\u{e000}(\w+)\u{e001}/gu

/** Stands for the value of an environment variable until the file is printed. */
export const envReference = (name: string): string => `${OPEN}${name}${CLOSE}`

export const envMarked = (text: string): boolean => text.includes(OPEN)

/** Characters that could be taken for such a mark are none of a configuration. */
export const hasMarks = (text: string): boolean => /[\u{e000}\u{e001}]/u.test(text)

/**
 * The text of a file with `${NAME}` for each mark. What `-config.expand-env` would change besides is escaped then, because
 * such a file is only right with it.
 */
export const withReferences = (text: string): string => {
  if (!envMarked(text)) return text
  return text
    .replaceAll(/[$\\]/g, (character) => character.repeat(2))
    .replaceAll(MARKED, (_, name: string) => `\${${name}}`)
}
