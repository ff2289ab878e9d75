/** Greek capitals with a iota beside them: JavaScript writes two letters, Unicode's simple mapping has one. */
const iotaCapital = (code: number): number | null => {
  if (code >= 0x1f80 && code <= 0x1faf) return code | 8
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return code + 9
  return null
}

const upperOf = (letter: string): string => {
  const upper = letter.toUpperCase()
  if (upper.length === letter.length || Array.from(upper).length === 1) return upper
  const capital = iotaCapital(letter.codePointAt(0) ?? 0)
  return capital === null ? letter : String.fromCodePoint(capital)
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** Go's `strings.ToUpper`: letter by letter, so that the number of letters stays (`ß` has no capital of its own). */
export const toUpper = (text: string): string =>
  isAscii(text) ? text.toUpperCase() : Array.from(text, upperOf).join('')

/** Go's `strings.ToLower`: letter by letter, without regard to a letter's neighbours. */
export const toLower = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : Array.from(text, (letter) => Array.from(letter.toLowerCase())[0] ?? '').join('')
