import type { KubeFailure, StreamLine } from './client.ts'
import { decodeEvent } from './decode-event.ts'
import type { DeadLetter, KubeEvent } from './event.ts'
import { letterOfHead, letterOfInvalid, metadataInHead } from './frame-head.ts'
import { withoutOwnership } from './managed-fields.ts'
import { isResourceVersion } from './resource-version.ts'
import { failureOfStatus, member } from './status.ts'

export type IgnoredFrame = 'unknown_type' | 'no_revision'

/** What one line of a watch says. */
export type Frame =
  | { readonly kind: 'event'; readonly event: KubeEvent }
  /** DELETED or BOOKMARK: the watch got to this revision, and there is nothing to ship. */
  | { readonly kind: 'moved'; readonly resourceVersion: string }
  /** An event that can't be shipped as one, and never will. */
  | { readonly kind: 'dead'; readonly letter: DeadLetter }
  /** A complete line that is not JSON; perhaps a fault of this connection. */
  | { readonly kind: 'unreadable'; readonly letter: DeadLetter }
  /** ERROR: its Status, as if it were the answer's. */
  | { readonly kind: 'refused'; readonly failure: Extract<KubeFailure, { kind: 'http' }> }
  | { readonly kind: 'ignored'; readonly reason: IgnoredFrame }

const DELETED = Buffer.from('{"type":"DELETED","object":{"kind":"Event","apiVersion":"v1","metadata":{')
const REVISION_KEY = Buffer.from('"resourceVersion":"')
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const QUOTE = 0x22

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const hasBrace = (line: Buffer, start: number, end: number): boolean => {
  for (let i = start; i < end; i += 1) {
    const byte = line[i]
    if (byte === OPENING_BRACE || byte === CLOSING_BRACE) return true
  }
  return false
}

/**
 * The revision of a DELETED frame without parsing it: half of all frames are deletions, with their whole body. Only for
 * a frame that begins exactly as the API server writes it, and only a key of the metadata itself: a brace before the
 * key means that it belongs to something else. '' when in doubt.
 */
export const deletedRevision = (line: Buffer): string => {
  if (line.length <= DELETED.length || line.compare(DELETED, 0, DELETED.length, 0, DELETED.length) !== 0) return ''
  const key = line.indexOf(REVISION_KEY, DELETED.length)
  if (key === -1 || hasBrace(line, DELETED.length, key)) return ''
  const start = key + REVISION_KEY.length
  const end = line.indexOf(QUOTE, start)
  const resourceVersion = end === -1 ? '' : line.toString('latin1', start, Math.min(end, start + 40))
  return isResourceVersion(resourceVersion) ? resourceVersion : ''
}

const movedTo = (resourceVersion: unknown): Frame =>
  isResourceVersion(resourceVersion) && resourceVersion !== '0'
    ? { kind: 'moved', resourceVersion }
    : { kind: 'ignored', reason: 'no_revision' }

const refused = (status: unknown): Frame => {
  const seconds = member(member(status, 'details'), 'retryAfterSeconds')
  const retryAfterMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null
  return { kind: 'refused', failure: failureOfStatus(status, 0, retryAfterMs) }
}

const eventFrame = (object: unknown, line: Buffer): Frame => {
  const decoded = decodeEvent(object)
  return decoded.kind === 'event' ? decoded : { kind: 'dead', letter: letterOfInvalid(decoded, line) }
}

/** A line longer than the limit: what it is can still be read at its beginning. */
const oversizeFrame = (head: Buffer, sizeBytes: number): Frame => {
  const type = /^\{"type":"([A-Z]{1,16})"/.exec(head.toString('latin1', 0, 32))?.[1]
  if (type === 'ADDED' || type === 'MODIFIED')
    return { kind: 'dead', letter: letterOfHead('line_too_long', head, sizeBytes) }
  if (type === 'DELETED' || type === 'BOOKMARK') return movedTo(metadataInHead(head).resourceVersion)
  return { kind: 'ignored', reason: 'unknown_type' }
}

const parse = (line: Buffer): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(withoutOwnership(line.toString('utf8'))) }
  } catch {
    return null
  }
}

/** Reads one line; never throws, whatever it holds. The line's bytes are not kept. */
export const readFrame = (line: StreamLine): Frame => {
  if (line.kind === 'oversize') return oversizeFrame(asBuffer(line.head), line.sizeBytes)
  const bytes = asBuffer(line.bytes)
  const deleted = deletedRevision(bytes)
  if (deleted !== '' && deleted !== '0') return { kind: 'moved', resourceVersion: deleted }
  const parsed = parse(bytes)
  if (parsed === null) return { kind: 'unreadable', letter: letterOfHead('invalid_json', bytes, bytes.length) }
  const object = member(parsed.json, 'object')
  switch (member(parsed.json, 'type')) {
    case 'ADDED':
    case 'MODIFIED':
      return eventFrame(object, bytes)
    case 'DELETED':
    case 'BOOKMARK':
      return movedTo(member(member(object, 'metadata'), 'resourceVersion'))
    case 'ERROR':
      return refused(object)
    default:
      return { kind: 'ignored', reason: 'unknown_type' }
  }
}
