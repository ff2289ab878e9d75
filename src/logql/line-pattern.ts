/** A piece of a pattern: text, or a capture (`_`: nameless). */
export type PatternPiece = { readonly kind: 'text' | 'capture'; readonly text: string }

const CAPTURE = /<([a-zA-Z_][a-zA-Z0-9_]*)>/g

/** Text and captures of `<ip> - <_> "<method>`. */
export const patternPieces = (pattern: string): readonly PatternPiece[] => {
  const pieces: PatternPiece[] = []
  let at = 0
  for (const match of pattern.matchAll(CAPTURE)) {
    if (match.index > at) pieces.push({ kind: 'text', text: pattern.slice(at, match.index) })
    pieces.push({ kind: 'capture', text: match[1] ?? '_' })
    at = match.index + match[0].length
  }
  return at < pattern.length ? [...pieces, { kind: 'text', text: pattern.slice(at) }] : pieces
}

const named = (pieces: readonly PatternPiece[]): readonly string[] =>
  pieces.filter(({ kind, text }) => kind === 'capture' && text !== '_').map(({ text }) => text)

const consecutive = (pieces: readonly PatternPiece[]): string | null => {
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1]
    if (piece.kind === 'capture' && next?.kind === 'capture') {
      return `found consecutive capture '<${piece.text}><${next.text}>': invalid expression`
    }
  }
  return null
}

/** What is wrong with the pattern of a parser, in Loki's words; null: nothing. */
export const parserPatternProblem = (pattern: string): string | null => {
  const pieces = patternPieces(pattern)
  if (pattern === '')
    return 'parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL'
  const names = named(pieces)
  if (names.length === 0) return 'at least one capture is required'
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return consecutive(pieces) ?? (twice === undefined ? null : `duplicate capture name (${twice}): invalid expression`)
}

/** What is wrong with the pattern of a line filter (`|>`); null: nothing. */
export const filterPatternProblem = (pattern: string): string | null => {
  const pieces = patternPieces(pattern)
  const [name] = named(pieces)
  if (name !== undefined) return `named captures are not allowed: found '<${name}>'`
  return consecutive(pieces)
}

/**
 * Whether a line fits a pattern to its end; a capture takes at least one character. A text at the beginning may stand
 * anywhere, as Loki has it (pkg/logql/log/pattern/pattern.go, Test).
 */
export const patternTest = (pattern: string): ((line: string) => boolean) => {
  const pieces = patternPieces(pattern)
  const endsOpen = pieces.at(-1)?.kind === 'capture'
  return (line) => {
    if (line === '' || pieces.length === 0) return line === '' && pieces.length === 0
    let at = 0
    for (const [index, { kind, text }] of pieces.entries()) {
      if (kind === 'capture') continue
      const found = line.indexOf(text, at)
      if (found < 0 || (found === at && index > 0)) return false
      at = found + text.length
    }
    return endsOpen === at < line.length
  }
}

/** The named captures of a line; when a text is not found, the capture before it takes the rest, and that is all. */
export const patternMatches = (pattern: string): ((line: string) => readonly (readonly [string, string])[]) => {
  const pieces = patternPieces(pattern)
  return (line) => {
    const found: (readonly [string, string])[] = []
    if (line === '') return found
    let at = 0
    for (const [index, { kind, text }] of pieces.entries()) {
      if (kind === 'text') {
        if (index === 0 && !line.startsWith(text)) return []
        if (index === 0) at = text.length
        continue
      }
      const next = pieces[index + 1]
      const end = next === undefined ? -1 : line.indexOf(next.text, at)
      if (text !== '_') found.push([text, line.slice(at, end < 0 ? undefined : end)])
      if (end < 0) return found
      at = end + (next?.text.length ?? 0)
    }
    return found
  }
}
