import { listRevision } from './probe.ts'
import { member } from './status.ts'

/** One page of a LIST. */
export type Page = {
  readonly items: readonly unknown[]
  /** null on the last page. */
  readonly continueToken: string | null
  readonly resourceVersion: string
}

/** Longest continue token that is kept: it goes into a URL and into the checkpoint. Real ones have about 150 bytes. */
const MAX_TOKEN_CHARS = 16 * 1024

/** @returns null when the body is not a list that can be relied on: it must not be taken for an empty one. */
export const readPage = (body: unknown): Page | null => {
  const resourceVersion = listRevision(body)
  const token = member(member(body, 'metadata'), 'continue') ?? ''
  const items = member(body, 'items')
  if (resourceVersion === null || typeof token !== 'string' || token.length > MAX_TOKEN_CHARS) return null
  // Go writes an empty list as null where nobody made a slice.
  if (!Array.isArray(items) && items !== null) return null
  return { items: items ?? [], continueToken: token === '' ? null : token, resourceVersion }
}
