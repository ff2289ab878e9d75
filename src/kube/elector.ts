import { Candidacy, type CandidacyOptions } from './candidacy.ts'
import type { CheckpointStore, LoadOutcome, SaveOutcome } from './checkpoint.ts'
import type { KubeClient } from './client.ts'
import { encodeCursors } from './cursors-annotation.ts'
import { JITTER_FACTOR } from './election-timing.ts'
import { LeaseAccess, type LeaseName } from './lease-access.ts'
import { PendingSave } from './pending-save.ts'
import type { Renewal, Tenure } from './tenure.ts'

export type ElectorOptions = Omit<CandidacyOptions, 'access'> & {
  /** Not shared with lists: a renewal must not wait behind pages. */
  readonly client: KubeClient
  readonly lease: LeaseName
  readonly random: () => number
  /** Called once when leadership is lost (not when it is released): from now on nothing may be sent or saved. */
  readonly onLost: (why: string) => void
}

/** For people: who leads, as far as this replica knows. */
export type ElectionStatus = {
  readonly role: 'leader' | 'standby' | 'ended'
  readonly identity: string
  /** '' = nobody, or not known. */
  readonly holder: string
  /** Why a standby cannot read the Lease, or why leadership has ended; '' when all is well. */
  readonly why: string
}

type State =
  | { readonly kind: 'standby' }
  | { readonly kind: 'leader'; readonly tenure: Tenure }
  | { readonly kind: 'ended'; readonly why: string }

/**
 * Leader election by client-go's algorithm (tools/leaderelection), and the leader's checkpoint store. One writer does
 * both: each update of the Lease renews it and carries the newest cursors, and its optimistic lock is the fence that a
 * deposed leader's checkpoint cannot pass.
 *
 *     standby ──campaign()──> leader ──release()──> ended
 *                               └──deposed, or not renewed in time──> ended, onLost()
 */
export class Elector implements CheckpointStore {
  readonly place: string
  readonly #o: ElectorOptions
  readonly #candidacy: Candidacy
  readonly #pending = new PendingSave()
  #state: State = { kind: 'standby' }
  #wake = new AbortController()
  #isHurried = false
  #hasSaved = false
  #isClosing = false
  #campaigning: Promise<boolean> = Promise.resolve(false)
  #renewing: Promise<void> = Promise.resolve()

  constructor(options: ElectorOptions) {
    const access = new LeaseAccess(options.client, options.lease)
    this.#o = options
    this.#candidacy = new Candidacy({ ...options, access })
    this.place = access.place
  }

  /** Waits until this replica leads, and then renews until `release` or the loss of leadership. False: aborted. */
  campaign(signal: AbortSignal): Promise<boolean> {
    this.#campaigning = this.#campaign(signal)
    return this.#campaigning
  }

  /** The fence before each push: whether leadership is so fresh that nobody else can have it. */
  mayPush(): boolean {
    return this.#state.kind === 'leader' && this.#state.tenure.isFresh
  }

