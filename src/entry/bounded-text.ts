import { createHash } from 'node:crypto'

/** A UTF-16 unit never takes more UTF-8 bytes than this (a surrogate pair takes four in two units). */
const MAX_BYTES_PER_UNIT = 3
/** `~` and 16 hexadecimal digits. */
const SUFFIX_BYTES = 17

const encoder = new TextEncoder()

/** Bytes of `text` in UTF-8; a lone surrogate counts as U+FFFD. */
export const utf8Bytes = (text: string): number => Buffer.byteLength(text)

/** Whether `text` is so short that it fits whatever its characters are; does not look at them. */
export const isShort = (text: string, maxBytes: number): boolean => text.length * MAX_BYTES_PER_UNIT <= maxBytes

/** Whether `text` takes at most `maxBytes` in UTF-8. */
export const fitsBytes = (text: string, maxBytes: number): boolean =>
  isShort(text, maxBytes) || (text.length <= maxBytes && utf8Bytes(text) <= maxBytes)

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8 and ends between two code points. */
export const cutToBytes = (text: string, maxBytes: number): string => {
  if (fitsBytes(text, maxBytes)) return text
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(maxBytes, 0)))
  return text.slice(0, read)
}

/** The same text by itself: what is cut out of a long text keeps all of it in memory. */
const detached = (text: string): string => Buffer.from(text).toString()

/**
 * `text` itself when it fits, else its beginning and `~` with 64 bits of its SHA-256, so that two long values with the
 * same beginning stay distinct. Well-formed UTF-16, at most `maxBytes` in UTF-8; the same text always gives the same.
 */
export const capped = (text: string, maxBytes: number): string => {
  if (fitsBytes(text, maxBytes)) return text.isWellFormed() ? text : text.toWellFormed()
  const suffix = `~${createHash('sha256')
    .update(text.toWellFormed())
    .digest('hex')
    .slice(0, SUFFIX_BYTES - 1)}`
  const cut = cutToBytes(text, maxBytes - SUFFIX_BYTES).toWellFormed()
  return detached(`${cut}${suffix}`.slice(0, Math.max(maxBytes, 0)))
}
