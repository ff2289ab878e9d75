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

const withoutMessage = (whole: LineParts, messageBytes: number, fieldBytes: number): LineParts => ({
  ...whole,
  message: '',
  truncatedBytes: messageBytes,
  fieldBytes,
})

/** @returns the bytes a field may have, so that the fields together leave room for some message. */
const roomyFieldBytes = (measure: (fieldBytes: number) => number, maxBytes: number): number => {
  for (const fieldBytes of [FIELD_BYTES, ...SMALLER_FIELD_BYTES]) {
    if (measure(fieldBytes) + MIN_MESSAGE_BYTES <= maxBytes) return fieldBytes
  }
  return 0
}

/**
 * Cuts the message until the line fits. How much longer a message gets by escaping is not known before, so it is cut
 * in proportion to what was too much, which comes close from above in a few rounds.
 */
const cutLine = (write: LineWriter, event: KubeEvent, whole: LineParts, maxBytes: number): string => {
  const messageBytes = utf8Bytes(whole.message)
  const bare = (fieldBytes: number): string => write(event, withoutMessage(whole, messageBytes, fieldBytes))
  const fieldBytes = roomyFieldBytes((bytes) => utf8Bytes(bare(bytes)), maxBytes)
  const empty = bare(fieldBytes)
  const roomBytes = maxBytes - utf8Bytes(empty)
  let wantedBytes = Math.min(messageBytes, roomBytes)
  while (wantedBytes > 0) {
    const message = cutToBytes(whole.message, wantedBytes)
    const keptBytes = utf8Bytes(message)
    const line = write(event, { ...whole, message, truncatedBytes: messageBytes - keptBytes, fieldBytes })
    const lineBytes = utf8Bytes(line)
    if (lineBytes <= maxBytes) return line
    const usedBytes = lineBytes - maxBytes + roomBytes
    wantedBytes = Math.min(keptBytes - 1, Math.floor((keptBytes * roomBytes) / usedBytes))
  }
  return empty
}

/**
 * The event's line, at most `maxBytes` in UTF-8 for any `maxBytes` from 512: an overlong message is cut between two
 * code points, and fields are shortened if they leave no room for it.
 */
export const fitLine = (
  write: LineWriter,
  event: KubeEvent,
  options: { readonly skewed: string; readonly maxBytes: number },
): FittedLine => {
  const whole: LineParts = {
    message: event.message,
    truncatedBytes: 0,
    skewed: options.skewed,
    fieldBytes: FIELD_BYTES,
  }
  const line = write(event, whole)
  if (fitsBytes(line, options.maxBytes)) return { line, truncated: false }
  return { line: cutLine(write, event, whole, options.maxBytes), truncated: true }
}
