/** Printable ASCII that logfmt needs no quotes for. */
const BARE = /^[!#-<>-[\]-~]+$/
/** Printable ASCII that no quoted form has to escape. */
const PLAIN = /^[ !#-[\]-~]*$/
/** As PLAIN, without the characters that Go's JSON encoder escapes for the sake of HTML. */
const PLAIN_HTML = /^[ !#-%'-;=?-[\]-~]*$/
/** What JSON lets stand and a terminal, a line splitter or a browser takes for more than a character. */
const UNSAFE = /[\p{Cc}\u2028\u2029]/u
const UNSAFE_ALL = /[\p{Cc}\u2028\u2029]/gu
const HTML_ALL = /[<>&\p{Cc}\u2028\u2029]/gu
/** What Go's strconv.IsPrint refuses: everything but letters, marks, numbers, punctuation, symbols and the space. */
const UNPRINTABLE_ALL = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

const unicodeEscape = (character: string): string => {
  let escaped = ''
  for (let i = 0; i < character.length; i += 1) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escaped
}

/**
 * A JSON string: no raw control character, DEL, U+2028 or U+2029 in it; a lone surrogate becomes U+FFFD (Go refuses
 * `\ud800`).
 */
export const jsonText = (text: string): string => {
  if (PLAIN.test(text)) return `"${text}"`
  const quoted = JSON.stringify(text.toWellFormed())
  return UNSAFE.test(quoted) ? quoted.replace(UNSAFE_ALL, unicodeEscape) : quoted
}

/**
 * A value of logfmt: bare when that is read back as it is, else quoted as a JSON string, which is what the readers of
 * go-logfmt and Loki (pkg/logql/log/logfmt) take. All that is not ASCII is quoted.
 */
export const logfmtValue = (text: string): string => (BARE.test(text) ? text : jsonText(text))

/** A JSON string as Go's encoding/json writes it: with `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`. */
export const goJsonText = (text: string): string =>
  PLAIN_HTML.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed()).replace(HTML_ALL, unicodeEscape)

/**
 * A string as Go's `%q` writes it (strconv.Quote), with one difference: what is not printable becomes `\u....` also
 * where Go writes `\x07`, `\a`, `\v` or `\U000.....`, because Loki's logfmt reader gives up on those.
 */
export const goQuoted = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed()).replace(UNPRINTABLE_ALL, unicodeEscape)
