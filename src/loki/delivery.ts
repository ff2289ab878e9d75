// One batch, until each of its entries has its own verdict.
//
// A 400 is mostly partial: the good entries are stored, and its text names some of the bad ones. The text is not
// believed; the batch is cut in two until the refused entry is alone (2 log2 n pushes for each). What was stored is sent
// again on the way; Loki drops exact repeats. Entries refused for their age are found by a search for the age at which
// refusals begin (age-refusals.ts). The same cutting serves a batch that is too large, and, stream by stream,
// one with a stream that may not be created, is over its rate or is blocked.
//
// A 400 in unknown words may come from something between us and Loki that refuses everything. An entry is held guilty
// of it only if Loki takes other entries of the same batch; else all go back to the queue.

import { AgeRefusals, byAge } from './age-refusals.ts'
import { batchOf, entriesOf, halvesOf, streamsOf, type Batch, type StreamBatch } from './batch.ts'
import type { LaneContext } from './lane-context.ts'
import type { LaneQueue } from './lane-queue.ts'
import { pushUntilAnswered, type Ending } from './push-attempts.ts'
import type { QueuedEntry } from './queued-entry.ts'
import type { DropReason, RejectReason } from './reasons.ts'

/** What the lane has to know afterwards. */
export type Delivered = {
  /** A stream was refused by the limit of active streams and is parked now. */
  readonly isParked: boolean
  /** Entries that go back to the queue, because nothing at all was taken and we do not know why. */
  readonly unrecognised: readonly QueuedEntry[]
}

type Piece = { readonly batch: Batch; readonly again: boolean }

const MAX_SHOWN_LABELS = 256

const halfOfStreams = (batch: Batch): Batch[] => {
  const middle = Math.ceil(batch.streams.length / 2)
  const halves = [batch.streams.slice(0, middle), batch.streams.slice(middle)]
  return halves.map((streams) => batchOf(streams.flatMap((s) => s.entries)))
}

export class Delivery {
  readonly #context: LaneContext
  readonly #queue: LaneQueue
  readonly #work: Piece[]
  readonly #strange: QueuedEntry[] = []
  readonly #maxStrangePushes: number
  #strangePushes = 0
  /** Loki took or judged something, so that it is Loki who answers. */
  #isProven = false
  readonly #refusals = new AgeRefusals()
  readonly #limited = new Map<string, StreamBatch>()
  readonly #parkedRefusals: number

  /** @param batch taken from `queue`, which gets parked streams back. */
  constructor(
    context: LaneContext,
    batch: Batch,
    from: { readonly queue: LaneQueue; readonly parkedRefusals: number },
  ) {
    this.#context = context
    this.#queue = from.queue
    this.#parkedRefusals = from.parkedRefusals
    this.#work = [{ batch, again: false }]
    this.#maxStrangePushes = 2 * Math.ceil(Math.log2(batch.count + 1)) + 2
  }

