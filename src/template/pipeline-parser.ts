import { nodeText, type Command, type Operand, type Pipe } from './nodes.ts'
import { parseCharacter, parseNumber } from './number-text.ts'
import type { TokenCursor } from './token-cursor.ts'
import type { Token, TokenKind } from './lexer.ts'
import { unquote } from './unquote.ts'

/** How the parser asks about a function: null when it may be called, else what to say. */
export type FunctionCheck = (name: string) => string | null

const STARTS_OPERAND: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'character',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw',
  'string',
  'variable',
  '(',
])

const FIXED = new Set(['bool', 'dot', 'nil', 'number', 'string'])

/** How many variables may be in scope: each is looked for from the innermost on. */
const MAX_VARIABLES = 200

/** What stands inside an action: pipelines of commands of operands. */
export class PipelineParser {
  /** The variables in scope; whoever opens a scope cuts them back at its end. */
  variables = ['$']
  readonly #cursor: TokenCursor
  readonly #check: FunctionCheck

  constructor(cursor: TokenCursor, check: FunctionCheck) {
    this.#cursor = cursor
    this.#check = check
  }

  /** A pipeline and the token that ends it. @throws SyntaxProblem */
  pipeline(context: string, end: TokenKind): Pipe {
    const { at } = this.#cursor.peekSolid()
    const { variables, assigns } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.#cursor.nextSolid()
      if (token.kind === end) break
      if (!STARTS_OPERAND.has(token.kind)) this.#cursor.unexpected(token, context)
      this.#cursor.backTo(this.#cursor.index - 1)
      commands.push(this.#command())
    }
    this.#checkPipeline(commands, context)
    return { kind: 'pipe', at, variables, assigns, commands }
  }

  /** The text of a string token. @throws SyntaxProblem */
  unquoted(token: Token): string {
    return unquote(token.value) ?? this.#cursor.fail('invalid syntax')
  }

  #checkPipeline(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#cursor.fail(`missing value for ${context}`)
    const fixed = commands.findIndex(({ args: [first] }, index) => index > 0 && FIXED.has(first?.kind ?? ''))
    if (fixed > 0) this.#cursor.fail(`non executable command in pipeline stage ${fixed + 1}`)
  }

  #declarations(context: string): { readonly variables: readonly string[]; readonly assigns: boolean } {
    const variables: string[] = []
    for (;;) {
      const start = this.#cursor.index
      const variable = this.#cursor.peekSolid()
      if (variable.kind !== 'variable') return { variables, assigns: false }
      this.#cursor.next()
      const after = this.#cursor.peekSolid()
      if (after.kind === 'assign' || after.kind === 'declare') {
        this.#cursor.next()
        this.#declare(variable.value)
        return { variables: [...variables, variable.value], assigns: after.kind === 'assign' }
      }
      if (after.kind !== 'symbol' || after.value !== ',') {
        this.#cursor.backTo(start)
        return { variables, assigns: false }
      }
      this.#cursor.next()
      variables.push(variable.value)
      this.#declare(variable.value)
      if (context !== 'range' || variables.length > 1) this.#cursor.fail(`too many declarations in ${context}`)
      if (!['variable', 'close', ')'].includes(this.#cursor.peekSolid().kind))
        this.#cursor.fail('range can only initialize variables')
    }
  }

  #declare(name: string): void {
    if (this.variables.length >= MAX_VARIABLES) this.#cursor.fail(`more than ${MAX_VARIABLES} variables`)
    this.variables.push(name)
  }

  #command(): Command {
    const { at } = this.#cursor.peekSolid()
    const args: Operand[] = []
    for (;;) {
      this.#cursor.peekSolid()
      const operand = this.#operand()
      if (operand !== null) args.push(operand)
      const token = this.#cursor.next()
      if (token.kind === 'space') continue
      if (token.kind === 'close' || token.kind === ')') this.#cursor.backTo(this.#cursor.index - 1)
      else if (token.kind !== 'pipe') this.#cursor.unexpected(token, 'operand')
      break
    }
    if (args.length === 0) this.#cursor.fail('empty command')
    return { kind: 'command', at, args }
  }

  #operand(): Operand | null {
    const term = this.#term()
    if (term === null || this.#cursor.peek().kind !== 'field') return term
    // Go places a chain where its second part begins.
    const { at } = this.#cursor.peek()
    const names: string[] = []
    while (this.#cursor.peek().kind === 'field') names.push(this.#cursor.next().value.slice(1))
    if (term.kind === 'field' || term.kind === 'variable' || term.kind === 'chain')
      return { ...term, at, names: [...term.names, ...names] }
    if (FIXED.has(term.kind)) this.#cursor.fail(`unexpected . after term ${JSON.stringify(nodeText(term))}`)
    return { kind: 'chain', at, of: term, names }
  }

  #term(): Operand | null {
    const token = this.#cursor.nextSolid()
    const { at, kind, value } = token
    if (kind === '(') return this.#cursor.deeper(() => this.pipeline('parenthesized pipeline', ')'))
    if (kind === 'identifier') return this.#functionNamed(value, at)
    if (kind === 'variable') return this.#variable(value, at)
    if (kind === 'field') return { kind: 'field', at, names: [value.slice(1)] }
    if (kind === 'number') return this.#checked(parseNumber(value, at))
    if (kind === 'character') return this.#checked(parseCharacter(value, at))
    if (kind === 'string' || kind === 'raw') return { kind: 'string', at, quoted: value, text: this.unquoted(token) }
    if (kind === 'dot' || kind === 'nil') return { kind, at }
    if (kind === 'bool') return { kind: 'bool', at, value: value === 'true' }
    this.#cursor.backTo(this.#cursor.index - 1)
    return null
  }

  #variable(name: string, at: number): Operand {
    if (!this.variables.includes(name)) this.#cursor.fail(`undefined variable ${JSON.stringify(name)}`)
    return { kind: 'variable', at, name, names: [] }
  }

  #functionNamed(name: string, at: number): Operand {
    const problem = this.#check(name)
    if (problem !== null) this.#cursor.fail(problem)
    return { kind: 'function', at, name }
  }

  #checked(operand: Operand | string): Operand {
    return typeof operand === 'string' ? this.#cursor.fail(operand) : operand
  }
}
