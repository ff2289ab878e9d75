import { nextDelayMs } from '../backoff.ts'
import type { Batch } from './batch.ts'
import { Delivery } from './delivery.ts'
import type { LaneContext } from './lane-context.ts'
import { LaneQueue } from './lane-queue.ts'
import type { Nap } from './naps.ts'
import type { QueuedEntry } from './queued-entry.ts'
import { windowOf } from './risk.ts'

/** What a lane does next. */
type Turn = { readonly kind: 'fresh' | 'apart' | 'parked' } | { readonly kind: 'wait'; readonly untilMs: number }

/** A stream refused by the limit of active streams is not tried again sooner than this. */
const MIN_PARKED_MS = 10_000

/**
 * The entries of one tenant on their way: one push at a time, so that a stream stays in order. Runs while there are
 * entries; other tenants have lanes of their own.
 */
export class Lane {
  readonly tenant: string
  readonly #context: LaneContext
  readonly #queue: LaneQueue
  #nap: Nap | undefined
  #parkedDueMs = 0
  #parkedRefusals = 0
  #strangeRefusals = 0

  constructor(tenant: string, context: LaneContext) {
    this.tenant = tenant
    this.#context = context
    this.#queue = new LaneQueue({
      limits: () => context.sizer.limits(),
      newestSent: context.newestSent,
      window: windowOf(context.options.maxChunkAgeMs),
    })
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty
  }

  get parkedStreams(): number {
    return this.#queue.parkedStreams
  }

  push(entry: QueuedEntry): void {
    const wasIdle = this.#queue.freshSinceMs === undefined
    this.#queue.push(entry)
    if (wasIdle || this.#isFull()) this.#nap?.wake()
  }

  /** Something has changed (a drain began): look again now. */
  hurry(): void {
    this.#parkedDueMs = this.#context.clock.monotonicMs()
    this.#nap?.wake()
  }

  /** Until nothing is left, or the client stops. */
  async run(): Promise<void> {
    while (!this.#queue.isEmpty && !this.#context.stop.aborted) {
      const nowMs = this.#context.clock.monotonicMs()
      const turn = this.#turn(nowMs)
      if (turn.kind === 'wait') await this.#wait(turn.untilMs - nowMs)
      else await this.#send(turn.kind, nowMs)
    }
  }

  #isFull(): boolean {
    return this.#queue.freshBytes >= this.#context.sizer.limits().maxBytes
  }

  #turn(nowMs: number): Turn {
    const queue = this.#queue
    const { maxBytes } = this.#context.sizer.limits()
    const parkedDueMs = queue.parkedStreams === 0 ? Infinity : this.#parkedDueMs
    const freshDueMs = this.#dueMs(queue.freshSinceMs, this.#isFull())
    const apartDueMs = this.#dueMs(queue.apartSinceMs, this.#isFull() || queue.apartBytes * 4 >= maxBytes)
    if (parkedDueMs <= nowMs) return { kind: 'parked' }
    if (apartDueMs <= nowMs && this.#isApartFirst(nowMs, maxBytes)) return { kind: 'apart' }
    if (freshDueMs <= nowMs) return { kind: 'fresh' }
    if (apartDueMs <= nowMs) return { kind: 'apart' }
    return { kind: 'wait', untilMs: Math.min(parkedDueMs, freshDueMs, apartDueMs) }
  }

  /** In a backlog, streams that travel alone gather entries first, or each would need a push for every few entries. */
  #isApartFirst(nowMs: number, maxBytes: number): boolean {
    const sinceMs = this.#queue.apartSinceMs ?? nowMs
    const isOld = nowMs - sinceMs >= this.#context.options.batchWaitMs
    return !this.#isFull() || isOld || this.#queue.apartBytes >= 2 * maxBytes
  }

  #dueMs(sinceMs: number | undefined, isBacklog: boolean): number {
    if (sinceMs === undefined) return Infinity
    return isBacklog || this.#context.draining.aborted ? sinceMs : this.#context.calm.dueMs(sinceMs)
  }

  async #wait(ms: number): Promise<void> {
    this.#nap = this.#context.naps.begin(ms)
    await this.#nap.ended
    this.#nap = undefined
  }

  async #send(kind: 'fresh' | 'apart' | 'parked', nowMs: number): Promise<void> {
    if (kind === 'parked') return this.#sendParked()
    const batch = kind === 'apart' ? this.#queue.takeApart(nowMs) : this.#takeFresh(nowMs)
    if (batch === undefined) return
    // At once, not when the request leaves: another lane may be due at the same moment.
    this.#context.calm.pushed(nowMs)
    const isParked = await this.#deliver(batch)
    if (isParked) this.#postponeParked()
  }

  #takeFresh(nowMs: number): Batch | undefined {
    return this.#queue.takeFresh(nowMs, this.#context.clock.now())
  }

  async #sendParked(): Promise<void> {
    const batch = this.#queue.takeParked()
    const stream = batch?.streams[0]?.stream
    if (batch === undefined || stream === undefined) return
    const isParked = await this.#deliver(batch)
    if (isParked) {
      this.#postponeParked()
      return
    }
    this.#parkedRefusals = 0
    this.#queue.unpark(stream.key, this.#context.clock.monotonicMs())
  }

  #postponeParked(): void {
    const { backoff } = this.#context.options
    const minMs = Math.max(backoff.minMs, MIN_PARKED_MS)
    const bounds = { minMs, maxMs: Math.max(backoff.maxMs, minMs) }
    const waitMs = nextDelayMs(bounds, this.#parkedRefusals, this.#context.random)
    this.#parkedRefusals += 1
    this.#parkedDueMs = this.#context.clock.monotonicMs() + waitMs
  }

  /** True: a stream was parked. */
  async #deliver(batch: Batch): Promise<boolean> {
    const { isParked, unrecognised } = await new Delivery(this.#context, batch, {
      queue: this.#queue,
      parkedRefusals: this.#parkedRefusals,
    }).run()
    if (unrecognised.length === 0) {
      this.#strangeRefusals = 0
      return isParked
    }
    this.#queue.unread(unrecognised)
    const waitMs = nextDelayMs(this.#context.options.backoff, this.#strangeRefusals, this.#context.random)
    this.#strangeRefusals += 1
    await this.#context.naps.begin(waitMs).ended
    return isParked
  }
}
