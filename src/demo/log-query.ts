import { RE2JS, RE2JSException } from 're2js'
import { unquoteGo } from './loki-labels.ts'

/** A condition on one label; a label that a stream lacks is ''. */
export type Matcher = { readonly name: string; readonly test: (value: string) => boolean }

export type LineFilter = (line: string) => boolean

/** A log query of a stream selector and line filters: the part of LogQL that the embedded Loki knows. */
export type LogQuery = { readonly matchers: readonly Matcher[]; readonly filters: readonly LineFilter[] }

export type LogQueryOutcome =
  { readonly kind: 'ok'; readonly query: LogQuery } | { readonly kind: 'refused'; readonly text: string }

class LogQueryError extends Error {
  readonly code = 'LOG_QUERY'
}

type Token = { readonly kind: string; readonly text: string; readonly at: number }

const TOKEN = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\|=|\|~|\|>|!>|=~|!~|!=|==|./gs

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^["`]./s, 'STRING'],
  [/^or$/, 'or'],
  [/^[A-Za-z_]/, 'IDENTIFIER'],
  [/^[0-9]/, 'NUMBER'],
]

const tokens = (text: string): readonly Token[] => {
  const found: Token[] = []
  for (const match of text.matchAll(TOKEN)) {
    if (/^\s/.test(match[0])) continue
    const kind = KINDS.find(([pattern]) => pattern.test(match[0]))?.[1] ?? match[0]
    found.push({ kind, text: match[0], at: match.index })
  }
  return [...found, { kind: '$end', text: '', at: text.length }]
}

const REGEXP_HINT = 'error parsing regexp: '

const compileRegExp = (pattern: string, fail: (why: string) => LogQueryError): RE2JS => {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (error instanceof RE2JSException) throw fail(error.message.replace(/^(?:error parsing regexp: )?/, REGEXP_HINT))
    throw error
  }
}

const EMPTY_COMPATIBLE =
  'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will'

const UNSUPPORTED =
  'the embedded Loki answers log queries of a selector and line filters (|= != |~ !~) only; not supported here: '

class QueryReader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? { kind: '$end', text: '', at: 0 }
  }

  take(): Token {
    const token = this.peek()
    this.#next += 1
    return token
  }

  expect(kinds: readonly string[]): Token {
    const token = this.take()
    if (kinds.includes(token.kind)) return token
    throw this.unexpected(token, kinds)
  }

  unexpected(token: Token, wanted: readonly string[] = []): LogQueryError {
    const where = `parse error at line 1, col ${token.at + 1}: syntax error: unexpected ${token.kind}`
    return new LogQueryError(wanted.length === 0 ? where : `${where}, expecting ${wanted.join(' or ')}`)
  }

  string(wanted: readonly string[] = ['STRING']): string {
    const token = this.take()
    const value = token.kind === 'STRING' ? unquoteGo(token.text) : null
    if (value === null) throw this.unexpected(token, wanted)
    return value
  }
}

const readMatcher = (reader: QueryReader): Matcher => {
  const name = reader.expect(['IDENTIFIER', '}']).text
  const operator = reader.expect(['=', '=~', '!~', '!=']).kind
  const value = reader.string()
  if (operator === '=') return { name, test: (text) => text === value }
  if (operator === '!=') return { name, test: (text) => text !== value }
  const regexp = compileRegExp(`^(?s:${value})$`, (why) => new LogQueryError(`parse error : ${why}`))
  return { name, test: (text) => regexp.test(text) === (operator === '=~') }
}

const readSelector = (reader: QueryReader): readonly Matcher[] => {
  reader.expect(['{'])
  const matchers: Matcher[] = []
  while (reader.peek().kind !== '}') {
    matchers.push(readMatcher(reader))
    if (reader.expect(['}', ',']).kind === '}') return matchers
  }
  reader.take()
  return matchers
}

/** `|= "a" or "b"`: one of them; `!= "a" or "b"`: none of them. */
const readFilter = (reader: QueryReader): LineFilter => {
  const operator = reader.take().kind
  const tests: LineFilter[] = []
  do {
    if (reader.peek().text === 'ip') throw new LogQueryError(`${UNSUPPORTED}ip()`)
    const value = reader.string(['STRING', 'ip'])
    if (operator === '|=' || operator === '!=') {
      tests.push((line) => line.includes(value))
    } else {
      const stage = `stage '${operator} ${JSON.stringify(value)}'`
      const regexp = compileRegExp(value, (why) => new LogQueryError(`parse error : ${stage} : ${why}`))
      tests.push((line) => regexp.test(line))
    }
  } while (reader.peek().kind === 'or' && reader.take().kind === 'or')
  const wanted = operator.startsWith('|')
  return (line) => tests.some((test) => test(line)) === wanted
}

const parse = (text: string): LogQuery => {
  const reader = new QueryReader(text)
  const metric = /^\s*(?:[a-z_]+\s*(?:\(|by\b|without\b)|\(|[-+0-9])/i.exec(text)
  if (metric !== null) throw new LogQueryError(`${UNSUPPORTED}metric queries: ${text.trim().slice(0, 100)}`)
  if (reader.peek().kind !== '{') throw reader.unexpected(reader.peek())
  const matchers = readSelector(reader)
  const filters: LineFilter[] = []
  for (let token = reader.peek(); token.kind !== '$end'; token = reader.peek()) {
    if (['|', '|>', '!>'].includes(token.kind)) {
      reader.take()
      throw new LogQueryError(`${UNSUPPORTED}${token.text} ${reader.peek().text}`.trimEnd())
    }
    if (!['|=', '|~', '!=', '!~'].includes(token.kind)) throw reader.unexpected(token)
    filters.push(readFilter(reader))
  }
  if (!matchers.some(({ test }) => !test(''))) throw new LogQueryError(EMPTY_COMPATIBLE)
  return { matchers, filters }
}

/** Parses a log query; what it does not know is refused by name. */
export const parseLogQuery = (text: string): LogQueryOutcome => {
  try {
    return { kind: 'ok', query: parse(text) }
  } catch (error) {
    if (error instanceof LogQueryError) return { kind: 'refused', text: error.message }
    throw error
  }
}

/** The matchers of a selector that may stand alone (series, labels). */
export const parseSelector = (text: string): LogQueryOutcome => {
  const outcome = parseLogQuery(text)
  const isBare = outcome.kind === 'ok' ? outcome.query.filters.length === 0 : !outcome.text.startsWith(UNSUPPORTED)
  return isBare ? outcome : { kind: 'refused', text: 'only label matchers are supported' }
}

/** Whether a stream's labels meet all matchers. */
export const matches = (matchers: readonly Matcher[], labels: Iterable<readonly [string, string]>): boolean => {
  const values = new Map(labels)
  return matchers.every(({ name, test }) => test(values.get(name) ?? ''))
}
