import type { ClientOptions } from '../loki/client-options.ts'
import { documented, listOf, nameRule, record, secret, type Wrong } from './decoder.ts'
import { checkedText, text } from './scalars.ts'

/** What is wrong with the name of a header, or null. */
export const headerName = nameRule("^[\\w!#$%&'*+.^`|~-]+$", { code: 'BAD_VALUE', expected: 'a header name' })

export const headerValue = secret(
  checkedText(
    'a header value without line breaks',
    nameRule('^[\\t\\x20-\\x7e\\x80-\\xff]*$', {
      code: 'BAD_VALUE',
      expected: 'a header value in Latin-1 without line breaks',
    }),
  ),
)

/** Headers that prometheus/common lets nobody set (config/headers.go), without those that only Prometheus sends. */
const RESERVED =
  /^(?:authorization|host|content-(?:encoding|length|type)|user-agent|connection|keep-alive|proxy-authenticate|proxy-authorization|www-authenticate|accept-encoding)$/i

/** What is wrong with a name in `http_headers`, or null. */
export const httpHeaderName = (name: string): Wrong | null =>
  RESERVED.test(name) ? { code: 'BAD_VALUE', expected: 'a header that may be set' } : headerName(name)

/** One of `http_headers`. */
export const httpHeader = record(
  {
    values: documented(listOf(headerValue), { says: 'What the header says.', example: '[sre]', default: 'none' }),
    secrets: documented(listOf(headerValue), {
      says: 'The same, for what nobody should see.',
      example: '[s3cret]',
      default: 'none',
    }),
    files: documented(listOf(text()), {
      says: 'The same, read from files for each push.',
      example: '[/etc/loki/header]',
      type: 'list of paths',
      default: 'none',
    }),
  },
  ({ values, secrets, files }) => ({ inline: [...values, ...secrets], files }),
)

type HttpHeaders = Readonly<Record<string, { readonly inline: readonly string[]; readonly files: readonly string[] }>>

/** Those of `http_headers` that are known now; several values are one, as RFC 9110, section 5.3, allows. */
export const inlineHeaders = (headers: HttpHeaders): ClientOptions['headers'] =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, { inline, files }]) =>
      files.length > 0 || inline.length === 0 ? [] : [[name, inline.join(', ')]],
    ),
  )

/** Those of `http_headers` that have a part in a file. */
export const fileHeaders = (headers: HttpHeaders): ClientOptions['fileHeaders'] =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, { inline, files }]) => {
      if (files.length === 0) return []
      const values = inline.map((value) => ({ kind: 'inline' as const, value }))
      return [[name, [...values, ...files.map((path) => ({ kind: 'file' as const, path }))]]]
    }),
  )
