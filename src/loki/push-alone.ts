import type { Entry } from '../entry/entry.ts'
import { batchOf } from './batch.ts'
import { classify } from './classify.ts'
import { factsOf } from './health.ts'
import type { LaneContext } from './lane-context.ts'
import { toPushBody } from './push-request.ts'
import { toQueuedEntry } from './queued-entry.ts'
import type { ResolvedStream } from './stream-labels.ts'

/** How a push outside of the queue ended. `why` is one line without secrets. */
export type AloneOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unanswered'; readonly why: string }

/**
 * Pushes one entry by itself, once: it passes the queue by, waits for nothing, is not tried again, and neither the
 * accounting nor the client's readiness know of it. For what is not an event.
 */
export const pushAlone = async (
  context: LaneContext,
  resolved: ResolvedStream,
  entry: Entry,
): Promise<AloneOutcome> => {
  const { stop, endpoint, clock } = context
  if (stop.aborted) return { kind: 'unanswered', why: 'stopped' }
  if (resolved.kind === 'refused') return { kind: 'refused', why: resolved.reason }
  const { stream } = resolved
  const queued = toQueuedEntry(entry, { sequence: 0, stream, arrivedMs: clock.monotonicMs() })
  if (queued === undefined) return { kind: 'refused', why: 'timestamp_invalid' }
  const answer = await endpoint.push(toPushBody(batchOf([queued])), stream.tenant, stop)
  if (classify(answer).kind === 'sent') return { kind: 'sent' }
  const { status, text } = factsOf(answer)
  return answer.kind === 'answered'
    ? { kind: 'refused', why: `status ${status}: ${text}` }
    : { kind: 'unanswered', why: text }
}
