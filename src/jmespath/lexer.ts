/** A text that is no JMESPath expression. Never leaves this room. */
export class JmespathSyntaxError extends Error {}

export type TokenKind =
  | 'dot'
  | 'star'
  | 'comma'
  | 'colon'
  | 'lbrace'
  | 'rbrace'
  | 'lbracket'
  | 'rbracket'
  | 'lparen'
  | 'rparen'
  | 'current'
  | 'flatten'
  | 'filter'
  | 'or'
  | 'pipe'
  | 'and'
  | 'expref'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'not'
  | 'number'
  | 'name'
  | 'quoted name'
  | 'literal'
  | 'raw string'
  | 'unknown'
  | 'end'

/** `value`: the name, the number's digits, the string's text, or the literal's JSON. */
export type Token = { readonly kind: TokenKind; readonly value: string; readonly at: number }

const SIGNS: ReadonlyMap<string, TokenKind> = new Map([
  ['.', 'dot'],
  ['*', 'star'],
  [',', 'comma'],
  [':', 'colon'],
  ['{', 'lbrace'],
  ['}', 'rbrace'],
  ['[', 'lbracket'],
  [']', 'rbracket'],
  ['(', 'lparen'],
  [')', 'rparen'],
  ['@', 'current'],
  ['[]', 'flatten'],
  ['[?', 'filter'],
  ['||', 'or'],
  ['|', 'pipe'],
  ['&&', 'and'],
  ['&', 'expref'],
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'lte'],
  ['>', 'gt'],
  ['>=', 'gte'],
  ['!', 'not'],
  ['=', 'unknown'],
])

const TOKEN =
  /[ \t\n\r]+|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<number>[-0-9][0-9]*)|(?<quoted>"(?:[^"\\]|\\.)*")|(?<raw>'(?:[^'\\]|\\'|\\(?!'))*')|(?<literal>`(?:[^`\\]|\\.)*`)|\[[\]?]?|\|\|?|&&?|[=!<>]=?|[.*,:{}\](\)@]/suy

const quotedName = (quoted: string): string => {
  try {
    const name: unknown = JSON.parse(quoted)
    if (typeof name === 'string') return name.toWellFormed()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new JmespathSyntaxError(`Invalid quoted name: ${quoted}`)
}

const valueOf = (groups: Readonly<Record<string, string | undefined>>): Omit<Token, 'at'> | null => {
  const { name, number, quoted, raw, literal } = groups
  if (name !== undefined) return { kind: 'name', value: name }
  if (number !== undefined) return { kind: 'number', value: number }
  if (quoted !== undefined) return { kind: 'quoted name', value: quotedName(quoted) }
  if (raw !== undefined) return { kind: 'raw string', value: raw.slice(1, -1).replaceAll("\\'", "'") }
  if (literal !== undefined) return { kind: 'literal', value: literal.slice(1, -1).replaceAll('\\`', '`') }
  return null
}

/** The tokens of an expression, with one of kind `end` behind them. */
export const tokenize = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) {
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0)
      const open = `"'\``.includes(char)
      throw new JmespathSyntaxError(open ? `Unclosed delimiter: ${char}` : `Unknown char: ${JSON.stringify(char)}`)
    }
    const [whole] = match
    const value = valueOf(match.groups ?? {})
    const kind = SIGNS.get(whole)
    if (value !== null) tokens.push({ ...value, at })
    else if (kind !== undefined) tokens.push({ kind, value: whole, at })
    at += whole.length
  }
  return [...tokens, { kind: 'end', value: '', at: text.length }]
}
