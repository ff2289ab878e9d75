import { tokensOf, type Token, type TokenKind } from './lexer.ts'

/** How deep blocks and parentheses may nest. */
const MAX_DEPTH = 200

/** Why a text is no template. Never leaves this room. */
export class SyntaxProblem extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** A token as errors show it. */
const shown = (token: Token): string => {
  if (token.kind === 'end') return 'EOF'
  if (token.kind === 'error') return token.value
  if (token.kind === 'keyword') return `<${token.value}>`
  return token.value.length > 10 ? `${JSON.stringify(token.value.slice(0, 10))}...` : JSON.stringify(token.value)
}

/** A place in the tokens of a template. All its failures are SyntaxProblems. */
export class TokenCursor {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #actionAt = -1

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  get index(): number {
    return this.#index
  }

  /** Notes where the action at hand began, for errors that show on a later line. */
  begin(action: Token): void {
    this.#actionAt = action.at
  }

  /** Goes back to an earlier index. */
  backTo(index: number): void {
    this.#index = index
  }

  peek(): Token {
    return this.#tokens[Math.min(this.#index, this.#tokens.length - 1)] ?? { kind: 'end', at: 0, value: '' }
  }

  next(): Token {
    const token = this.peek()
    this.#index += 1
    return token
  }

  peekSolid(): Token {
    while (this.peek().kind === 'space') this.#index += 1
    return this.peek()
  }

  nextSolid(): Token {
    this.peekSolid()
    return this.next()
  }

  fail(message: string): never {
    const last = this.#tokens[Math.min(Math.max(this.#index - 1, 0), this.#tokens.length - 1)]
    throw new SyntaxProblem(message, last?.at ?? 0)
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${shown(token)} in ${context}`)
    const started = this.#lineAt(this.#actionAt)
    if (this.#actionAt < 0 || started === this.#lineAt(token.at)) this.fail(token.value)
    const link = token.value.endsWith(' action') ? ' started' : ' in action started'
    this.fail(`${token.value}${link} at :${started}`)
  }

  #lineAt(at: number): number {
    return this.#text.slice(0, at).split('\n').length
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextSolid()
    if (token.kind !== kind) this.unexpected(token, context)
    return token
  }

  deeper<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`)
    const result = parse()
    this.#depth -= 1
    return result
  }
}
