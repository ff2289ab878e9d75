import { bytesOf, textOf } from './byte-text.ts'

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  '\0': '\ufffd',
}

/** Go's template.HTMLEscapeString. */
export const escapeHtml = (text: string): string => text.replaceAll(/[&'<>"\0]/g, (character) => HTML[character] ?? '')

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

const hexCode = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Go's template.JSEscapeString. */
export const escapeJs = (text: string): string =>
  text.replaceAll(/[\\'"<>&=]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => JS[character] ?? hexCode(character))

/** Go's url.QueryEscape. */
export const escapeQuery = (text: string): string => percentEncode(text, /[A-Za-z0-9\-_.~]/).replaceAll('%20', '+')

/** Each byte that is not one of the `kept` ASCII characters becomes %XX. */
export const percentEncode = (text: string, kept: RegExp): string =>
  Array.from(bytesOf(text), (byte) => {
    const character = String.fromCharCode(byte)
    return byte < 0x80 && kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')

/** Go's url.QueryUnescape (`plus`) or PathUnescape; the part that is no escape if there is one. */
export const percentDecode = (
  text: string,
  plus: boolean,
): { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'error'; readonly part: string } => {
  const bad = /%(?![\da-fA-F]{2}).{0,2}/s.exec(text)
  if (bad !== null) return { kind: 'error', part: bad[0] }
  const spaced = plus ? text.replaceAll('+', ' ') : text
  const parts = spaced
    .split(/((?:%[\da-fA-F]{2})+)/)
    .map((part, index) => (index % 2 === 0 ? bytesOf(part) : Buffer.from(part.replaceAll('%', ''), 'hex')))
  return { kind: 'ok', text: textOf(Buffer.concat(parts)) }
}
