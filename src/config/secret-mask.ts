import { closest } from './closest.ts'

/** What stands in place of a secret, as Promtail prints it. */
export const MASK = '<secret>'

/** Keys whose value, and all below it, is masked wherever a line of the file is shown. */
const SECRET_KEY = /pass|pwd|secret|token|cred|private|authori|api.?key|^(?:key|oauth2|.*headers?)$/i
/** Names that a misspelt key may stand for. */
const SECRET_NAMES = ['password', 'bearer_token', 'credentials']
const NO_SECRET_KEY = /_file$/i
/** Mappings that hold secrets beside other things; where text stands in their place, it is a secret. */
const HOLDER = /^(?:basic_auth|authorization)$/i

/** `key: value`, perhaps after `- `, `{`, `,` or `#`: the indent, the key and where the value starts. */
const KEY = /(^|[{,#]|\s-)(\s*)(["']?)([\w.-]+)\3\s*:(?=[\s"']|$)\s*/g

/** Up to the last `@`, because a password that was not percent-encoded may hold one, or a slash. */
const userInfo = /(\/\/)[^\s"']*@/g

/** Credentials in URLs masked: `https://<secret>@host/`. */
export const maskUserInfo = (text: string): string => text.replaceAll(userInfo, `$1${MASK}@`)

const indentOf = (line: string): number => /^[\s-]*/.exec(line)?.[0].length ?? 0

const isSecret = (key: string, value: string): boolean => {
  if (NO_SECRET_KEY.test(key)) return false
  if (HOLDER.test(key)) return /^[^{&*#]/.test(value)
  return SECRET_KEY.test(key) || closest(key, SECRET_NAMES) !== null
}

/** Where the value of the first secret key on a line starts, or -1. */
const secretStart = (line: string): number => {
  for (const match of line.matchAll(KEY)) {
    const start = match.index + match[0].length
    if (isSecret(match[4] ?? '', line.slice(start))) return start
  }
  return -1
}

/** A line that cannot go on with the value above it, unless it is indented more. */
const STARTS_SOMETHING = /^\s*(?:- |#|["']?[\w.-]+["']?\s*:)/

/** A quote that `value` opens and does not close; '' otherwise. */
const openQuote = (value: string): string => {
  const quote = value.charAt(0)
  if (quote !== '"' && quote !== "'") return ''
  return value.includes(quote, 1) ? '' : quote
}

/**
 * The lines of a YAML file with what may be secret masked, judged by the text alone, so that it also works on a file that
 * does not parse: values of keys that look secret, the deeper lines below such a key, and credentials in URLs.
 */
export const maskLines = (lines: readonly string[]): readonly string[] => {
  let below = -1
  let quote = ''
  return lines.map((line) => {
    if (quote !== '') {
      if (line.includes(quote)) quote = ''
      return MASK
    }
    if (line.trim() === '') return line
    if (below >= 0 && (indentOf(line) > below || !STARTS_SOMETHING.test(line))) return MASK
    below = -1
    const start = secretStart(line)
    if (start < 0) return maskUserInfo(line)
    below = indentOf(line)
    const value = line.slice(start)
    quote = openQuote(value)
    return maskUserInfo(line.slice(0, start)) + (value === '' ? '' : MASK)
  })
}
