import type { Entry } from '../entry/entry.ts'

/** What is known of one segment. */
export type SegmentFacts = {
  readonly segment: number
  readonly sizeBytes: number
  /** Of its newest record, or of the newest before it when it has none. */
  readonly lastIndex: number
  readonly entries: number
  /** Times of its entries, milliseconds since 1970; null: it has none. */
  readonly oldestMs: number | null
  readonly newestMs: number | null
}

/** As long as the segment grows. */
export type MutableFacts = { -readonly [K in keyof SegmentFacts]: SegmentFacts[K] }

const NANOS_PER_MS = 1_000_000n

export const newFacts = (segment: number, sizeBytes: number, lastIndex: number): MutableFacts => ({
  segment,
  sizeBytes,
  lastIndex,
  entries: 0,
  oldestMs: null,
  newestMs: null,
})

export const countEntry = (facts: MutableFacts, { timestampNs }: Entry): void => {
  const ms = Number(timestampNs / NANOS_PER_MS)
  facts.entries += 1
  facts.oldestMs = Math.min(facts.oldestMs ?? ms, ms)
  facts.newestMs = Math.max(facts.newestMs ?? ms, ms)
}
