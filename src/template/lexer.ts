import { scanNumber } from './number-text.ts'

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'bool'
  | 'nil'
  | 'dot'
  | 'number'
  | 'character'
  | 'string'
  | 'raw'
  | 'pipe'
  | 'declare'
  | 'assign'
  | '('
  | ')'
  | 'symbol'
  | 'end'
  | 'error'

/** `value` is the text of the token, or what is wrong with it. */
export type Token = { readonly kind: TokenKind; readonly at: number; readonly value: string }

const KEYWORDS = new Set(['break', 'continue', 'block', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])

const SPACE = /[ \t\r\n]/
const WORD = /[\p{L}\p{Nd}_]*/uy
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y
const RAW = /`[^`]*`/y
const CLOSE = /(?:[ \t\r\n]-)?\}\}/y
const SPACES = /[ \t\r\n]+/y
/** What ends a word besides a blank. */
const TERMINATOR = /^(?:$|[ \t\r\n.,|:()]|\}\})/

const matchAt = (pattern: RegExp, text: string, at: number): string | null => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

/** Go's `%#U`. */
const unicodeName = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${character}'`
}

/** The tokens of a template. The last one is the end or an error. */
class Lexer {
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0
  #parentheses = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): readonly Token[] {
    let going = true
    while (going) going = this.#outside()
    return this.#tokens
  }

  #emit(kind: TokenKind, value: string): true {
    this.#tokens.push({ kind, at: this.#at, value })
    this.#at += value.length
    return true
  }

  #fail(value: string): false {
    this.#tokens.push({ kind: 'error', at: this.#at, value })
    return false
  }

  /** Text up to the next action, and that action. */
  #outside(): boolean {
    const open = this.#text.indexOf('{{', this.#at)
    const end = open < 0 ? this.#text.length : open
    const trims = open >= 0 && this.#text[open + 2] === '-' && SPACE.test(this.#text[open + 3] ?? '')
    const raw = this.#text.slice(this.#at, end)
    const text = trims ? raw.replace(/[ \t\r\n]+$/, '') : raw
    if (text !== '') this.#emit('text', text)
    this.#at = end
    if (open < 0) {
      this.#emit('end', '')
      return false
    }
    const begin = open + (trims ? 3 : 2)
    const comment = begin + (trims ? 1 : 0)
    if (this.#text.startsWith('/*', comment)) return this.#comment(comment)
    this.#emit('open', '{{')
    this.#at = begin
    this.#parentheses = 0
    return this.#inside()
  }

  #comment(begin: number): boolean {
    this.#at = begin
    const end = this.#text.indexOf('*/', begin + 2)
    if (end < 0) return this.#fail('unclosed comment')
    const close = matchAt(CLOSE, this.#text, end + 2)
    if (close === null) return this.#fail('comment ends before closing delimiter')
    this.#at = end + 2 + close.length
    this.#trimAfter(close)
    return true
  }

  #trimAfter(close: string): void {
    if (close.length > 2) this.#at += matchAt(SPACES, this.#text, this.#at)?.length ?? 0
  }

  #inside(): boolean {
    for (;;) {
      const close = matchAt(CLOSE, this.#text, this.#at)
      if (close !== null) {
        if (this.#parentheses > 0) return this.#fail('unclosed left paren')
        this.#emit('close', close)
        this.#trimAfter(close)
        return true
      }
      if (this.#at >= this.#text.length) return this.#fail('unclosed action')
      if (!this.#token()) return false
    }
  }

  #token(): boolean {
    const first = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)
    if (SPACE.test(first)) return this.#space()
    const next = this.#text[this.#at + 1] ?? ''
    if (first === '.' && !/\d/.test(next)) return this.#named('field', first)
    if (/[+\-.\d]/.test(first)) return this.#number()
    if (first === '$') return this.#named('variable', first)
    if (/[\p{L}_\p{Nd}]/u.test(first)) return this.#word()
    return this.#quotedOrSymbol(first, next)
  }

  #quotedOrSymbol(first: string, next: string): boolean {
    switch (first) {
      case '"':
        return this.#delimited('string', QUOTED, 'unterminated quoted string')
      case '`':
        return this.#delimited('raw', RAW, 'unterminated raw quoted string')
      case "'":
        return this.#delimited('character', CHARACTER, 'unterminated character constant')
      case ':':
        return next === '=' ? this.#emit('declare', ':=') : this.#fail('expected :=')
      case '=':
        return this.#emit('assign', first)
      case '|':
        return this.#emit('pipe', first)
      case '(':
        this.#parentheses += 1
        return this.#emit('(', first)
      case ')':
        this.#parentheses -= 1
        return this.#parentheses < 0 ? this.#fail('unexpected right paren') : this.#emit(')', first)
    }
    if (/[!-~]/.test(first)) return this.#emit('symbol', first)
    return this.#fail(`unrecognized character in action: ${unicodeName(first)}`)
  }

  /** Blanks, but the one before a trimming end belongs to that. */
  #space(): boolean {
    const spaces = matchAt(SPACES, this.#text, this.#at) ?? ''
    const trims = this.#text.startsWith('-}}', this.#at + spaces.length)
    return this.#emit('space', trims ? spaces.slice(0, -1) : spaces)
  }

  #delimited(kind: TokenKind, pattern: RegExp, problem: string): boolean {
    const found = matchAt(pattern, this.#text, this.#at)
    return found === null ? this.#fail(problem) : this.#emit(kind, found)
  }

  #named(kind: 'field' | 'variable', prefix: string): boolean {
    const name = prefix + (matchAt(WORD, this.#text, this.#at + 1) ?? '')
    if (!this.#terminated(name)) return this.#badCharacter(name)
    return this.#emit(name === '.' ? 'dot' : kind, name)
  }

  #word(): boolean {
    const word = matchAt(WORD, this.#text, this.#at) ?? ''
    if (!this.#terminated(word)) return this.#badCharacter(word)
    if (KEYWORDS.has(word)) return this.#emit('keyword', word)
    if (word === 'nil') return this.#emit('nil', word)
    return this.#emit(word === 'true' || word === 'false' ? 'bool' : 'identifier', word)
  }

  #terminated(word: string): boolean {
    const end = this.#at + word.length
    return TERMINATOR.test(this.#text.slice(end, end + 2))
  }

  #badCharacter(word: string): false {
    const code = this.#text.codePointAt(this.#at + word.length) ?? 0
    return this.#fail(`bad character ${unicodeName(String.fromCodePoint(code))}`)
  }

  #number(): boolean {
    const { text, complete } = scanNumber(this.#text, this.#at)
    return complete ? this.#emit('number', text) : this.#fail(`bad number syntax: ${JSON.stringify(text)}`)
  }
}

/** Splits a template as Go's text/template/parse/lex.go does, with the same errors. */
export const tokensOf = (text: string): readonly Token[] => new Lexer(text).run()
