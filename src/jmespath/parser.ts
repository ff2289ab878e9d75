import type { Json } from './json-text.ts'
import type { Comparator, Expression } from './expression.ts'
import { JmespathSyntaxError, tokenize, type Token, type TokenKind } from './lexer.ts'

/** How tightly a token binds what is left of it (go-jmespath's table). */
const BINDING: Partial<Readonly<Record<TokenKind, number>>> = {
  pipe: 1,
  or: 2,
  and: 3,
  eq: 5,
  ne: 5,
  lt: 5,
  lte: 5,
  gt: 5,
  gte: 5,
  flatten: 9,
  star: 20,
  filter: 21,
  dot: 40,
  not: 45,
  lbrace: 50,
  lbracket: 55,
  lparen: 60,
}

const COMPARATORS: readonly TokenKind[] = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte']
const isComparator = (kind: TokenKind): kind is Comparator => COMPARATORS.includes(kind)

/** A projection goes on over whatever binds at least this tightly. */
const PROJECTION_STOP = 10

const MAX_DEPTH = 100

const CURRENT: Expression = { kind: 'current' }

const finite = (_: string, value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError('a number is too large')
  return value
}

const literalOf = (text: string): Json => {
  try {
    return JSON.parse(text, finite) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new JmespathSyntaxError(`expected JSON between backquotes, got ${JSON.stringify(text)}`)
  }
}

type Prefix = (token: Token) => Expression
type Infix = (left: Expression, token: Token) => Expression

