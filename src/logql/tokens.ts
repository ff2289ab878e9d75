import type { Span } from './ast.ts'
import { parseByteCount } from './byte-count.ts'
import { parseGoDuration, parsePrometheusDuration } from './duration.ts'
import { unquote } from './unquote.ts'

/**
 * A token as Loki's lexer (pkg/logql/syntax/lex.go) sees it. `kind` is how Loki names it in messages: `IDENTIFIER`,
 * `STRING`, `NUMBER`, `DURATION`, `BYTES`, `RANGE`, `FUNCTION_FLAG`, `$end`, the name of a function in capitals, or the
 * keyword or sign itself. `ERROR`: here the text stops being LogQL, `text` says why.
 */
export type Token = Span & {
  readonly kind: string
  /** Of a STRING what it means, else as written. */
  readonly text: string
  /** Nanoseconds of a DURATION or RANGE, bytes of BYTES; else 0. */
  readonly amount: bigint
  /** Loki forgets the line of a token that it reads rune by rune, and says 0. */
  readonly isLineKnown: boolean
}

const KEYWORDS = new Set([
  ...['unwrap', 'by', 'without', 'bool', 'label_replace', 'offset', 'on', 'ignoring', 'group_left', 'group_right'],
  ...['or', 'and', 'unless', 'json', 'regexp', 'logfmt', 'unpack', 'pattern', 'label_format', 'line_format', 'ip'],
  ...['decolorize', 'drop', 'keep'],
])

/** Only before `(`, or before `by (` and `without (`; elsewhere they are plain names. */
const FUNCTIONS = new Set([
  ...['rate', 'rate_counter', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'avg_over_time', 'sum_over_time'],
  ...['min_over_time', 'max_over_time', 'stdvar_over_time', 'stddev_over_time', 'quantile_over_time'],
  ...['first_over_time', 'last_over_time', 'absent_over_time', 'vector', 'sum', 'avg', 'max', 'min', 'count'],
  ...['stddev', 'stdvar', 'bottomk', 'topk', 'sort', 'sort_desc', 'label_replace', 'approx_topk'],
  ...['bytes', 'duration', 'duration_seconds', 'ip'],
])

/** For `unwrap`. */
const CONVERSIONS = new Set(['bytes', 'duration', 'duration_seconds'])

