import type { Log } from '../log.ts'
import type { ElectionMetrics } from './election-metrics.ts'
import { requestTimeoutMs } from './election-timing.ts'
import { explain, isConflict } from './lease-access.ts'
import { type Lease, shownHolder } from './lease-object.ts'
import { claimed, durationMsOf, observedRecord, transitionsOf } from './lease-record.ts'
import { momentOf, Tenure, type TenureOptions } from './tenure.ts'

export type CandidacyOptions = TenureOptions & { readonly log: Log; readonly metrics: ElectionMetrics }

/** A record of the Lease and since when we know it, by our own clock. */
type Observed = { readonly record: string; readonly holder: string; readonly sinceMs: number }

/** Waiting for the Lease: looks at it, and takes it when its holder gave it back or did not renew it in time. */
export class Candidacy {
  readonly #o: CandidacyOptions
  #observed: Observed | null = null
  #transitions: number | null = null
  #fault = 'the Lease has not been read yet'

  constructor(options: CandidacyOptions) {
    this.#o = options
  }

  /** Who held the Lease at the last look; '' = nobody, or not known yet. */
  get holder(): string {
    return this.#observed?.holder ?? ''
  }

  /** Why the Lease could not be read at the last look; '' when it could. */
  get fault(): string {
    return this.#fault
  }

  /** One look, and an attempt to take the Lease if it is free; null: it is not ours. */
  async attempt(signal: AbortSignal): Promise<Tenure | null> {
    const { access, timing, log } = this.#o
    const answer = await access.get({ signal, timeoutMs: requestTimeoutMs(timing) })
    if (answer.kind !== 'ok') {
      if (answer.kind === 'aborted') return null
      this.#fault = explain(answer)
      log.warn('standing by, but the Lease cannot be read', { lease: access.place, why: this.#fault })
      return null
    }
    this.#fault = ''
    this.#observe(answer.body)
    return this.#isFree(answer.body) && !signal.aborted ? this.#take(answer.body) : null
  }

  #observe(lease: Lease): void {
    const { clock, log, identity } = this.#o
    this.#count(transitionsOf(lease))
    const holder = shownHolder(lease)
    if (holder !== '' && lease.holder !== identity && holder !== this.#observed?.holder) {
      log.info('standing by: another replica leads', { leader: holder })
    }
    const record = observedRecord(lease)
    if (record !== this.#observed?.record) this.#observed = { record, holder, sinceMs: clock.monotonicMs() }
  }

  #count(transitions: number): void {
    this.#o.metrics.transitions.inc(Math.max(0, transitions - (this.#transitions ?? transitions)))
    this.#transitions = transitions
  }

  /** By our own clock alone, and for as long as the holder asked for, should it be configured otherwise than we are. */
  #isFree(lease: Lease): boolean {
    const { identity, timing, clock } = this.#o
    // Ours: we took it, and the answer got lost.
    if (lease.holder === '' || lease.holder === identity) return true
    const waitMs = Math.max(timing.leaseDurationMs, durationMsOf(lease))
    return this.#observed !== null && clock.monotonicMs() - this.#observed.sinceMs >= waitMs
  }

  async #take(lease: Lease): Promise<Tenure | null> {
    const { access, identity, timing, clock, log } = this.#o
    const sentAt = momentOf(clock)
    const body = claimed(lease, {
      identity,
      leaseDurationMs: timing.leaseDurationMs,
      nowMs: sentAt.wallMs,
      cursors: undefined,
    })
    // No caller's signal: a write cut short might still make us the leader, and others would wait for us in vain.
    const never = new AbortController().signal
    const answer = await access.put(body, { signal: never, timeoutMs: requestTimeoutMs(timing) })
    if (answer.kind === 'ok') {
      this.#count(transitionsOf(answer.body))
      return new Tenure(this.#o, answer.body, sentAt)
    }
    if (isConflict(answer)) log.info('another replica was faster to take the Lease')
    else log.warn('the Lease cannot be taken', { lease: access.place, why: explain(answer) })
    return null
  }
}
