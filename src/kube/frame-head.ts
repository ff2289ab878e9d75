import type { DeadLetter } from './event.ts'
import { isResourceVersion } from './resource-version.ts'

/** How much of a frame is searched for its metadata: name, namespace and uid together stay well below. */
const SEARCHED_BYTES = 4096
const LETTER_HEAD_BYTES = 1024

const METADATA = '"metadata":{'

/** What identifies a frame that is no event; '' where it could not be read. */
export type Identification = Pick<DeadLetter, 'uid' | 'resourceVersion' | 'creationTimestamp' | 'namespace'>

const field = (region: string, name: string): string =>
  new RegExp(`"${name}":"([^"\\\\]{1,253})"`).exec(region)?.[1] ?? ''

/**
 * Reads the event's own metadata out of the beginning of a frame that could not be parsed. The API server writes
 * `metadata` first, and in it name, namespace, uid, resourceVersion and creationTimestamp before anything nested; the
 * search ends at the first brace, so that nothing of labels, managedFields or involvedObject is taken for it. A quote
 * inside a JSON string is escaped: no text of an event can look like a key.
 */
export const metadataInHead = (head: Buffer): Identification => {
  const text = head.toString('utf8', 0, SEARCHED_BYTES)
  const start = text.indexOf(METADATA)
  const [region = ''] = start === -1 ? [] : text.slice(start + METADATA.length).split(/[{}]/, 1)
  const resourceVersion = field(region, 'resourceVersion')
  return {
    uid: field(region, 'uid'),
    resourceVersion: isResourceVersion(resourceVersion) ? resourceVersion : '',
    creationTimestamp: field(region, 'creationTimestamp'),
    namespace: field(region, 'namespace'),
  }
}

/** The beginning of a frame as a dead letter shows it; a character cut in half is U+FFFD. */
export const letterHead = (frame: Buffer): string => frame.toString('utf8', 0, LETTER_HEAD_BYTES)

/** A letter for a frame that was not parsed. @param head the frame or its beginning. */
export const letterOfHead = (why: DeadLetter['why'], head: Buffer, sizeBytes: number): DeadLetter => ({
  why,
  ...metadataInHead(head),
  sizeBytes,
  head: letterHead(head),
})

/** A letter for JSON that is not a usable event. */
export const letterOfInvalid = (found: Identification, frame: Buffer): DeadLetter => ({
  why: 'invalid_event',
  uid: found.uid,
  resourceVersion: found.resourceVersion,
  creationTimestamp: found.creationTimestamp,
  namespace: found.namespace,
  sizeBytes: frame.length,
  head: letterHead(frame),
})
