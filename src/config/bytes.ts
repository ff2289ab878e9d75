/**
 * Text as Go sees it: a string whose every char is one byte of UTF-8 (0..255). Lengths, positions and cuts in such a
 * string are in bytes, and a cut inside a character is possible, as it is there.
 */
export type Bytes = string

/** What Go writes for a byte that is not UTF-8: U+FFFD in UTF-8. */
const REPLACEMENT: Bytes = '\xef\xbf\xbd'

export const toBytes = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1')

/** Bytes that are not UTF-8 become U+FFFD. */
export const fromBytes = (bytes: Bytes): string => Buffer.from(bytes, 'latin1').toString('utf8')

/** Bytes in the sequence that a first byte announces; 0 where no sequence starts. */
const announced = (first: number): number => {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first < 0xe0) return 2
  if (first >= 0xe0 && first < 0xf0) return 3
  return first >= 0xf0 && first < 0xf5 ? 4 : 0
}

/** The character that starts at `at`, as its bytes; a byte that is not UTF-8 stands alone. */
export const characterAt = (bytes: Bytes, at: number): Bytes => {
  const width = announced(bytes.charCodeAt(at))
  const candidate = bytes.slice(at, at + width)
  return width > 0 && toBytes(fromBytes(candidate)) === candidate ? candidate : bytes.slice(at, at + 1)
}

/** The code point of what `characterAt` gave; U+FFFD for a byte that is not UTF-8. */
export const codePointOf = (character: Bytes): number => fromBytes(character).codePointAt(0) ?? 0xfffd

export const charactersOf = (bytes: Bytes): Bytes[] => {
  const characters: Bytes[] = []
  for (let at = 0; at < bytes.length; at += characters.at(-1)?.length ?? 1) characters.push(characterAt(bytes, at))
  return characters
}

/** Go's `string([]rune(s))`: bytes that are not UTF-8 are replaced. */
export const wellFormed = (character: Bytes): Bytes =>
  character.length === 1 && character > '\x7f' ? REPLACEMENT : character