/** A top-down operator precedence parser, as the one of github.com/jmespath/go-jmespath. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #prefixes: ReadonlyMap<TokenKind, Prefix> = new Map<TokenKind, Prefix>([
    ['literal', ({ value }) => ({ kind: 'literal', value: literalOf(value) })],
    ['raw string', ({ value }) => ({ kind: 'literal', value })],
    ['name', ({ value }) => ({ kind: 'field', name: value })],
    ['quoted name', (token) => this.#quotedName(token)],
    ['star', () => ({ kind: 'each value', left: CURRENT, right: this.#afterLeadingStar() })],
    ['filter', () => this.#filter(CURRENT)],
    ['lbrace', () => this.#hash()],
    ['flatten', () => this.#flatten(CURRENT)],
    ['lbracket', () => this.#bracket(CURRENT, true)],
    ['current', () => CURRENT],
    ['expref', () => ({ kind: 'reference', of: this.#expression(0) })],
    ['not', () => ({ kind: 'not', of: this.#expression(BINDING.not ?? 0) })],
    ['lparen', () => this.#group()],
  ])
  readonly #infixes: ReadonlyMap<TokenKind, Infix> = new Map<TokenKind, Infix>([
    ['dot', (left) => this.#dot(left)],
    ['pipe', (left) => ({ kind: 'pipe', left, right: this.#expression(BINDING.pipe ?? 0) })],
    ['or', (left) => ({ kind: 'or', left, right: this.#expression(BINDING.or ?? 0) })],
    ['and', (left) => ({ kind: 'and', left, right: this.#expression(BINDING.and ?? 0) })],
    ['lparen', (left, token) => this.#call(left, token)],
    ['filter', (left) => this.#filter(left)],
    ['flatten', (left) => this.#flatten(left)],
    ['lbracket', (left) => this.#bracket(left, false)],
  ])
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  whole(): Expression {
    const expression = this.#expression(0)
    const rest = this.#peek()
    if (rest.kind === 'end') return expression
    throw this.#error(`Unexpected token at the end of the expression: ${rest.kind}`, rest)
  }

  #expression(binding: number): Expression {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#error('expression is nested too deeply', this.#peek())
    let left = this.#prefix(this.#take())
    while (binding < (BINDING[this.#peek().kind] ?? 0)) left = this.#infix(this.#take(), left)
    this.#depth -= 1
    return left
  }

  #prefix(token: Token): Expression {
    const read = this.#prefixes.get(token.kind)
    if (read !== undefined) return read(token)
    throw this.#error(token.kind === 'end' ? 'Incomplete expression' : `Invalid token: ${token.kind}`, token)
  }

  #infix(token: Token, left: Expression): Expression {
    const { kind } = token
    if (isComparator(kind)) {
      return { kind: 'compare', by: kind, left, right: this.#expression(BINDING[kind] ?? 0) }
    }
    const read = this.#infixes.get(kind)
    if (read !== undefined) return read(left, token)
    throw this.#error(`Unexpected token: ${kind}`, token)
  }

  #quotedName(token: Token): Expression {
    if (this.#peek().kind === 'lparen') throw this.#error("Can't have quoted identifier as function name.", token)
    return { kind: 'field', name: token.value }
  }

  #flatten(of: Expression): Expression {
    return { kind: 'each item', left: { kind: 'flatten', of }, right: this.#projected('flatten') }
  }

  #dot(left: Expression): Expression {
    if (this.#peek().kind !== 'star') return { kind: 'then', left, right: this.#afterDot(BINDING.dot ?? 0) }
    this.#take()
    return { kind: 'each value', left, right: this.#projected('dot') }
  }

  #afterLeadingStar(): Expression {
    return this.#peek().kind === 'rbracket' ? CURRENT : this.#projected('star')
  }

  #group(): Expression {
    const inner = this.#expression(0)
    this.#expect('rparen')
    return inner
  }

  #call(left: Expression, token: Token): Expression {
    if (left.kind !== 'field') throw this.#error('expected a function name before the parenthesis', token)
    const args: Expression[] = []
    while (this.#peek().kind !== 'rparen') {
      args.push(this.#expression(0))
      if (this.#peek().kind === 'comma') this.#take()
    }
    this.#take()
    return { kind: 'call', name: left.name, args }
  }

  #filter(left: Expression): Expression {
    const condition = this.#expression(0)
    this.#expect('rbracket')
    const right = this.#peek().kind === 'flatten' ? CURRENT : this.#projected('filter')
    return { kind: 'filter', left, right, condition }
  }

  /** What follows `[`: an index, a slice, `*`, or (where nothing stands before it) a list of expressions. */
  #bracket(left: Expression, canBeList: boolean): Expression {
    const { kind } = this.#peek()
    if (kind === 'number' || kind === 'colon') return this.#indexOrSlice(left)
    if (canBeList && !(kind === 'star' && this.#peek(1).kind === 'rbracket')) return this.#list()
    this.#expect('star')
    this.#expect('rbracket')
    return { kind: 'each item', left, right: this.#projected('star') }
  }

  #indexOrSlice(left: Expression): Expression {
    if (this.#peek().kind === 'colon' || this.#peek(1).kind === 'colon') {
      const slice: Expression = { kind: 'then', left, right: this.#slice() }
      return { kind: 'each item', left: slice, right: this.#projected('star') }
    }
    const index = this.#integer(this.#take())
    this.#expect('rbracket')
    return { kind: 'then', left, right: { kind: 'index', index } }
  }

  #slice(): Expression {
    const parts: (number | null)[] = [null, null, null]
    let part = 0
    while (this.#peek().kind !== 'rbracket' && part < 3) {
      const token = this.#take()
      if (token.kind === 'colon') part += 1
      else if (token.kind === 'number') parts[part] = this.#integer(token)
      else throw this.#error(`Expected tColon or tNumber, received: ${token.kind}`, token)
    }
    this.#expect('rbracket')
    const [start = null, stop = null, step = null] = parts
    return { kind: 'slice', start, stop, step }
  }

  #integer(token: Token): number {
    const number = Number(token.value)
    if (Number.isSafeInteger(number)) return number
    throw this.#error(`expected a whole number, got ${token.value}`, token)
  }

  #list(): Expression {
    const items = [this.#expression(0)]
    while (this.#peek().kind !== 'rbracket') {
      this.#expect('comma')
      items.push(this.#expression(0))
    }
    this.#take()
    return { kind: 'list', items }
  }

  #hash(): Expression {
    const pairs: [string, Expression][] = []
    for (;;) {
      const key = this.#take()
      if (key.kind !== 'name' && key.kind !== 'quoted name') throw this.#error('expected a name in braces', key)
      this.#expect('colon')
      pairs.push([key.value, this.#expression(0)])
      // As with arguments, the comma may be missing.
      const { kind } = this.#peek()
      if (kind === 'comma' || kind === 'rbrace') this.#take()
      if (kind === 'rbrace') return { kind: 'hash', pairs }
    }
  }

  #afterDot(binding: number): Expression {
    const { kind } = this.#peek()
    if (kind === 'name' || kind === 'quoted name' || kind === 'star') return this.#expression(binding)
    if (kind === 'lbracket' || kind === 'lbrace') {
      this.#take()
      return kind === 'lbracket' ? this.#list() : this.#hash()
    }
    throw this.#error('Expected identifier, lbracket, or lbrace', this.#peek())
  }

  /** What a projection applies to each of its items. */
  #projected(by: TokenKind): Expression {
    const binding = BINDING[by] ?? 0
    const { kind } = this.#peek()
    if ((BINDING[kind] ?? 0) < PROJECTION_STOP) return CURRENT
    if (kind === 'lbracket' || kind === 'filter') return this.#expression(binding)
    if (kind !== 'dot') throw this.#error(`Unexpected token: ${kind}`, this.#peek())
    this.#take()
    return this.#afterDot(binding)
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] ?? { kind: 'end', value: '', at: 0 }
  }

  #take(): Token {
    const token = this.#peek()
    this.#next += 1
    return token
  }

  #expect(kind: TokenKind): void {
    const token = this.#take()
    if (token.kind !== kind) throw this.#error(`Expected ${kind}, received: ${token.kind}`, token)
  }

  #error(message: string, token: Token): JmespathSyntaxError {
    return new JmespathSyntaxError(`${message} (at ${token.at + 1})`)
  }
}

/** Parses an expression, or throws JmespathSyntaxError. */
export const parseExpression = (text: string): Expression => new Parser(text).whole()
