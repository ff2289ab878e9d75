/** Labels sorted by name, without empty values. */
export type LabelPairs = readonly (readonly [name: string, value: string])[]

type Token =
  | { readonly kind: 'name' | 'string'; readonly text: string; readonly value: string }
  | { readonly kind: '{' | '}' | ',' | '=' | '!=' | '=~' | '!~' | 'end'; readonly text: string }

/** A text that is no label set; `message` as Prometheus' parser words it. */
export class LabelSyntaxError extends Error {
  readonly code = 'LABEL_SYNTAX'
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const sortedPairs = (pairs: Iterable<readonly [string, string]>): LabelPairs =>
  [...pairs].filter(([, value]) => value !== '').sort(([a], [b]) => byCodeUnit(a, b))

/** `{a="b", c="d"}`, as Loki writes a stream in its messages. */
export const formatLabels = (pairs: Iterable<readonly [string, string]>): string =>
  `{${[...pairs].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`

const GO_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

const unescapeOne = (escape: string): string => {
  const simple = Object.hasOwn(GO_ESCAPES, escape) ? GO_ESCAPES[escape] : undefined
  if (simple !== undefined) return simple
  const code = /^[0-7]/.test(escape) ? parseInt(escape, 8) : parseInt(escape.slice(1), 16)
  if (Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\uFFFD'
  return String.fromCodePoint(code)
}

/** The value of a Go string literal with its quotes; null when it is none. */
export const unquoteGo = (literal: string): string | null => {
  const quote = literal[0]
  const body = literal.slice(1, -1)
  if (literal.length < 2 || literal.at(-1) !== quote) return null
  if (quote === '`') return body
  if (body.includes('\n')) return null
  const escapes = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[abfnrtv\\"'])/g
  if (body.replace(escapes, '').includes('\\')) return null
  return body.replace(escapes, (_, escape: string) => unescapeOne(escape))
}

const STRING = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)/s

class LabelReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  fail(message: string, at = this.#at): LabelSyntaxError {
    const column = Buffer.byteLength(this.#text.slice(0, at)) + 1
    return new LabelSyntaxError(`1:${column}: parse error: ${message}`)
  }

  /** Where the next token begins, and the token. */
  next(): { readonly token: Token; readonly at: number } {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
    const at = this.#at
    const rest = this.#text.slice(at)
    const take = (token: Token): { readonly token: Token; readonly at: number } => {
      this.#at += token.text.length
      return { token, at }
    }
    if (rest === '') return take({ kind: 'end', text: '' })
    const sign = /^(?:=~|!~|!=|[{},=])/.exec(rest)?.[0]
    if (sign !== undefined) return take({ kind: sign as '=', text: sign })
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0]
    if (name !== undefined) return take({ kind: 'name', text: name, value: name })
    const literal = STRING.exec(rest)?.[0]
    const value = literal === undefined ? null : unquoteGo(literal)
    if (literal !== undefined && value !== null) return take({ kind: 'string', text: literal, value })
    if (/^["'`]/.test(rest)) throw this.fail(literal === undefined ? 'unterminated quoted string' : 'invalid string')
    throw this.fail(`unexpected character inside braces: '${String.fromCodePoint(rest.codePointAt(0) ?? 0)}'`)
  }
}

const describe = (token: Token): string => {
  if (token.kind === 'end') return 'end of input'
  if (token.kind === 'name') return `identifier "${token.text}"`
  return token.kind === 'string' ? `string ${JSON.stringify(token.text)}` : `"${token.text}"`
}

/**
 * Parses a stream's labels by the grammar of Prometheus' metric parser inside braces. Duplicate names are kept: Loki
 * refuses them later. Throws `LabelSyntaxError`.
 */
export const parseLabels = (text: string): LabelPairs => {
  const reader = new LabelReader(text)
  const pairs: (readonly [string, string])[] = []
  const expect = (kinds: readonly Token['kind'][], where: string, wanted: string): Token => {
    const { token, at } = reader.next()
    if (kinds.includes(token.kind)) return token
    throw reader.fail(`unexpected ${describe(token)} in ${where}, expected ${wanted}`, at)
  }
  expect(['{'], 'label set', '"{"')
  for (;;) {
    const name = expect(['name', 'string', '}'], 'label set', 'identifier or "}"')
    if (!('value' in name)) break
    expect(['='], 'label set', '"="')
    const value = expect(['string'], 'label set', 'string')
    pairs.push([name.value, 'value' in value ? value.value : ''])
    if (expect([',', '}'], 'label set', '"," or "}"').kind === '}') break
  }
  const { token, at } = reader.next()
  if (token.kind !== 'end') throw reader.fail(`unexpected ${describe(token)}`, at)
  return sortedPairs(pairs)
}

/**
 * A structured-metadata name as Loki's distributor normalises it (OTLP label namer), or the text of the 500 it answers
 * to the whole push when nothing but underscores is left.
 */
export const normalizeMetadataName = (name: string): { readonly name: string } | { readonly error: string } => {
  if (name === '') return { error: 'label name is empty' }
  const inner = /^__(.+)__$/s.exec(name)?.[1]
  const plain = (inner ?? name).replace(/[^A-Za-z0-9]+/g, '_')
  const led = /^[0-9]/.test(plain) ? `key_${plain}` : plain
  if (/^_+$/.test(led)) return { error: `normalization for label name "${name}" resulted in invalid name "_"` }
  return { name: inner === undefined ? led : `__${led}__` }
}
