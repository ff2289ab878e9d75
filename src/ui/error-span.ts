import { parseQuery } from '../logql/parse.ts'

/** A part of a query, offsets into its text; `from` is less than `to` or both are its end. */
export type ErrorSpan = { readonly from: number; readonly to: number }

/** As Loki's parser tells a place (pkg/logql/syntax/parser.go). Line 0 is its end of the input. */
const PLACE = /parse error at line (\d+), col (\d+)/

const lineStart = (text: string, line: number): number => {
  let at = 0
  for (let left = line; left > 1; left -= 1) {
    const newline = text.indexOf('\n', at)
    if (newline < 0) return at
    at = newline + 1
  }
  return at
}

/** The word at an offset, or the one character there. */
const wordAt = (text: string, from: number): ErrorSpan => {
  const word = /^(?:[\w$]+|.)/su.exec(text.slice(from))?.[0] ?? ''
  return { from, to: Math.min(text.length, from + word.length) }
}

/**
 * What of a query an error is about: the place that our own parser finds, which tells one for errors of meaning too, else
 * the one that Loki's message names. Null: nobody knows.
 */
export const errorSpan = (query: string, message: string): ErrorSpan | null => {
  const parsed = parseQuery(query)
  if (parsed.kind === 'error') {
    const { from, to } = parsed.problem
    return { from: Math.min(from, query.length), to: Math.min(Math.max(from, to), query.length) }
  }
  const place = PLACE.exec(message)
  if (place === null) return null
  const [line, column] = [Number(place[1]), Number(place[2])]
  if (line === 0) return { from: query.length, to: query.length }
  const start = lineStart(query, line)
  // Columns count characters, offsets count UTF-16 units.
  const before = Array.from(query.slice(start))
    .slice(0, Math.max(0, column - 1))
    .join('')
  return wordAt(query, Math.min(query.length, start + before.length))
}
