import { nextDelayMs } from '../backoff.ts'
import type { Batch } from './batch.ts'
import { classify, type PushAnswer, type RetryCause, type Verdict } from './classify.ts'
import type { LaneContext } from './lane-context.ts'
import { toPushBody } from './push-request.ts'
import type { DropReason } from './reasons.ts'

/** How the attempts to push one batch ended. */
export type Ending =
  | Exclude<Verdict, { readonly kind: 'retry' | 'misconfigured' }>
  /** A stream is over its rate; which one can only be seen if each travels alone. */
  | { readonly kind: 'each_stream' }
  | { readonly kind: 'dropped'; readonly reason: DropReason }
  /** The client stops; nothing is known. */
  | { readonly kind: 'stopped' }

type Judged = { readonly answer: PushAnswer; readonly verdict: Verdict }
type Retry = Verdict & { readonly kind: 'retry' }

/** A rate refusal of a batch above the stated rate is believed at the second time: the bucket may only be empty. */
const REFUSALS_BEFORE_SPLIT = 2

const DROP_REASON: Readonly<Record<RetryCause, DropReason>> = {
  rate_limited: 'rate_limited',
  stream_rate_limited: 'rate_limited',
  server_error: 'ingester_error',
  transport: 'ingester_error',
}

const once = async (context: LaneContext, batch: Batch, body: Uint8Array): Promise<Judged> => {
  const startMs = context.clock.monotonicMs()
  context.calm.pushed(startMs)
  const answer = await context.endpoint.push(body, batch.tenant, context.stop)
  const verdict = classify(answer)
  if (!context.stop.aborted || answer.kind === 'answered') {
    context.metrics.pushed(answer, verdict, context.clock.monotonicMs() - startMs)
  }
  return { answer, verdict }
}

/** Waits until the rates allow the batch. */
const pace = async (context: LaneContext, batch: Batch): Promise<void> => {
  const { clock, pacer, naps, stop } = context
  while (!stop.aborted) {
    const waitMs = pacer.waitMs(batch, clock.monotonicMs())
    if (waitMs === 0) break
    await naps.begin(waitMs).ended
  }
  pacer.take(batch, clock.monotonicMs())
}

/** A push that may not be sent asks again after this; a renewal of the Lease decides. */
const FENCED_MS = 100

const untilAllowed = async ({ mayPush, naps, stop }: LaneContext): Promise<void> => {
  while (!mayPush() && !stop.aborted) await naps.begin(FENCED_MS).ended
}

/** What a failure that may pass means for this batch; `undefined`: try again later. */
const giveUp = (context: LaneContext, batch: Batch, retry: Retry, failures: number): Ending | undefined => {
  const { dropRateLimited, maxRetries } = context.options
  const isRate = retry.cause === 'rate_limited' || retry.cause === 'stream_rate_limited'
  if (isRate && dropRateLimited) return { kind: 'dropped', reason: 'rate_limited' }
  if (retry.cause === 'stream_rate_limited' && batch.streams.length > 1) return { kind: 'each_stream' }
  const isAboveLimit = retry.limitBytes !== null && batch.sizeBytes > retry.limitBytes && batch.count > 1
  if (isRate && isAboveLimit && failures >= REFUSALS_BEFORE_SPLIT) return { kind: 'too_large' }
  if (maxRetries > 0 && failures >= maxRetries) return { kind: 'dropped', reason: DROP_REASON[retry.cause] }
  return undefined
}

const backOff = async (context: LaneContext, failures: number, afterMs: number | null): Promise<void> => {
  const waitMs = nextDelayMs(context.options.backoff, failures - 1, context.random)
  await context.naps.begin(Math.max(waitMs, afterMs ?? 0)).ended
}

const repeat = async (context: LaneContext, batch: Batch, body: Uint8Array, again: boolean): Promise<Ending> => {
  let mayBeStored = again
  for (let failures = 1; ; failures += 1) {
    await pace(context, batch)
    const judged = await context.slots.run(async () => {
      await untilAllowed(context)
      if (context.stop.aborted) return undefined
      if (mayBeStored) context.metrics.resent(batch.count)
      return once(context, batch, body)
    })
    if (judged === undefined || (context.stop.aborted && judged.answer.kind !== 'answered')) return { kind: 'stopped' }
    const { answer, verdict } = judged
    if (verdict.kind === 'unrecognised') context.health.unrecognised(batch.tenant, answer)
    if (verdict.kind !== 'misconfigured' && verdict.kind !== 'retry') return verdict
    context.metrics.retried(batch.tenant)
    if (verdict.kind === 'misconfigured') context.health.misconfigured(batch.tenant, verdict.setting, answer)
    else {
      context.health.failing(batch.tenant, verdict, answer)
      mayBeStored ||= verdict.mayBeStored
      const ending = giveUp(context, batch, verdict, failures)
      if (ending !== undefined) return ending
    }
    await backOff(context, failures, verdict.kind === 'retry' ? verdict.afterMs : null)
    if (context.stop.aborted) return { kind: 'stopped' }
  }
}

/**
 * Pushes the batch, always the same bytes, until the answer is final. Failures that may pass are retried with backoff
 * for ever or `maxRetries` times; refusals because of a setting for ever.
 * @param again whether Loki may have these entries already.
 */
export const pushUntilAnswered = async (context: LaneContext, batch: Batch, again: boolean): Promise<Ending> => {
  const body = toPushBody(batch)
  context.metrics.encoded(body.length)
  context.ledger.hold(body.length)
  try {
    const ending = await repeat(context, batch, body, again)
    if (ending.kind === 'sent') context.metrics.took(body.length)
    return ending
  } finally {
    context.ledger.release(body.length)
  }
}