  /** Ends when every entry is settled, parked or to be given back; early when the client stops. */
  async run(): Promise<Delivered> {
    for (let piece = this.#work.pop(); piece !== undefined; piece = this.#work.pop()) {
      const batch = this.#withoutRefusedAge(piece.batch)
      if (batch.count === 0 || this.#joinsLimited(batch)) continue
      const ending = await pushUntilAnswered(this.#context, batch, piece.again)
      if (ending.kind === 'stopped') break
      this.#conclude(batch, ending)
      if (!this.#isProven && this.#strangePushes > this.#maxStrangePushes) break
    }
    for (const limited of this.#limited.values()) this.#queue.park(limited, this.#context.clock.monotonicMs())
    const isParked = this.#limited.size > 0
    if (!this.#isProven) return { isParked, unrecognised: this.#unfinished() }
    if (this.#strange.length > 0) this.#reject(this.#strange, 'other')
    return { isParked, unrecognised: [] }
  }

  #unfinished(): QueuedEntry[] {
    const rest = this.#work.toReversed().flatMap((piece) => entriesOf(piece.batch))
    return [...this.#strange, ...rest]
  }

  #conclude(batch: Batch, ending: Exclude<Ending, { kind: 'stopped' }>): void {
    if (ending.kind !== 'unrecognised' && ending.kind !== 'dropped') this.#context.health.well(batch.tenant)
    switch (ending.kind) {
      case 'sent':
        this.#sent(batch)
        break
      case 'partial':
        this.#partial(batch, ending.reason)
        break
      case 'too_large':
        this.#tooLarge(batch)
        break
      case 'stream_limit':
        this.#streamLimit(batch)
        break
      case 'each_stream':
        this.#cut(streamsOf(batch), true)
        break
      case 'blocked':
        this.#blocked(batch, ending.wholeTenant)
        break
      case 'unrecognised':
        this.#unrecognised(batch)
        break
      case 'dropped':
        this.#drop(batch, ending.reason)
        break
    }
  }

  /** What Loki refuses for its age it refuses for any older entry of the same stream: those need no push. */
  #withoutRefusedAge(batch: Batch): Batch {
    const { rest, refused } = this.#refusals.sort(batch)
    for (const [reason, entries] of refused) this.#reject(entries, reason)
    return rest
  }

  /** The parts are tried in their order, before all else. */
  #cut(parts: readonly Batch[], again: boolean): void {
    for (const batch of parts.toReversed()) this.#work.push({ batch, again })
  }

  #sent(batch: Batch): void {
    this.#isProven = true
    this.#context.newestSent.accepted(batch, this.#context.clock.now())
    this.#context.sizer.sent(batch)
    this.#context.ledger.sent(entriesOf(batch))
  }

  #partial(batch: Batch, reason: RejectReason): void {
    this.#isProven = true
    const isOfAge = reason === 'too_far_behind' || reason === 'too_old'
    const [first] = entriesOf(batch)
    if (first !== undefined && batch.count === 1) {
      this.#reject([first], reason)
      if (isOfAge) this.#refusals.refused(first, reason)
      return
    }
    if (isOfAge && batch.streams.length === 1) {
      this.#cut(byAge(batch), true)
      return
    }
    const isWholePush = reason === 'labels_unparsable' || reason === 'metadata_name_invalid'
    // An entry too far behind can hide behind the next stream's success, so from here on each stream is alone.
    const isHidden = reason === 'too_far_behind' && batch.streams.length > 1
    this.#cut(isHidden ? streamsOf(batch) : halvesOf(batch), !isWholePush)
  }

  #tooLarge(batch: Batch): void {
    if (batch.count === 1) {
      this.#reject(entriesOf(batch), 'request_too_large')
      return
    }
    this.#context.sizer.tooLarge(batch)
    this.#context.log.warn('batch was too large, cutting it', { bytes: batch.sizeBytes, setting: 'batchsize' })
    this.#cut(halvesOf(batch), false)
  }

  #streamLimit(batch: Batch): void {
    this.#isProven = true
    const [first] = batch.streams
    if (first === undefined || batch.streams.length > 1) this.#cut(halfOfStreams(batch), true)
    else if (this.#mayDropStream()) this.#drop(batch, 'stream_limited')
    else this.#limit(first)
  }

  #mayDropStream(): boolean {
    const { dropRateLimited, maxRetries } = this.#context.options
    return dropRateLimited || (maxRetries > 0 && this.#parkedRefusals + 1 >= maxRetries)
  }

  #limit({ stream, entries }: StreamBatch): void {
    this.#limited.set(stream.key, { stream, entries })
    this.#context.log.error('Loki allows no further stream, its entries wait', {
      setting: 'max_global_streams_per_user (Loki)',
      stream: stream.labels.slice(0, MAX_SHOWN_LABELS),
      tenant: stream.tenant,
    })
  }

  /** A later part of a stream that was refused a moment ago joins it. */
  #joinsLimited(batch: Batch): boolean {
    const [only] = batch.streams
    const limited = only === undefined || batch.streams.length > 1 ? undefined : this.#limited.get(only.stream.key)
    if (only === undefined || limited === undefined) return false
    this.#limited.set(only.stream.key, { stream: only.stream, entries: [...limited.entries, ...only.entries] })
    return true
  }

  #blocked(batch: Batch, isWholeTenant: boolean): void {
    this.#isProven = true
    if (isWholeTenant || batch.streams.length === 1) this.#reject(entriesOf(batch), 'blocked')
    else this.#cut(streamsOf(batch), true)
  }

  #unrecognised(batch: Batch): void {
    this.#strangePushes += 1
    if (batch.count === 1) this.#strange.push(...entriesOf(batch))
    else this.#cut(halvesOf(batch), true)
  }

  #reject(entries: readonly QueuedEntry[], reason: RejectReason): void {
    const first = entries[0]?.stream
    this.#context.ledger.rejected(entries, reason)
    this.#context.log.warn('Loki refused entries for good', {
      reason,
      entries: entries.length,
      stream: first?.labels.slice(0, MAX_SHOWN_LABELS),
      tenant: first?.tenant,
    })
  }

  #drop(batch: Batch, reason: DropReason): void {
    // It may have been stored all the same.
    this.#context.newestSent.accepted(batch, this.#context.clock.now())
    this.#context.ledger.dropped(entriesOf(batch), reason)
    this.#context.log.error('entries dropped', { reason, entries: batch.count, tenant: batch.tenant })
  }
}
