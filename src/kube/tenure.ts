import type { Clock } from '../clock.ts'
import type { LoadOutcome } from './checkpoint.ts'
import type { KubeAnswer } from './client.ts'
import { CURSORS_ANNOTATION, cursorsIn } from './cursors-annotation.ts'
import { type ElectionTiming, requestTimeoutMs } from './election-timing.ts'
import { explain, isConflict, type LeaseAccess } from './lease-access.ts'
import { type Lease, shownHolder } from './lease-object.ts'
import { claimed, released } from './lease-record.ts'

/** How a write of the leader to its Lease ended. `deposed`: the Lease is somebody else's by now. */
export type Renewal =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'deposed'; readonly why: string }

/** A moment by both clocks: a machine that was suspended may find only one of them moved on. */
type Moment = { readonly monotonicMs: number; readonly wallMs: number }

export type TenureOptions = {
  readonly access: LeaseAccess
  readonly identity: string
  readonly timing: ElectionTiming
  readonly clock: Clock
}

/** Writes without a known end, each of which may turn up in the Lease later. */
const MAX_UNCONFIRMED = 8

/** Now, by both clocks. */
export const momentOf = (clock: Clock): Moment => ({ monotonicMs: clock.monotonicMs(), wallMs: clock.now() })

/** The time in which we hold the Lease: how fresh our hold is, and the writes under its optimistic lock. */
export class Tenure {
  /** The cursors as they were when the Lease was taken: no other leader can have written after that. */
  readonly cursors: LoadOutcome
  readonly #o: TenureOptions
  /** Not a caller's: a write that is under way decides who leads, so its end must be known. */
  readonly #signal = new AbortController().signal
  #lease: Lease
  #ours: readonly (string | undefined)[]
  #renewedAt: Moment

  /** @param sentAt when the write that made `lease` ours was sent: others count from later, when they saw it. */
  constructor(options: TenureOptions, lease: Lease, sentAt: Moment) {
    this.#o = options
    this.#lease = lease
    this.#ours = [lease.annotations[CURSORS_ANNOTATION]]
    this.#renewedAt = sentAt
    this.cursors = cursorsIn(lease)
  }

  /** Since the last renewal was sent, by the monotonic clock. */
  get ageMs(): number {
    return this.#o.clock.monotonicMs() - this.#renewedAt.monotonicMs
  }

  /** Whether nobody else can hold the Lease yet, by either clock: the monotonic one may stand still in a suspend. */
  get isFresh(): boolean {
    const { clock, timing } = this.#o
    const wallAgeMs = clock.now() - this.#renewedAt.wallMs
    return Math.max(this.ageMs, wallAgeMs) < timing.renewDeadlineMs
  }

  /** Renews the Lease and writes the cursors (undefined: keeps those in it) in one update. */
  renew(cursors: string | undefined): Promise<Renewal> {
    const { identity, timing, clock } = this.#o
    const { leaseDurationMs } = timing
    return this.#write(cursors, (lease) => claimed(lease, { identity, leaseDurationMs, nowMs: clock.now(), cursors }))
  }

  /** Gives the Lease back, cursors included. */
  release(cursors: string | undefined): Promise<Renewal> {
    return this.#write(cursors, (lease) => released(lease, { nowMs: this.#o.clock.now(), cursors }))
  }

  /**
   * At first with the lock we know. When that is refused, the Lease is looked at: it may have changed by our own hand
   * (an answer that got lost) or beside the point (somebody's label).
   */
  async #write(cursors: string | undefined, body: (lease: Lease) => unknown): Promise<Renewal> {
    if (cursors !== undefined) this.#ours = [...this.#ours.slice(-MAX_UNCONFIRMED), cursors]
    const first = await this.#put(body)
    if (!isConflict(first)) return this.#renewal(first)
    const current = await this.#o.access.get(this.#limits())
    if (current.kind !== 'ok') return { kind: 'failed', why: explain(current) }
    const usurped = this.#usurped(current.body)
    if (usurped !== null) return { kind: 'deposed', why: usurped }
    this.#lease = current.body
    return this.#renewal(await this.#put(body))
  }

  async #put(body: (lease: Lease) => unknown): Promise<KubeAnswer<Lease>> {
    const { access, clock } = this.#o
    const sentAt = momentOf(clock)
    const answer = await access.put(body(this.#lease), this.#limits())
    if (answer.kind !== 'ok') return answer
    this.#lease = answer.body
    this.#ours = [answer.body.annotations[CURSORS_ANNOTATION]]
    this.#renewedAt = sentAt
    return answer
  }

  #renewal(answer: KubeAnswer<Lease>): Renewal {
    return answer.kind === 'ok' ? { kind: 'done' } : { kind: 'failed', why: explain(answer) }
  }

  #usurped(lease: Lease): string | null {
    if (lease.holder === '') return 'nobody holds the Lease: it was taken and given back, or cleared by hand'
    if (lease.holder !== this.#o.identity) return `the Lease is held by ${shownHolder(lease)}`
    const isOurs = this.#ours.includes(lease.annotations[CURSORS_ANNOTATION])
    return isOurs ? null : 'another process wrote its cursors'
  }

  /** No request outlasts the deadline, so that it is noticed in time; after a pause beyond it, one is tried in full. */
  #limits(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    const { timing } = this.#o
    const wholeMs = requestTimeoutMs(timing)
    const leftMs = timing.renewDeadlineMs - this.ageMs
    return { signal: this.#signal, timeoutMs: leftMs > 0 ? Math.min(wholeMs, leftMs) : wholeMs }
  }
}
