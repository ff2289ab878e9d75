import type { KubeEvent } from '../kube/event.ts'
import { fitsBytes, utf8Bytes, cutToBytes } from './bounded-text.ts'

/** What a line is made of besides the event. */
export type LineParts = {
  /** The event's message, or the beginning of it. */
  readonly message: string
  /** Bytes of the message that are missing; 0: it is whole. */
  readonly truncatedBytes: number
  /** See `EventTime.skewed`. */
  readonly skewed: string
  /** Occurrences before this one that were not sent; 0: none that are known of. */
  readonly suppressed: number
  /** Longest other value in UTF-8 bytes; 0: only what identifies the revision is written. */
  readonly fieldBytes: number
}

/** Writes one event as one line. The same arguments always give the same bytes. */
export type LineWriter = (event: KubeEvent, parts: LineParts) => string

/** A line and whether its event's message did not fit. */
export type FittedLine = { readonly line: string; readonly truncated: boolean }

/** Far above what Kubernetes writes (names 253, reasons 128 bytes); legacy events may hold anything. */
const FIELD_BYTES = 1024
/** Tried in this order when a line is too long even without its message. */
const SMALLER_FIELD_BYTES = [256, 64, 16]
/** Fields are made smaller until this much is left for the message. */
const MIN_MESSAGE_BYTES = 256

/** @returns the bytes a field may have, so that the fields together leave room for some message. */
const roomyFieldBytes = (measure: (fieldBytes: number) => number, maxBytes: number): number => {
  for (const fieldBytes of [FIELD_BYTES, ...SMALLER_FIELD_BYTES]) {
    if (measure(fieldBytes) + MIN_MESSAGE_BYTES <= maxBytes) return fieldBytes
  }
  return 0
}

/** Writes the line with the beginning of a message. */
type Attempt = (message: string, fieldBytes: number) => string

/**
 * Cuts the message until the line fits. How much longer a message gets by escaping is not known before, so it is cut
 * in proportion to what was too much, which comes close from above in a few rounds.
 */
const cutLine = (attempt: Attempt, message: string, maxBytes: number): string => {
  const fieldBytes = roomyFieldBytes((bytes) => utf8Bytes(attempt('', bytes)), maxBytes)
  const empty = attempt('', fieldBytes)
  const roomBytes = maxBytes - utf8Bytes(empty)
  let wantedBytes = roomBytes
  while (wantedBytes > 0) {
    const kept = cutToBytes(message, wantedBytes)
    const keptBytes = utf8Bytes(kept)
    const line = attempt(kept, fieldBytes)
    const lineBytes = utf8Bytes(line)
    if (lineBytes <= maxBytes) return line
    const usedBytes = lineBytes - maxBytes + roomBytes
    wantedBytes = Math.min(keptBytes - 1, Math.floor((keptBytes * roomBytes) / usedBytes))
  }
  return empty
}

/**
 * The event's line, at most `maxBytes` in UTF-8 for any `maxBytes` from 1024: an overlong message is cut between two
 * code points, and fields are shortened if they leave no room for it.
 */
export const fitLine = (
  write: LineWriter,
  event: KubeEvent,
  options: Pick<LineParts, 'skewed' | 'suppressed'> & { readonly maxBytes: number },
): FittedLine => {
  const { skewed, suppressed, maxBytes } = options
  if (event.message.length <= maxBytes) {
    const line = write(event, {
      message: event.message,
      truncatedBytes: 0,
      skewed,
      suppressed,
      fieldBytes: FIELD_BYTES,
    })
    if (fitsBytes(line, maxBytes)) return { line, truncated: false }
  }
  const messageBytes = utf8Bytes(event.message)
  const attempt: Attempt = (message, fieldBytes) =>
    write(event, { message, truncatedBytes: messageBytes - utf8Bytes(message), skewed, suppressed, fieldBytes })
  return { line: cutLine(attempt, event.message, maxBytes), truncated: true }
}