  status(): ElectionStatus {
    const { identity } = this.#o
    switch (this.#state.kind) {
      case 'standby':
        return { role: 'standby', identity, holder: this.#candidacy.holder, why: this.#candidacy.fault }
      case 'leader':
        return { role: 'leader', identity, holder: identity, why: '' }
      case 'ended':
        return { role: 'ended', identity, holder: '', why: this.#state.why }
    }
  }

  /** The cursors as they were when the Lease was taken. */
  load(): Promise<LoadOutcome> {
    const state = this.#state
    const outcome: LoadOutcome =
      state.kind === 'leader' ? state.tenure.cursors : { kind: 'unreadable', why: 'this replica is not the leader' }
    return Promise.resolve(outcome)
  }

  /**
   * Goes with the next renewal; the first one and those after `hurry` at once. A conflict means that this replica leads
   * no more.
   */
  save(cursors: Readonly<Record<string, string>>): Promise<SaveOutcome> {
    const encoded = encodeCursors(cursors)
    if (encoded.kind === 'too_long') return Promise.resolve(this.#failed(encoded.why))
    if (this.#state.kind === 'ended') return Promise.resolve(this.#conflict(this.#state.why))
    const outcome = this.#pending.offer(encoded.text)
    if (this.#isUrgent) this.#wake.abort()
    return outcome
  }

  /** From now on a save does not wait for the next renewal: this replica is about to stop. */
  hurry(): void {
    this.#isHurried = true
    if (!this.#pending.isEmpty) this.#wake.abort()
  }

  /**
   * Gives the Lease back, so that a standby takes it at its next look. Nothing to do for one that does not lead. The
   * signal of a campaign that is under way must have been aborted.
   */
  async release(): Promise<void> {
    this.#isClosing = true
    this.#wake.abort()
    await this.#campaigning
    await this.#renewing
    if (this.#state.kind !== 'leader') return
    const { tenure } = this.#state
    this.#end('leadership was released')
    const { text, settle } = this.#pending.take()
    const outcome = await tenure.release(text)
    settle(this.#saved(outcome))
    const { log } = this.#o
    if (outcome.kind === 'done') log.info('leadership released', { lease: this.place })
    else log.warn('leadership not released; others wait for the Lease to expire', { why: outcome.why })
  }

  /** Ends the connections; after `release`. */
  close(): Promise<void> {
    return this.#o.client.close()
  }

  async #campaign(signal: AbortSignal): Promise<boolean> {
    const { clock, timing, random } = this.#o
    while (!signal.aborted) {
      const tenure = await this.#candidacy.attempt(signal)
      if (tenure !== null) {
        this.#lead(tenure)
        return !signal.aborted
      }
      await clock.sleep(timing.retryPeriodMs * (1 + (JITTER_FACTOR - 1) * random()), signal)
    }
    return false
  }

  #lead(tenure: Tenure): void {
    const { metrics, log, identity, clock } = this.#o
    this.#state = { kind: 'leader', tenure }
    metrics.leader.set(1)
    metrics.lastRenewal.set(clock.now() / 1000)
    log.info('this replica leads', { lease: this.place, identity })
    this.#renewing = this.#renewUntilEnded(tenure)
  }

  async #renewUntilEnded(tenure: Tenure): Promise<void> {
    const { timing, clock } = this.#o
    let startedMs = clock.monotonicMs() - tenure.ageMs
    let failure: string | null = null
    for (;;) {
      const dueMs = startedMs + timing.retryPeriodMs - clock.monotonicMs()
      await this.#pause(failure === null ? dueMs : Math.min(dueMs, timing.renewDeadlineMs - tenure.ageMs))
      if (this.#isClosing) return
      // Not after a mere pause of this process: then one renewal tells whether anybody took over meanwhile.
      if (failure !== null && tenure.ageMs >= timing.renewDeadlineMs) {
        this.#lose(`the Lease was not renewed for ${Math.round(tenure.ageMs / 1000)} s: ${failure}`)
        return
      }
      startedMs = clock.monotonicMs()
      const outcome = await this.#renew(tenure)
      if (outcome.kind === 'deposed') {
        this.#lose(outcome.why)
        return
      }
      failure = outcome.kind === 'failed' ? outcome.why : null
    }
  }

  async #renew(tenure: Tenure): Promise<Renewal> {
    const { metrics, clock, log } = this.#o
    const { text, settle } = this.#pending.take()
    this.#hasSaved ||= text !== undefined
    const outcome = await tenure.renew(text)
    if (outcome.kind === 'done') metrics.lastRenewal.set(clock.now() / 1000)
    else metrics.renewFailures.inc()
    if (outcome.kind === 'failed') log.warn('the Lease was not renewed, trying again', { why: outcome.why })
    settle(this.#saved(outcome))
    return outcome
  }

  /** A leader begins to ship when its first position is written, and a stop waits for the last one. */
  get #isUrgent(): boolean {
    return this.#isHurried || !this.#hasSaved
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isUrgent && !this.#pending.isEmpty) return
    if (this.#isClosing) return
    if (this.#wake.signal.aborted) this.#wake = new AbortController()
    // Timers count whole milliseconds; a fraction before the deadline there would be time for nothing else.
    await this.#o.clock.sleep(Math.ceil(Math.max(ms, 0)), this.#wake.signal)
  }

  #lose(why: string): void {
    this.#end(why)
    this.#o.log.error('leadership lost: nothing more is sent, and no position is written', { lease: this.place, why })
    this.#pending.take().settle(this.#conflict(why))
    this.#o.onLost(why)
  }

  #end(why: string): void {
    this.#state = { kind: 'ended', why }
    this.#o.metrics.leader.set(0)
  }

  #saved(renewal: Renewal): SaveOutcome {
    switch (renewal.kind) {
      case 'done':
        return { kind: 'saved' }
      case 'failed':
        return this.#failed(renewal.why)
      case 'deposed':
        return this.#conflict(renewal.why)
    }
  }

  #failed(why: string): SaveOutcome {
    return { kind: 'failed', why: `${this.place}: ${why}` }
  }

  #conflict(why: string): SaveOutcome {
    return { kind: 'conflict', why: `${this.place}: ${why}` }
  }
}
