import { toLower, toUpper } from './text-pieces.ts'

/** Words of `HTTPServer v2`, `http_server-v2`: at signs, at changes of case, and before the last capital of a row. */
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/(?<=[\p{Ll}\p{Nd}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')
    .split(/[\s_-]+/)
    .filter((word) => word !== '')

/** Words in lower case with a sign between: snake_case, kebab-case. */
export const joinedCase = (text: string, sign: string): string => wordsOf(text).map(toLower).join(sign)

/** Words with a capital each, and nothing between. */
export const camelCase = (text: string): string =>
  text
    .split(/[\s_-]+/)
    .map((word) => {
      const [first = '', ...rest] = Array.from(word)
      return toUpper(first) + rest.join('')
    })
    .join('')
