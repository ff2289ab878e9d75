import { characterAt, codePointOf, type Bytes } from './bytes.ts'

/** One place of a pattern. `bad` stands where the pattern is malformed: that matters only to whoever gets there. */
type Term =
  | { readonly kind: 'byte'; readonly byte: Bytes }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: 'bad' }

/** Terms that follow each other, after a `*` or not. */
type Piece = { readonly star: boolean; readonly terms: readonly Term[] }

/** `bad` when the malformed part of a pattern was reached. */
export type Verdict = 'match' | 'no match' | 'bad'

/** A class member at `at`, possibly escaped, that must be followed by something; null when malformed. */
const member = (text: Bytes, at: number): { readonly code: number; readonly next: number } | null => {
  if (at >= text.length || text[at] === '-' || text[at] === ']') return null
  const from = text[at] === '\\' ? at + 1 : at
  const character = characterAt(text, from)
  const malformed = character === '' || (character.length === 1 && character > '\x7f')
  const next = from + character.length
  return malformed || next >= text.length ? null : { code: codePointOf(character), next }
}

/** The class whose `[` is at `open`, and where it ends. */
const classAt = (text: Bytes, open: number): { readonly term: Term; readonly next: number } => {
  const bad = { term: { kind: 'bad' }, next: text.length } as const
  const negated = text[open + 1] === '^'
  const ranges: (readonly [number, number])[] = []
  let at = open + (negated ? 2 : 1)
  while (ranges.length === 0 || text[at] !== ']') {
    const low = member(text, at)
    if (low === null) return bad
    const high = text[low.next] === '-' ? member(text, low.next + 1) : low
    if (high === null) return bad
    ranges.push([low.code, high.code])
    at = high.next
  }
  return { term: { kind: 'class', negated, ranges }, next: at + 1 }
}

const termsOf = (text: Bytes): readonly Term[] => {
  const terms: Term[] = []
  for (let at = 0; at < text.length;) {
    const byte = text[at] ?? ''
    if (byte === '[') {
      const { term, next } = classAt(text, at)
      terms.push(term)
      at = next
      continue
    }
    if (byte === '\\') {
      const escaped = text[at + 1]
      terms.push(escaped === undefined ? { kind: 'bad' } : { kind: 'byte', byte: escaped })
      at += 2
      continue
    }
    terms.push(byte === '?' ? { kind: 'any' } : { kind: 'byte', byte })
    at += 1
  }
  return terms
}

/** Where the piece that starts at `from` ends: before the next `*` that is neither escaped nor in a class. */
const pieceEnd = (text: Bytes, from: number): number => {
  let inClass = false
  for (let at = from; at < text.length; at += 1) {
    const byte = text[at]
    if (byte === '\\') at += 1
    else if (byte === '[') inClass = true
    else if (byte === ']') inClass = false
    else if (byte === '*' && !inClass) return at
  }
  return text.length
}

/** Splits at stars. Several stars are one. */
const piecesOf = (text: Bytes): readonly Piece[] => {
  const pieces: Piece[] = []
  for (let at = 0; at < text.length;) {
    const start = at
    while (text[at] === '*') at += 1
    const end = pieceEnd(text, at)
    pieces.push({ star: at > start, terms: termsOf(text.slice(at, end)) })
    at = end
  }
  return pieces
}

const admits = (term: Term, character: Bytes): boolean => {
  if (term.kind === 'byte') return character === term.byte
  if (term.kind !== 'class') return term.kind === 'any'
  const code = codePointOf(character)
  return term.ranges.some(([low, high]) => low <= code && code <= high) !== term.negated
}

/** Where the terms end when they match at `from`; terms never reach beyond the text, so a `bad` there is not seen. */
const endOf = (terms: readonly Term[], text: Bytes, from: number): number | 'no match' | 'bad' => {
  let at = from
  for (const term of terms) {
    if (at >= text.length) return 'no match'
    if (term.kind === 'bad') return 'bad'
    const character = term.kind === 'byte' ? text.slice(at, at + 1) : characterAt(text, at)
    if (!admits(term, character)) return 'no match'
    at += character.length
  }
  return at
}

/** The end of the first place from `from` on where the piece matches; the last piece must end where the text ends. */
const find = (piece: Piece, text: Bytes, from: number, last: boolean): number | 'no match' | 'bad' => {
  const furthest = piece.star ? text.length : from
  for (let at = from; at <= furthest; at += 1) {
    const end = endOf(piece.terms, text, at)
    if (end === 'bad') return 'bad'
    if (end !== 'no match' && (!last || end === text.length)) return end
  }
  return 'no match'
}

/**
 * Whether the whole text matches a shell pattern (`*`, `?`, `[a-z]`, `[^a]`, `\c`), with the rules of Go's `path.Match`
 * except that `*` also spans slashes. A malformed pattern is noticed only where matching reaches the malformed part.
 */
export const shellPattern = (pattern: Bytes): ((text: Bytes) => Verdict) => {
  const pieces = piecesOf(pattern)
  return (text) => {
    let at = 0
    for (const [index, piece] of pieces.entries()) {
      if (piece.star && piece.terms.length === 0) return 'match'
      const last = index === pieces.length - 1
      const found = find(piece, text, at, last)
      if (typeof found !== 'number') return found
      at = found
    }
    return at === text.length ? 'match' : 'no match'
  }
}
