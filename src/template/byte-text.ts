import { isUtf8 } from 'node:buffer'

/**
 * Text of Go is bytes, and functions such as `trunc` cut it inside a character. A byte that belongs to no character of
 * UTF-8 is the lone surrogate U+DC00 + byte here: `isWellFormed` tells such text apart, and `toWellFormed` makes one
 * U+FFFD of each stray byte, as Go's encoders do.
 */
const STRAY = 0xdc00

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff

/** The bytes of a text, stray ones included. */
export const bytesOf = (text: string): Buffer => {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  const parts: Buffer[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code >= STRAY + 0x80 && code <= STRAY + 0xff) parts.push(Buffer.of(code - STRAY))
    else parts.push(Buffer.from(character, 'utf8'))
  }
  return Buffer.concat(parts)
}

/** How many bytes the character that begins at `at` has; 0: none begins there. */
const sizeAt = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] ?? 0
  const size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  return at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)) ? size : 0
}

/** The text of some bytes. */
export const textOf = (bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString('utf8')
  const parts: string[] = []
  for (let at = 0; at < buffer.length;) {
    const size = sizeAt(buffer, at)
    parts.push(size === 0 ? String.fromCharCode(STRAY + (buffer[at] ?? 0)) : buffer.toString('utf8', at, at + size))
    at += Math.max(size, 1)
  }
  return parts.join('')
}

/** The number of bytes of a text: Go's `len`. */
export const byteLength = (text: string): number =>
  text.isWellFormed() ? Buffer.byteLength(text, 'utf8') : bytesOf(text).length

/** Go's `text[from:to]`, in bytes; the bounds must hold. */
export const sliceBytes = (text: string, from: number, to?: number): string => textOf(bytesOf(text).subarray(from, to))

/** Pieces put together: stray bytes that now make a character become it. */
export const joinBytes = (text: string): string => (text.isWellFormed() ? text : textOf(bytesOf(text)))

/** The characters of a text as Go's runes: a stray byte is U+FFFD. */
export const runesOf = (text: string): string[] =>
  Array.from(text, (character) => (isSurrogate(character.codePointAt(0) ?? 0) ? '\ufffd' : character))

/** The order of Go's strings: byte by byte. */
export const compareText = (left: string, right: string): number => Buffer.compare(bytesOf(left), bytesOf(right))
