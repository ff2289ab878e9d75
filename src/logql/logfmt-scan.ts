import { stringEnd, unescapeJson } from './json-scan.ts'

/** A pair, and where to go on. */
export type LogfmtPair = { readonly key: string; readonly value: string; readonly end: number }

/** What is no pair: message, and where to go on for who forgives it. */
export type LogfmtProblem = { readonly message: string; readonly end: number }

const SPACES = /[\0- ]*/y
const KEY = /[^\0- ="]*/y
const VALUE = /[^\0- ="]*/y
const REST = /[^\0- ]*/y

const endOf = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** Loki counts bytes, from 1. */
const problem = (text: string, at: number, { why, end }: { why: string; end: number }): LogfmtProblem => ({
  message: `logfmt syntax error at pos ${Buffer.byteLength(text.slice(0, at)) + 1} : ${why}`,
  end,
})

const unexpected = (text: string, at: number): LogfmtProblem =>
  problem(text, at, { why: text[at] === '"' ? `unexpected '"'` : `unexpected '='`, end: endOf(REST, text, at) })

const quotedAt = (text: string, at: number, key: string): LogfmtPair | LogfmtProblem => {
  const end = stringEnd(text, at + 1)
  if (end < 0) return problem(text, text.length, { why: 'unterminated quoted value', end: text.length })
  const raw = text.slice(at + 1, end - 1)
  if (!raw.includes('\\')) return { key, value: raw, end }
  // Control characters are refused only where an escape makes the decoder look at each character.
  const value = /[\0-\x1f]/.test(raw) ? null : unescapeJson(raw.replaceAll("\\'", "'"))
  return value === null ? problem(text, end, { why: 'invalid quoted value', end }) : { key, value, end }
}

/**
 * The next `key=value`, `key="value"` or bare `key` at or behind `from` (pkg/logql/log/logfmt). Whatever is above a
 * space belongs to a key. @returns null: there is none
 */
export const logfmtPairAt = (text: string, from: number): LogfmtPair | LogfmtProblem | null => {
  const start = endOf(SPACES, text, from)
  if (start >= text.length) return null
  const keyEnd = endOf(KEY, text, start)
  const key = text.slice(start, keyEnd)
  const behind = text[keyEnd]
  if (behind === '"' || (behind === '=' && key === '')) return unexpected(text, keyEnd)
  if (key.includes('\ufffd')) return problem(text, keyEnd, { why: 'invalid key', end: endOf(REST, text, keyEnd) })
  if (behind !== '=') return { key, value: '', end: keyEnd }
  const at = keyEnd + 1
  if (text[at] === '"') return quotedAt(text, at, key)
  const end = endOf(VALUE, text, at)
  if (text[end] === '=' || text[end] === '"') return unexpected(text, end)
  return { key, value: text.slice(at, end), end }
}
