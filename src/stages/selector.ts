import { compileGoRegExp } from '../regexp/go-regexp.ts'
import { remembered } from '../regexp/memo.ts'
import { unquote } from '../template/unquote.ts'
import type { WorkEntry } from './stage.ts'

export type Selector = (entry: WorkEntry) => boolean

export type ParsedSelector =
  { readonly kind: 'ok'; readonly test: Selector } | { readonly kind: 'error'; readonly why: string }

class SelectorError extends Error {}

type Token = { readonly kind: string; readonly text: string; readonly at: number }

const TOKEN =
  /\s+|\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|[\p{L}_][\p{L}\p{Nd}_]*|\d[\p{L}\w.]*|\|=|\|~|=~|!~|!=|[\s\S]/suy

const SIGNS = new Set([',', '.', '{', '}', '=', '!=', '=~', '!~', '|=', '|~', '"', '`', "'"])

/** What is no sign and no string is a name, be it a number: Promtail's scanner does not ask. */
const kindOf = (text: string): string => {
  if (text.startsWith('"') && text.length > 1) return 'STRING'
  return SIGNS.has(text) ? text : 'IDENTIFIER'
}

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  for (const match of text.matchAll(new RegExp(TOKEN, 'gu'))) {
    const [piece] = match
    const isBlank = /^(?:\s|\/\/|\/\*)/.test(piece)
    if (!isBlank) tokens.push({ kind: kindOf(piece), text: piece, at: match.index })
  }
  return [...tokens, { kind: '$end', text: '', at: text.length }]
}

const MATCHES = ['=', '!=', '=~', '!~']
const FILTERS = ['!=', '!~', '|~', '|=']

const regExpTest = (pattern: string): ((text: string) => boolean) => {
  const compiled = compileGoRegExp(pattern)
  if (compiled.kind === 'error') throw new SelectorError(compiled.why)
  return remembered((text) => compiled.regexp.test(text))
}

class SelectorReader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? { kind: '$end', text: '', at: this.#text.length }
  }

  expect(kinds: readonly string[]): Token {
    const token = this.peek()
    this.#next += 1
    if (kinds.includes(token.kind)) return token
    const before = this.#text.slice(0, token.at)
    const [line, col] = [before.split('\n').length, before.length - before.lastIndexOf('\n')]
    const wanted = kinds.join(' or ')
    throw new SelectorError(
      `parse error at line ${line}, col ${col}: syntax error: unexpected ${token.kind}, expecting ${wanted}`,
    )
  }

  string(): string {
    const token = this.expect(['STRING'])
    const text = unquote(token.text)
    if (text === null) throw new SelectorError(`parse error at col ${token.at + 1}: ${token.text} is no string`)
    return text
  }
}

const readMatcher = (reader: SelectorReader): Selector => {
  const name = reader.expect(['IDENTIFIER']).text
  const operator = reader.expect(MATCHES).kind
  const value = reader.string()
  const wanted = !operator.startsWith('!')
  const isEqual = operator === '=' || operator === '!='
  const test = isEqual ? (text: string) => text === value : regExpTest(`^(?s:${value})$`)
  return ({ labels }) => test(labels.get(name) ?? '') === wanted
}

const readFilter = (reader: SelectorReader): Selector => {
  const operator = reader.expect(FILTERS).kind
  const value = reader.string()
  const wanted = operator.startsWith('|')
  const test = operator.endsWith('=') ? (text: string) => text.includes(value) : regExpTest(value)
  return ({ line }) => test(line) === wanted
}

const read = (text: string): Selector => {
  const reader = new SelectorReader(text)
  reader.expect(['{'])
  const tests: Selector[] = []
  do tests.push(readMatcher(reader))
  while (reader.expect(['}', ',']).kind === ',')
  while (reader.peek().kind !== '$end') tests.push(readFilter(reader))
  return (entry) => tests.every((test) => test(entry))
}

/**
 * The selector of a `match` stage: matchers on labels in braces, then any number of line filters. This is Promtail's own
 * small language (pkg/logentry/logql), not the whole of LogQL: strings in double quotes only, no `or`, no empty braces.
 */
export const parseSelector = (text: string): ParsedSelector => {
  try {
    return { kind: 'ok', test: read(text) }
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    return { kind: 'error', why: error.message }
  }
}
