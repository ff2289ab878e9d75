import type { Decoder, Section } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictFlag, strictText } from '../config/stage-scalars.ts'
import { legacyName, optionalSource } from './options.ts'
import { pure, type StagePlan } from './stage.ts'
import { sourceText } from './text-of.ts'

/** Literal text, or a capture; its name is '' when it is not kept (`<_>`). */
type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'capture'; readonly name: string }

const CAPTURE = /<([a-zA-Z_][a-zA-Z0-9_]*)>/

const piecesOf = (pattern: string): readonly Piece[] => {
  const texts = pattern.split(CAPTURE)
  return texts.flatMap((text, index): Piece[] => {
    if (index % 2 === 1) return [{ kind: 'capture', name: text === '_' ? '' : text }]
    return text === '' ? [] : [{ kind: 'text', text }]
  })
}

/** What Loki finds wrong with a pattern (pkg/logql/log/pattern). */
const check = (pieces: readonly Piece[], section: Section): void => {
  const names = pieces.flatMap((piece) => (piece.kind === 'capture' && piece.name !== '' ? [piece.name] : []))
  const problem = (message: string): void => {
    section.report('pattern', 'BAD_VALUE', `failed to parse pattern: ${message}`)
  }
  if (names.length === 0) problem('at least one capture is required')
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) problem(`duplicate capture name (${repeated})`)
  if (pieces.some((piece, index) => piece.kind === 'capture' && pieces[index + 1]?.kind === 'capture')) {
    problem('consecutive capture without text between them')
  }
  const odd = names.find((name) => legacyName(name) !== null)
  if (odd !== undefined) problem(`invalid capture label name '${odd}'`)
}

type Captured = readonly [name: string, value: string]

/** What the captures hold; a text of the pattern that is missing ends the last of them at the end of the line. */
const capture = (pieces: readonly Piece[], line: string): readonly Captured[] => {
  const captured: Captured[] = []
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'text') {
      if (index === 0 && !line.startsWith(piece.text)) return []
      at += piece.text.length
      continue
    }
    const next = pieces[index + 1]
    const end = next?.kind === 'text' ? line.indexOf(next.text, at) : -1
    const value = end < 0 ? line.slice(at) : line.slice(at, end)
    if (piece.name !== '') captured.push([piece.name, value])
    if (end < 0) return captured
    at = end
  }
  return captured
}

/** `pattern` (Alloy's): values of a line by a pattern of LogQL, such as `<ip> - <_> "<method> <path>"`. */
export const patternStage: Decoder<StagePlan> = stageOptions(
  { pattern: strictText(), source: optionalSource, labels_from_groups: strictFlag(false) },
  ({ pattern, source, labels_from_groups: alsoLabels }, section) => {
    const pieces = piecesOf(pattern)
    if (pattern === '') section.report('pattern', 'MISSING_KEY', 'pattern is required')
    else check(pieces, section)
    return pure('pattern', (entry) => {
      const text = sourceText(entry, source)
      if (text === null || text === '') return true
      for (const [name, value] of capture(pieces, text)) {
        entry.extracted.set(name, value)
        if (alsoLabels && value.isWellFormed()) entry.labels.set(name, value)
      }
      return true
    })
  },
)
