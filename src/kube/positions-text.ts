import { createHash } from 'node:crypto'
import { parseDocument, stringify } from 'yaml'

/** Every entry of a positions file, ours and others', in its order. */
export type Positions = ReadonlyMap<string, string>

export type ParsedPositions =
  { readonly kind: 'ok'; readonly positions: Positions } | { readonly kind: 'corrupt'; readonly why: string }

const HEAD = '# Written by Eventail; delete this line after a change by hand. sha256 '

const digest = (content: string): string => createHash('sha256').update(content).digest('hex').slice(0, 32)

/**
 * Promtail's positions file (clients/pkg/promtail/positions): one map `positions` of texts. A comment with a digest
 * stands before it, because one wrong digit in a resourceVersion would skip events without a sign.
 */
export const renderPositions = (positions: Positions): string => {
  const content = stringify({ positions }, { lineWidth: 0, defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' })
  return `${HEAD}${digest(content)}\n${content}`
}

const intact = (text: string): boolean => {
  if (!text.startsWith(HEAD)) return true
  const end = text.indexOf('\n')
  return end !== -1 && text.slice(HEAD.length, end) === digest(text.slice(end + 1))
}

const corrupt = (why: string): ParsedPositions => ({ kind: 'corrupt', why })

const asPositions = (root: unknown): ParsedPositions => {
  if (!(root instanceof Map) || root.size !== 1) return corrupt('not a positions file')
  const map: unknown = root.get('positions')
  if (!(map instanceof Map)) return corrupt('not a positions file')
  const positions = new Map<string, string>()
  for (const [key, value] of map as ReadonlyMap<unknown, unknown>) {
    if (typeof key !== 'string' || typeof value !== 'string') return corrupt('a position is not a text')
    positions.set(key, value)
  }
  return { kind: 'ok', positions }
}

/** Reads a positions file of Promtail's or ours. A file without the digest line (Promtail's, edited) is taken as is. */
export const parsePositions = (text: string): ParsedPositions => {
  if (!intact(text)) return corrupt('its content does not fit its digest')
  // All scalars are texts in this schema; a number of Promtail's stays what it was.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent' })
  if (document.errors.length > 0) return corrupt('not valid YAML')
  try {
    return asPositions(document.toJS({ mapAsMap: true, maxAliasCount: 0 }))
  } catch {
    return corrupt('YAML aliases have no place in it')
  }
}
