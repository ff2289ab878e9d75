/** A value of Alloy's configuration syntax before it is evaluated. */
export type Expression = { readonly line: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Expression])[] }
  /** `loki.write.default.receiver`. */
  | { readonly kind: 'reference'; readonly path: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'operation'; readonly operator: string; readonly left: Expression; readonly right: Expression }
)

/** `loki.write "default" { ... }`, also within another block. */
export type Block = {
  readonly line: number
  readonly name: string
  /** '' = it has none. */
  readonly label: string
  readonly attributes: ReadonlyMap<string, Expression>
  readonly blocks: readonly Block[]
}

type Token = {
  readonly kind: 'word' | 'string' | 'number' | 'mark' | 'end'
  readonly text: string
  readonly line: number
}

const TOKEN =
  /(?<blank>[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?)|(?<word>[A-Za-z_]\w*)|(?<mark>==|!=|<=|>=|&&|\|\||[{}()[\].,=+\-*/%<>!^])/y

/** Deeper files are refused. */
const MAX_DEPTH = 100

/** What the reader throws at itself and `parseAlloy` turns into a value. */
class SyntaxProblem extends Error {
  readonly line: number
  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  let line = 1
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new SyntaxProblem(`unexpected ${JSON.stringify(text.slice(at, at + 10))}`, line)
    const { blank, string, number, word } = match.groups ?? {}
    const [found] = match
    const kind =
      string !== undefined ? 'string' : number !== undefined ? 'number' : word !== undefined ? 'word' : 'mark'
    if (blank === undefined) tokens.push({ kind, text: found, line })
    line += found.split('\n').length - 1
  }
  return [...tokens, { kind: 'end', text: 'the end', line }]
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

const unquoted = (text: string): string => {
  if (text.startsWith('`')) return text.slice(1, -1)
  return text
    .slice(1, -1)
    .replaceAll(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g, (...found: unknown[]) => {
      const [, x, u, long, octal, simple = ''] = found as (string | undefined)[]
      const hex = x ?? u ?? long
      if (hex !== undefined) return String.fromCodePoint(Math.min(parseInt(hex, 16), 0x10ffff))
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8))
      return SIMPLE[simple] ?? simple
    })
}

const OPERATORS = new Set(['+', '-', '*', '/', '%', '^', '==', '!=', '<', '>', '<=', '>=', '&&', '||'])
const LITERALS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** Blocks and attributes up to `end`. */
  body(end: string): Pick<Block, 'attributes' | 'blocks'> {
    const attributes = new Map<string, Expression>()
    const blocks: Block[] = []
    this.#enter()
    while (!this.#takes(end)) {
      const { line } = this.#peek()
      const name = this.#name()
      if (this.#takes('=')) attributes.set(name, this.#expression())
      else blocks.push(this.#block(name, line))
    }
    this.#depth -= 1
    return { attributes, blocks }
  }

  #enter(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new SyntaxProblem('expected less deeply nested blocks', this.#peek().line)
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: 'the end', line: 0 }
  }

  #next(): Token {
    const token = this.#peek()
    this.#at += 1
    return token
  }

  #takes(text: string): boolean {
    const { kind, text: found } = this.#peek()
    const isIt = found === text && kind !== 'string'
    if (isIt) this.#at += 1
    return isIt
  }

  #expect(text: string): void {
    const { line, text: found } = this.#peek()
    if (!this.#takes(text)) throw new SyntaxProblem(`expected ${text}, got ${found}`, line)
  }

  /** Words joined by dots. */
  #name(): string {
    const words: string[] = []
    do {
      const { kind, text, line } = this.#next()
      if (kind !== 'word') throw new SyntaxProblem(`expected a name, got ${text}`, line)
      words.push(text)
    } while (this.#takes('.'))
    return words.join('.')
  }

  #block(name: string, line: number): Block {
    const label = this.#peek().kind === 'string' ? unquoted(this.#next().text) : ''
    this.#expect('{')
    return { line, name, label, ...this.body('}') }
  }

  #expression(): Expression {
    this.#enter()
    let left = this.#operand()
    while (OPERATORS.has(this.#peek().text) && this.#peek().kind === 'mark') {
      const operator = this.#next().text
      left = { kind: 'operation', operator, left, right: this.#operand(), line: left.line }
    }
    this.#depth -= 1
    return left
  }

  #operand(): Expression {
    const { kind, text, line } = this.#peek()
    if (kind === 'string') return { kind: 'literal', value: unquoted(this.#next().text), line }
    if (kind === 'number') return { kind: 'literal', value: Number(this.#next().text), line }
    if (kind === 'word') return this.#reference(line)
    if (this.#takes('[')) return { kind: 'list', items: this.#items(']', () => this.#expression()), line }
    if (this.#takes('{')) return { kind: 'object', entries: this.#items('}', () => this.#entry()), line }
    if (this.#takes('-') || this.#takes('!')) {
      const nothing: Expression = { kind: 'literal', value: 0, line }
      return { kind: 'operation', operator: text, left: nothing, right: this.#operand(), line }
    }
    this.#expect('(')
    const inner = this.#expression()
    this.#expect(')')
    return inner
  }

  #reference(line: number): Expression {
    let path = this.#name()
    const literal = LITERALS.get(path)
    if (literal !== undefined) return { kind: 'literal', value: literal, line }
    for (;;) {
      if (this.#takes('(')) return { kind: 'call', name: path, args: this.#items(')', () => this.#expression()), line }
      if (!this.#takes('[')) return { kind: 'reference', path, line }
      const index = this.#expression()
      this.#expect(']')
      path += index.kind === 'literal' ? `.${String(index.value)}` : '.?'
      if (this.#takes('.')) path += `.${this.#name()}`
    }
  }

  #entry(): readonly [string, Expression] {
    const { kind, text, line } = this.#next()
    if (kind !== 'word' && kind !== 'string') throw new SyntaxProblem(`expected a key, got ${text}`, line)
    this.#expect('=')
    return [kind === 'string' ? unquoted(text) : text, this.#expression()]
  }

  #items<T>(end: string, read: () => T): readonly T[] {
    const items: T[] = []
    while (!this.#takes(end)) {
      items.push(read())
      if (this.#takes(end)) break
      this.#expect(',')
    }
    return items
  }
}

/** The blocks of a file of Alloy; or what is wrong with it. */
export const parseAlloy = (
  text: string,
):
  | { readonly kind: 'parsed'; readonly blocks: readonly Block[] }
  | { readonly kind: 'wrong'; readonly line: number; readonly why: string } => {
  try {
    return { kind: 'parsed', blocks: new Reader(tokensOf(text)).body('the end').blocks }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    return { kind: 'wrong', line: error.line, why: error.message }
  }
}
