import type { Token } from './lexer.ts'
import type { Branch, Node } from './nodes.ts'
import { PipelineParser, type FunctionCheck } from './pipeline-parser.ts'
import { TokenCursor } from './token-cursor.ts'

/** Go keeps the empty definition of a template apart from one with text in it: a later empty one does not replace. */
const isEmpty = (body: readonly Node[]): boolean =>
  body.every((node) => node.kind === 'text' && node.text.trim() === '')

/** A list of nodes, and what ended it. */
type Items = { readonly body: readonly Node[]; readonly ending: Ending }

type Ending = { readonly kind: 'end' } | { readonly kind: 'else'; readonly continued: 'if' | 'with' | null }

/** Recursive descent over the tokens, as Go's text/template/parse/parse.go. */
export class Parser {
  /** Templates by name; the main one is under the name it was given. */
  readonly templates = new Map<string, readonly Node[]>()
  readonly #cursor: TokenCursor
  readonly #pipelines: PipelineParser
  #rangeDepth = 0

  constructor(text: string, check: FunctionCheck) {
    this.#cursor = new TokenCursor(text)
    this.#pipelines = new PipelineParser(this.#cursor, check)
  }

  /** @throws SyntaxProblem */
  run(name: string): void {
    const body: Node[] = []
    while (this.#cursor.peek().kind !== 'end') {
      if (this.#definition()) continue
      const node = this.#textOrAction()
      if (node.kind === 'end' || node.kind === 'else') this.#cursor.fail(`unexpected {{${node.kind}}}`)
      else body.push(node)
    }
    this.#add(name, body)
  }

  #add(name: string, body: readonly Node[]): void {
    const known = this.templates.get(name)
    if (known !== undefined && !isEmpty(known)) {
      if (isEmpty(body)) return
      this.#cursor.fail(`multiple definition of template ${JSON.stringify(name)}`)
    }
    this.templates.set(name, body)
  }

  /** Parses a `define` if one is next. */
  #definition(): boolean {
    const start = this.#cursor.index
    if (this.#cursor.next().kind === 'open') {
      const token = this.#cursor.nextSolid()
      if (token.kind === 'keyword' && token.value === 'define') {
        const name = this.#templateName('define clause')
        this.#cursor.expect('close', 'define clause')
        this.#separate(name, 'define clause')
        return true
      }
    }
    this.#cursor.backTo(start)
    return false
  }

  /** The body of a definition: a template of its own, with its own variables. */
  #separate(name: string, context: string): void {
    const outer = { variables: this.#pipelines.variables, rangeDepth: this.#rangeDepth }
    this.#pipelines.variables = ['$']
    this.#rangeDepth = 0
    const { body, ending } = this.#cursor.deeper(() => this.#items())
    if (ending.kind !== 'end') this.#cursor.fail(`unexpected {{${ending.kind}}} in ${context}`)
    this.#add(name, body)
    this.#pipelines.variables = outer.variables
    this.#rangeDepth = outer.rangeDepth
  }

  #items(): Items {
    const body: Node[] = []
    while (this.#cursor.peekSolid().kind !== 'end') {
      const node = this.#textOrAction()
      if (node.kind === 'end' || node.kind === 'else') return { body, ending: node }
      body.push(node)
    }
    this.#cursor.fail('unexpected EOF')
  }

  #textOrAction(): Node | Ending {
    const token = this.#cursor.nextSolid()
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.value }
    if (token.kind !== 'open') this.#cursor.unexpected(token, 'input')
    this.#cursor.begin(token)
    const first = this.#cursor.peekSolid()
    if (first.kind === 'keyword') return this.#keyword(this.#cursor.next())
    return { kind: 'action', at: first.at, pipe: this.#pipelines.pipeline('command', 'close') }
  }

  #keyword(token: Token): Node | Ending {
    const { at } = token
    switch (token.value) {
      case 'end':
        this.#cursor.expect('close', 'end')
        return { kind: 'end' }
      case 'else':
        return this.#else()
      case 'if':
      case 'with':
      case 'range':
        return this.#control(token.value, at)
      case 'break':
      case 'continue':
        this.#cursor.expect('close', `{{${token.value}}}`)
        if (this.#rangeDepth === 0) this.#cursor.fail(`{{${token.value}}} outside {{range}}`)
        return { kind: token.value, at }
      case 'template':
        return this.#templateCall(at)
      case 'block':
        return this.#block(at)
    }
    this.#cursor.unexpected(token, 'command')
  }

  /** `{{else}}`; of `{{else if` and `{{else with` the rest is left to the block that it continues. */
  #else(): Ending {
    const next = this.#cursor.peekSolid()
    if (next.kind === 'keyword' && (next.value === 'if' || next.value === 'with'))
      return { kind: 'else', continued: next.value }
    this.#cursor.expect('close', 'else')
    return { kind: 'else', continued: null }
  }

  #control(kind: 'if' | 'with' | 'range', at: number): Node {
    const scope = this.#pipelines.variables.length
    const branch = this.#cursor.deeper(() => this.#branch(kind, at))
    this.#pipelines.variables.length = scope
    return { kind, ...branch }
  }

  #branch(kind: 'if' | 'with' | 'range', at: number): Branch {
    const pipe = this.#pipelines.pipeline(kind, 'close')
    const loop = kind === 'range' ? 1 : 0
    this.#rangeDepth += loop
    const { body, ending } = this.#items()
    this.#rangeDepth -= loop
    return { at, pipe, body, otherwise: ending.kind === 'else' ? this.#otherwise(kind, ending.continued) : null }
  }

  #otherwise(kind: 'if' | 'with' | 'range', continued: 'if' | 'with' | null): readonly Node[] {
    if (continued === kind) return [this.#control(kind, this.#cursor.next().at)]
    if (continued !== null) this.#cursor.unexpected(this.#cursor.next(), 'input')
    const { body, ending } = this.#items()
    if (ending.kind !== 'end') this.#cursor.fail(`expected end; found {{${ending.kind}}}`)
    return body
  }

  #templateName(context: string): string {
    const token = this.#cursor.nextSolid()
    if (token.kind !== 'string' && token.kind !== 'raw') this.#cursor.unexpected(token, context)
    return this.#pipelines.unquoted(token)
  }

  #templateCall(at: number): Node {
    const name = this.#templateName('template clause')
    if (this.#cursor.peekSolid().kind !== 'close')
      return { kind: 'template', at, name, pipe: this.#pipelines.pipeline('template clause', 'close') }
    this.#cursor.next()
    return { kind: 'template', at, name, pipe: null }
  }

  #block(at: number): Node {
    const name = this.#templateName('block clause')
    const pipe = this.#pipelines.pipeline('block clause', 'close')
    this.#separate(name, 'block clause')
    return { kind: 'template', at, name, pipe }
  }
}
