import type { QueryProblem, Span } from './ast.ts'
import { type Token, tokenize } from './tokens.ts'

/** Thrown inside the parser only; `parseQuery` makes it a value. */
export class QueryError extends Error {
  readonly code = 'LOGQL'
  readonly problem: QueryProblem

  constructor(message: string, span: Span) {
    super(message)
    this.problem = { message, from: span.from, to: span.to }
  }
}

/** Deepest nesting of parentheses and functions; a query of people has five. */
const MAX_DEPTH = 100

/** Most operations, stages and filters together; bounds the depth of the tree too. */
const MAX_PARTS = 1000

/** Column in characters, from 1. */
const columnOf = (text: string, at: number): number => {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  return Array.from(text.slice(at === 0 ? 0 : lineStart, at)).length + 1
}

/** The tokens of a query with a place among them. Every refusal is a thrown `QueryError`. */
export class TokenReader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #parts = 0
  #refused: QueryError | null = null

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[this.#next + ahead] ?? this.#tokens.at(-1)
    if (token === undefined) throw new Error('tokenize gave no token')
    return token
  }

  is(...kinds: readonly string[]): boolean {
    return kinds.includes(this.peek().kind)
  }

  take(): Token {
    const token = this.peek()
    if (token.kind === 'ERROR') throw this.unexpected([])
    this.#next += 1
    return token
  }

  /** Takes a token if it is of the kind. */
  skip(kind: string): boolean {
    if (!this.is(kind)) return false
    this.#next += 1
    return true
  }

  expect(...kinds: readonly string[]): Token {
    if (!this.is(...kinds)) throw this.unexpected(kinds)
    return this.take()
  }

  /** A name of a label. Loki's lexer calls stray characters names too; they are refused here. */
  name(...orElse: readonly string[]): string {
    const { kind, text } = this.peek()
    if (kind !== 'IDENTIFIER') throw this.unexpected(['IDENTIFIER', ...orElse])
    if (!/^[\p{L}_]/u.test(text)) throw this.unexpected([])
    return this.take().text
  }

  /** @param wanted named in the message if there are at most four, as Loki's parser does */
  unexpected(wanted: readonly string[]): QueryError {
    const token = this.peek()
    const at = `parse error at line ${this.#lineOf(token)}, col ${columnOf(this.#text, token.from)}: `
    if (token.kind === 'ERROR') return new QueryError(at + token.text, token)
    const expecting = wanted.length === 0 || wanted.length > 4 ? '' : `, expecting ${wanted.join(' or ')}`
    return new QueryError(`${at}syntax error: unexpected ${token.kind}${expecting}`, token)
  }

  /** A query that reads well and means nothing. @param from where the meaningless part began */
  refuse(why: string, from: number): QueryError {
    const to = this.#tokens[this.#next - 1]?.to ?? from
    return new QueryError(`parse error : ${why}`, { from, to })
  }

  /**
   * Refuses at the end: what means nothing is told only if all of it reads well, as Loki does it. Of several the
   * leftmost is told, which is the outermost too.
   */
  refuseLater(why: string, from: number): void {
    const error = this.refuse(why, from)
    if (this.#refused === null || from < this.#refused.problem.from) this.#refused = error
  }

  /** Ends the reading: everything must be read, and nothing refused. */
  end(): void {
    if (!this.is('$end')) throw this.unexpected([])
    if (this.#refused !== null) throw this.#refused
  }

  /** The span from a place to the last token taken. */
  spanFrom(from: number): Span {
    return { from, to: this.#tokens[this.#next - 1]?.to ?? from }
  }

  /** Counts one more part of the query. */
  count(): void {
    this.#parts += 1
    if (this.#parts > MAX_PARTS) throw this.refuse(`the query has more than ${MAX_PARTS} parts`, this.peek().from)
  }

  /** Reads something one level deeper. */
  nested<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) {
      throw this.refuse(`the query is nested deeper than ${MAX_DEPTH} levels`, this.peek().from)
    }
    this.count()
    const result = read()
    this.#depth -= 1
    return result
  }

  #lineOf(token: Token): number {
    return token.isLineKnown ? this.#text.slice(0, token.from).split('\n').length : 0
  }
}
