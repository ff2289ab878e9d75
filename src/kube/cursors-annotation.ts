import type { LoadOutcome } from './checkpoint.ts'
import type { Lease } from './lease-object.ts'

/** The annotation of the agent's Lease: a JSON object of cursor key to cursor text. */
export const CURSORS_ANNOTATION = 'eventail/cursors'

/** The API server refuses annotations of more than 256 KiB in total (TotalAnnotationSizeLimitB). */
const MAX_ANNOTATION_BYTES = 200 * 1024

export type EncodedCursors =
  { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'too_long'; readonly why: string }

/** The annotation's text, if it fits. */
export const encodeCursors = (cursors: Readonly<Record<string, string>>): EncodedCursors => {
  const text = JSON.stringify(cursors)
  if (Buffer.byteLength(text) <= MAX_ANNOTATION_BYTES) return { kind: 'ok', text }
  return { kind: 'too_long', why: `cursors of more than ${MAX_ANNOTATION_BYTES} bytes do not fit an annotation` }
}

const decode = (text: string): LoadOutcome => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'corrupt', why: 'not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'corrupt', why: 'not an object' }
  const entries: [string, unknown][] = Object.entries(value)
  const cursors = entries.filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  if (cursors.length !== entries.length) return { kind: 'corrupt', why: 'a cursor is not a text' }
  return { kind: 'found', cursors: Object.fromEntries(cursors) }
}

/** The cursors a Lease carries. */
export const cursorsIn = (lease: Lease): LoadOutcome => {
  const text = lease.annotations[CURSORS_ANNOTATION]
  return text === undefined ? { kind: 'none' } : decode(text)
}
