// Both refusals for age are thresholds: "too far behind" is measured from the newest entry of the stream and "too old"
// from the clock, and neither of the two goes back. So when an entry is refused alone, every other one of its stream
// that is not newer would be; a first start against a store with hours of events finds the threshold instead of asking entry by entry.

import { batchOf, entriesOf, type Batch } from './batch.ts'
import type { QueuedEntry } from './queued-entry.ts'
import type { RejectReason } from './reasons.ts'

type Threshold = { readonly entry: QueuedEntry; readonly reason: RejectReason }

/** Negative: `a` is older. To the nanosecond, as Loki compares. */
const compareAge = (a: QueuedEntry, b: QueuedEntry): number => a.seconds - b.seconds || a.nanos - b.nanos

/** An entry of middle age alone, then the older ones and the newer ones; each part in the order of the batch. */
export const byAge = (batch: Batch): Batch[] => {
  const entries = entriesOf(batch)
  const sorted = entries.toSorted(compareAge)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) return []
  const others = entries.filter((entry) => entry !== middle)
  const older = others.filter((entry) => compareAge(entry, middle) < 0)
  const newer = others.filter((entry) => compareAge(entry, middle) >= 0)
  return [[middle], older, newer].filter((part) => part.length > 0).map(batchOf)
}

/** The thresholds found while one batch is delivered. */
export class AgeRefusals {
  readonly #thresholds = new Map<string, Threshold>()

  /** @param entry was refused for its age, alone. */
  refused(entry: QueuedEntry, reason: RejectReason): void {
    const known = this.#thresholds.get(entry.stream.key)
    if (known === undefined || compareAge(known.entry, entry) < 0) {
      this.#thresholds.set(entry.stream.key, { entry, reason })
    }
  }

  /** Parts the entries that are not newer than a threshold from the rest, which may be empty. */
  sort(batch: Batch): { readonly rest: Batch; readonly refused: ReadonlyMap<RejectReason, readonly QueuedEntry[]> } {
    const refused = new Map<RejectReason, QueuedEntry[]>()
    if (this.#thresholds.size === 0) return { rest: batch, refused }
    const rest = entriesOf(batch).filter((entry) => {
      const threshold = this.#thresholds.get(entry.stream.key)
      if (threshold === undefined || compareAge(entry, threshold.entry) > 0) return true
      const sameReason = refused.get(threshold.reason) ?? []
      sameReason.push(entry)
      refused.set(threshold.reason, sameReason)
      return false
    })
    return { rest: refused.size === 0 ? batch : batchOf(rest), refused }
  }
}