const SPACE = /[ \t\r\n]+|#[^\n]*/y
const NUMBER = /0[xXoO][\da-fA-F_]*|\d[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d*)?|\.\d[\d_]*(?:[eE][-+]?\d*)?/y
/** What Go's scanner takes for a number in another base, and then finds wrong. */
const BINARY = /0[bB]/y
const OCTAL = /0[\d_]*?([89])[\d_]*(?![\d_.eE])/y
const FLAG = /--(?:strict|keep-empty)(?![-\p{L}])/uy
const DURATION_REST = /[\p{N}nuµmshdwy.]+/uy
const BYTES_REST = /[\p{N}BikKMGTP.]+/uy
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y
/** An escape that Go's scanner does not know. */
const UNKNOWN_ESCAPE =
  /^"(?:[^\\]|\\(?:[abfnrtv\\"]|x[\da-fA-F]{2}|[0-7]{3}|u[\da-fA-F]{4}|U[\da-fA-F]{8}))*\\(?![abfnrtv\\"]|x[\da-fA-F]{2}|[0-7]{3}|u[\da-fA-F]{4}|U[\da-fA-F]{8})/
const RANGE = /\[([^\]]*)\]/y
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const CALL = /\s*(?:\(|(?:by|without)\s*\()/iy
const SIGN = /\|=|\|~|\|>|=~|==|!=|!~|!>|>=|<=|[,.{}=|()[\]+\-*/%^<>]/y

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const plain = (kind: string, text: string, from: number): Token => ({
  kind,
  text,
  amount: 0n,
  from,
  to: from + text.length,
  isLineKnown: true,
})

const failed = (why: string, from: number, isLineKnown = true): Token => ({
  ...plain('ERROR', why, from),
  to: from + 1,
  isLineKnown,
})

const measured = (kind: string, text: string, { from, amount }: { from: number; amount: bigint }): Token => ({
  ...plain(kind, text, from),
  amount,
  isLineKnown: false,
})

const duration = (text: string): bigint | null => {
  const outcome = parsePrometheusDuration(text)
  const go = outcome.kind === 'ok' ? outcome : parseGoDuration(text)
  return go.kind === 'ok' ? go.ns : null
}

/** A number, or a duration or bytes if the characters behind it make it one. */
const numberAt = (text: string, from: number, written: string): Token => {
  const behind = from + written.length
  const durationText = written + (matchAt(DURATION_REST, text, behind)?.[0] ?? '')
  const ns = durationText === written ? null : duration(durationText)
  if (ns !== null) return measured('DURATION', durationText, { from, amount: ns })
  const bytesText = written + (matchAt(BYTES_REST, text, behind)?.[0] ?? '')
  const bytes = bytesText === written ? null : parseByteCount(bytesText)
  if (bytes?.kind === 'ok') return measured('BYTES', bytesText, { from, amount: BigInt(bytes.value) })
  return plain('NUMBER', written, from)
}

const minusAt = (text: string, from: number): Token => {
  const flag = matchAt(FLAG, text, from)?.[0]
  if (flag !== undefined) return { ...plain('FUNCTION_FLAG', flag, from), isLineKnown: false }
  const rest = matchAt(DURATION_REST, text, from + 1)?.[0] ?? ''
  const outcome = parseGoDuration(`-${rest}`)
  if (outcome.kind === 'invalid') return plain('-', '-', from)
  return measured('DURATION', `-${rest}`, { from, amount: outcome.ns })
}

const stringAt = (text: string, from: number): Token => {
  const quoted = matchAt(STRING, text, from)?.[0]
  if (quoted === undefined) return failed('literal not terminated', from)
  if (quoted.startsWith('"') && UNKNOWN_ESCAPE.test(quoted)) return failed('invalid char escape', from)
  const value = unquote(quoted)
  if (value === null) return failed('invalid syntax', from)
  return { ...plain('STRING', value, from), to: from + quoted.length }
}

const rangeAt = (text: string, from: number): Token => {
  const match = matchAt(RANGE, text, from)
  if (match === null) return failed("missing closing ']' in duration", from, false)
  const outcome = parsePrometheusDuration(match[1] ?? '')
  if (outcome.kind === 'invalid') return failed(outcome.message, from, false)
  return measured('RANGE', match[0], { from, amount: outcome.ns })
}

const nameAt = (text: string, from: number, name: string): Token => {
  const lower = name.toLowerCase()
  if (FUNCTIONS.has(lower)) {
    const isCall = matchAt(CALL, text, from + name.length) !== null
    if (!isCall) return plain('IDENTIFIER', name, from)
    if (CONVERSIONS.has(lower)) return plain(`${lower.toUpperCase()}_CONV`, name, from)
    return plain(KEYWORDS.has(lower) ? lower : lower.toUpperCase(), name, from)
  }
  return plain(KEYWORDS.has(lower) ? lower : 'IDENTIFIER', name, from)
}

const tokenAt = (text: string, from: number): Token => {
  const first = text.charAt(from)
  if (first === '"' || first === '`') return stringAt(text, from)
  if (first === '[') return rangeAt(text, from)
  if (first === '-') return minusAt(text, from)
  if (matchAt(BINARY, text, from) !== null) return failed('decimal literal has no digits', from)
  const octal = matchAt(OCTAL, text, from)
  if (octal !== null) return failed(`invalid digit '${octal[1] ?? ''}' in octal literal`, from)
  const number = matchAt(NUMBER, text, from)?.[0]
  if (number !== undefined) return numberAt(text, from, number)
  const name = matchAt(NAME, text, from)?.[0]
  if (name !== undefined) return nameAt(text, from, name)
  const sign = matchAt(SIGN, text, from)?.[0]
  if (sign !== undefined) return { ...plain(sign, sign, from), isLineKnown: sign.length === 1 }
  return plain('IDENTIFIER', String.fromCodePoint(text.codePointAt(from) ?? 0), from)
}

/** The tokens of a query; the last is `$end`, or the first ERROR. Never throws. */
export const tokenize = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  for (let at = 0; ;) {
    for (let space = matchAt(SPACE, text, at); space !== null; space = matchAt(SPACE, text, at)) at += space[0].length
    if (at >= text.length) return [...tokens, plain('$end', '', at)]
    const token = tokenAt(text, at)
    tokens.push(token)
    if (token.kind === 'ERROR') return tokens
    at = token.to
  }
}
