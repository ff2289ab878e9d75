// What a 204 hides. An ingester goes through the streams of a push in order and answers with the result of the last
// one, so an entry too far behind in an earlier stream is thrown away without a word (measured; pkg/ingester,
// instance.Push). "Too far behind" means older than the newest entry of its stream by more than half of max_chunk_age.
// An entry near or beyond that edge therefore travels in a push of its own stream, where the refusal is the answer.
//
// The newest entry may also stand in the same push: before it (the entry is behind at once) or after it (the entry is
// behind when the push is repeated, say after a time-out, and would count as rejected though it was stored).

/** Timestamps of one stream, in milliseconds since 1970. */
export type Known = {
  /** The newest one Loki accepted, if known. */
  readonly newestMs: number | undefined
  /** Those already in the push that is being filled. */
  readonly inPush: { readonly oldestMs: number; readonly newestMs: number } | undefined
}

export type Window = {
  /** How far behind an entry may be: half of `max_chunk_age`. */
  readonly windowMs: number
  /** Nearer to the edge than this counts as near: our idea of the newest entry may be off. 10 min for 1 h. */
  readonly marginMs: number
}

export const windowOf = (maxChunkAgeMs: number): Window => ({
  windowMs: maxChunkAgeMs / 2,
  marginMs: maxChunkAgeMs / 12,
})

/** Whether the entry needs a push without other streams. A stream not sent to yet counts as having an entry of now. */
export const needsOwnPush = (timestampMs: number, known: Known, window: Window, nowMs: number): boolean => {
  const safeMs = window.windowMs - window.marginMs
  const newestMs = Math.max(known.newestMs ?? nowMs, known.inPush?.newestMs ?? -Infinity)
  const oldestMs = known.inPush?.oldestMs ?? timestampMs
  return newestMs - timestampMs > safeMs || timestampMs - oldestMs > safeMs
}

/**
 * Whether an entry may join its stream's own push: none in the push that Loki may accept is left too far behind by it.
 * Those already beyond the window are refused anyway, first time and every time.
 */
export const fitsOwnPush = (timestampMs: number, known: Known, window: Window): boolean => {
  if (known.inPush === undefined) return true
  const beyondMs = (known.newestMs ?? -Infinity) - window.windowMs
  return timestampMs - Math.max(known.inPush.oldestMs, beyondMs) <= window.windowMs
}
