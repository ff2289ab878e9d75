import { isScalar, Scalar } from 'yaml'
import type { Decoder } from '../config/decoder.ts'
import type { Place } from '../config/place.ts'

/** A text of a file and where it stands, for what is found wrong with it later. */
export type Located = { readonly text: string; readonly place: Place }

/** Keeps the place of a text. */
export const located = (decoder: Decoder<string>): Decoder<Located> => ({
  ...decoder,
  read: (place) => ({ text: decoder.read(place), place }),
})

/** Offset of a character of a block scalar whose lines stand as they are, behind an indent. */
const inBlock = (written: string, text: string, at: number): number | null => {
  const header = written.indexOf('\n')
  const [first = ''] = written.slice(header + 1).split('\n')
  const indent = first.length - first.trimStart().length
  const before = text.slice(0, at).split('\n')
  const lines = written
    .slice(header + 1)
    .split('\n')
    .slice(0, before.length - 1)
  const skipped = lines.reduce((length, line) => length + line.length + 1, 0)
  const found = header + 1 + skipped + indent + (before.at(-1)?.length ?? 0)
  return written[found] === text[at] || at >= text.length ? found : null
}

/** Offset of a character behind `at` others, each of them written as `escape` (two characters) or as itself. */
const inQuotes = (written: string, at: number, escape: RegExp): number | null => {
  let offset = 1
  for (let passed = 0; passed < at; passed += 1) {
    if (written[offset] === '\n' || offset >= written.length) return null
    offset += escape.test(written.slice(offset, offset + 2)) ? 2 : 1
  }
  return offset
}

const offsetWithin = (type: string | undefined, written: string, text: string, at: number): number | null => {
  if (type === Scalar.BLOCK_LITERAL) return inBlock(written, text, at)
  if (type === Scalar.QUOTE_SINGLE) return inQuotes(written, at, /^''/)
  if (type === Scalar.QUOTE_DOUBLE) return /\\[^"\\nt]/.test(written) ? null : inQuotes(written, at, /^\\/)
  return written.startsWith(text) ? at : null
}

/**
 * The place of one character of a scalar, so that a caret stands under it; where it was written in a way that moves
 * characters about (folded lines), the place of the scalar. `source` is the file's text.
 */
export const placeAt = (source: string, { text, place }: Located, at: number): Place => {
  const { node } = place
  if (!isScalar(node) || node.range === undefined || node.range === null) return place
  const [from, to] = node.range
  const within = offsetWithin(node.type, source.slice(from, to), text, at)
  return within === null ? place : { ...place, offset: from + within }
}
