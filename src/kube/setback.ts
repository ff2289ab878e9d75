import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { KubeFailure } from './client.ts'
import type { Continuity } from './continuity.ts'
import { TRIES_AT_ONE_POSITION } from './limits.ts'
import { type NextState, PROBE_AT_ONCE } from './next-state.ts'
import { Patience, Refusals, RepeatsAt } from './patience.ts'
import { type Remedy, remedyFor, type RestartReason } from './source-failure.ts'
import type { GapReason, ScopeMetrics } from './source-metrics.ts'

export type SetbackOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ScopeMetrics
  readonly continuity: Continuity
  readonly random: () => number
}

/** Where a scope goes when its probe or its watch failed. */
export class Setbacks {
  readonly #o: SetbackOptions
  readonly #patience: Patience
  readonly #internalErrors = new RepeatsAt()
  #lastError = ''
  readonly #refusals: Refusals
  #hasWatched = false

  constructor(options: SetbackOptions) {
    this.#o = options
    this.#patience = new Patience(options.clock, options.random)
    this.#refusals = new Refusals(options.clock)
  }

  /** Why the newest probe or watch failed; '' since a watch is open. */
  get lastError(): string {
    return this.#lastError
  }

  /** A watch is open. */
  overcome(): void {
    this.#lastError = ''
    this.#hasWatched = true
  }

  /** The watch ended in a way it should not. */
  ended(reason: RestartReason, why: string): NextState {
    return this.#backOff({ kind: 'retry', reason, why, retryAfterMs: null })
  }

  /** The probe was not answered with a revision. */
  probe(failure: KubeFailure, sentAtMs: number): NextState {
    return this.#retreat(remedyFor(failure), sentAtMs)
  }

  /** The watch at `watched` was refused, by its status or by an ERROR frame. */
  watch(failure: KubeFailure, sentAtMs: number, watched: string): NextState {
    const remedy = remedyFor(failure)
    if (remedy.kind === 'expired') return this.#lose('expired', remedy)
    if (remedy.kind === 'bad_request') return this.#lose('bad_request', remedy)
    if (remedy.reason === 'internal_error' && this.#internalErrors.count(watched) >= TRIES_AT_ONE_POSITION) {
      return this.#lose('internal_error', remedy)
    }
    return this.#retreat(remedy, sentAtMs)
  }

  /** At once the first time; where the next position is refused too, the fault is not in the position alone. */
  #lose(gap: GapReason, remedy: Remedy): NextState {
    const { continuity, metrics } = this.#o
    const times = continuity.lost(gap)
    if (times > 1 && gap === 'bad_request') continuity.spare()
    if (times > 1) return this.#backOff(remedy)
    metrics.restarted(remedy.reason)
    return PROBE_AT_ONCE
  }

  #retreat(remedy: Remedy, sentAtMs: number): NextState {
    const { log, metrics } = this.#o
    switch (remedy.kind) {
      case 'aborted':
        return PROBE_AT_ONCE
      case 'auth':
        this.#lastError = remedy.why
        metrics.restarted(remedy.reason)
        log.warn('the API server refuses the credentials, renewing them', { why: remedy.why })
        return { to: 'auth', sentAtMs }
      case 'denied':
        if (this.#hasWatched && !this.#refusals.again()) return this.#backOff(remedy)
        this.#lastError = remedy.why
        metrics.restarted(remedy.reason)
        log.error('listing and watching events is forbidden: check the Role', { why: remedy.why })
        return { to: 'denied' }
      case 'expired':
      case 'bad_request':
      case 'retry':
        return this.#backOff(remedy)
    }
  }

  #backOff(remedy: Remedy): NextState {
    const { log, metrics } = this.#o
    this.#lastError = remedy.why
    metrics.restarted(remedy.reason)
    const waitMs = this.#patience.nextWaitMs(remedy.retryAfterMs)
    log.warn('not watching events, trying again', {
      reason: remedy.reason,
      why: remedy.why,
      wait_ms: Math.round(waitMs),
    })
    return { to: 'backoff', waitMs }
  }
}
