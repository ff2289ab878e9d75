import type { Clock } from '../clock.ts'
import type { EventStore } from './event-store.ts'

export type HousekeepingOptions = {
  readonly store: EventStore
  readonly clock: Clock
  readonly signal: AbortSignal
  /** `--event-ttl`, counted from an event's last change. */
  readonly ttlMs?: number
}

const EVERY_MS = 60_000
const HOUR_MS = 3_600_000
/** kube-apiserver compacts every five minutes up to where it stood at the time before. */
const COMPACT_EVERY = 5

/** What kube-apiserver and etcd do aside: events end an hour after their last change, history after five minutes. */
export const keepHouse = async ({ store, clock, signal, ttlMs = HOUR_MS }: HousekeepingOptions): Promise<void> => {
  const marks: { readonly atMs: number; readonly revision: string }[] = []
  let compactTo = store.revision
  for (let minute = 1; ; minute += 1) {
    await clock.sleep(EVERY_MS, signal)
    if (signal.aborted) return
    const now = clock.monotonicMs()
    marks.push({ atMs: now, revision: store.revision })
    while ((marks[0]?.atMs ?? now) <= now - ttlMs) store.remove(store.untouchedSince(marks.shift()?.revision ?? '0'))
    if (minute % COMPACT_EVERY !== 0) continue
    store.compact(compactTo)
    compactTo = store.revision
  }
}
