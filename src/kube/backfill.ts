import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { KubeAnswer, KubeClient } from './client.ts'
import type { CredentialRenewal } from './credential-renewal.ts'
import { decodeEvent } from './decode-event.ts'
import type { EventPaths } from './event-path.ts'
import { eventTimeMs } from './event-time.ts'
import { letterOfInvalid } from './frame-head.ts'
import {
  DENIED_RETRY_MS,
  PAGE_LIMIT_MAX,
  PAGE_MAX_BYTES,
  PAGE_SMALL_BYTES,
  PAGE_TIMEOUT_MS,
  TRIES_OF_ONE_TOKEN,
} from './limits.ts'
import type { OwedRules } from './owed.ts'
import { type Page, readPage } from './page.ts'
import { Patience, Refusals, RepeatsAt } from './patience.ts'
import type { Interval } from './position.ts'
import { isResourceVersion } from './resource-version.ts'
import { type Remedy, remedyFor } from './source-failure.ts'
import type { ScopeMetrics } from './source-metrics.ts'
import type { SourceSink } from './source.ts'
import { member } from './status.ts'
import type { Track } from './track.ts'

export type BackfillOptions = {
  readonly paths: EventPaths
  readonly client: KubeClient
  readonly renewal: CredentialRenewal
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ScopeMetrics
  readonly sink: SourceSink
  readonly track: Track
  readonly rules: OwedRules
  readonly random: () => number
}

/**
 * Reads what is owed, page by page, beside the watch. A *pass* serves the intervals that were pending when it began;
 * what becomes owed meanwhile waits for the next one, because pages that were read already may lack it. One request at
 * a time, and none while the sink is full.
 */
export class Backfill {
  readonly #o: BackfillOptions
  readonly #patience: Patience
  #limit = PAGE_LIMIT_MAX
  readonly #internalErrors = new RepeatsAt()
  readonly #refusals: Refusals
  #wake: (() => void) | null = null
  #lastError = ''

  constructor(options: BackfillOptions) {
    this.#o = options
    this.#patience = new Patience(options.clock, options.random)
    this.#refusals = new Refusals(options.clock)
  }

  /** Why the newest request failed; '' after one that did not. */
  get lastError(): string {
    return this.#lastError
  }

  /** There may be something owed now. */
  owed(): void {
    this.#wake?.()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sink } = this.#o
    while (!signal.aborted) {
      if (!this.#passBegun()) await this.#untilOwed(signal)
      else if (!sink.hasRoom()) await sink.room(signal)
      else await this.#readOn(signal)
    }
  }

  #passBegun(): boolean {
    const { track, rules } = this.#o
    if (!track.started) return false
    const { active, pending } = track.position
    if (active === null && pending.length > 0) track.moveTo(rules.passBegun(track.position))
    return track.position.active !== null
  }

  async #untilOwed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#wake = null
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  /** One request, and what follows from its answer. */
  async #readOn(signal: AbortSignal): Promise<void> {
    const { client, clock, paths, track } = this.#o
    const { epoch, active } = track.position
    const token = active?.continueToken ?? null
    const sentAtMs = clock.monotonicMs()
    const answer = await client.get(paths.page(this.#limit, token), {
      signal,
      timeoutMs: PAGE_TIMEOUT_MS,
      maxBytes: PAGE_MAX_BYTES,
    })
    // A restore was found meanwhile: the page belongs to a store that is no more.
    if (signal.aborted || track.position.epoch !== epoch) return
    const page = answer.kind === 'ok' ? readPage(answer.body) : null
    if (answer.kind === 'ok' && page !== null) {
      this.#lastError = ''
      track.sawStore(page.resourceVersion)
      this.#patience.restore()
      if (answer.sizeBytes < PAGE_SMALL_BYTES) this.#limit = Math.min(PAGE_LIMIT_MAX, this.#limit * 2)
      await this.#take(page, signal)
      return
    }
    await this.#recover(answer, { token, sentAtMs }, signal)
  }

  async #recover(
    answer: KubeAnswer<unknown>,
    request: { readonly token: string | null; readonly sentAtMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { track, rules, log } = this.#o
    if (answer.kind === 'too_large' && this.#limit > 1) {
      this.#limit = Math.ceil(this.#limit / 2)
      log.info('page too large, asking for fewer events', { limit: this.#limit })
      return
    }
    const remedy = remedyFor(answer.kind === 'ok' ? { kind: 'malformed', why: 'not an event list' } : answer)
    this.#lastError = remedy.why
    if (!this.#lapsed(remedy, request.token)) {
      await this.#wait(remedy, request.sentAtMs, signal)
      return
    }
    const replacement = answer.kind === 'http' && remedy.kind === 'expired' ? answer.continueToken : null
    track.moveTo(rules.tokenExpired(track.position, replacement))
    log.info('the list token expired', { goes_on: replacement === null ? 'from the first page' : 'inconsistently' })
    // From the first page, or in a circle: not at once.
    if (replacement === null || replacement === request.token) await this.#wait(remedy, request.sentAtMs, signal)
  }

  /**
   * Whether the token is what the server dislikes. A 500 may come from a token of the future, after the store was
   * restored while no agent was looking; but mostly it is an overloaded server, so this is the last thing to believe.
   */
  #lapsed(remedy: Remedy, token: string | null): boolean {
    if (token === null) return false
    if (remedy.kind === 'expired' || remedy.kind === 'bad_request') return true
    return remedy.reason === 'internal_error' && this.#internalErrors.count(token) >= TRIES_OF_ONE_TOKEN
  }

  async #wait(remedy: Remedy, sentAtMs: number, signal: AbortSignal): Promise<void> {
    const { renewal, clock, log } = this.#o
    if (remedy.kind === 'aborted') return
    log.warn('a page of stored events was not read', { why: remedy.why })
    if (remedy.kind === 'auth') await renewal.after(sentAtMs, signal)
    else if (remedy.kind === 'denied' && this.#refusals.again()) await clock.sleep(DENIED_RETRY_MS, signal)
    else await clock.sleep(this.#patience.nextWaitMs(remedy.retryAfterMs), signal)
  }

  /** Hands on what is owed of a page; the position moves behind it only when all of it was handed on. */
  async #take(page: Page, signal: AbortSignal): Promise<void> {
    const { sink, track, rules, metrics } = this.#o
    const { epoch, active } = track.position
    const intervals = active?.intervals ?? []
    let emitted = 0
    for (const item of page.items) {
      if (!sink.hasRoom()) await sink.room(signal)
      if (signal.aborted || track.position.epoch !== epoch) return
      if (this.#takeItem(item, intervals)) emitted += 1
    }
    const { continueToken, resourceVersion } = page
    track.moveTo(rules.pageRead(track.position, { continueToken, resourceVersion, emitted }))
    metrics.page()
    metrics.owed(track.owedIntervals)
  }

  /** @returns whether it was handed on. */
  #takeItem(item: unknown, intervals: readonly Interval[]): boolean {
    const { track, rules, metrics } = this.#o
    const resourceVersion = member(member(item, 'metadata'), 'resourceVersion')
    if (!isResourceVersion(resourceVersion)) {
      metrics.malformed('no_revision')
      return false
    }
    const interval = rules.owing(intervals, resourceVersion)
    if (interval === null) return false
    const decoded = decodeEvent(item)
    if (decoded.kind === 'invalid') {
      metrics.malformed('invalid_event')
      track.listedLetter(letterOfInvalid(decoded, Buffer.from(JSON.stringify(item))))
      return true
    }
    const { event } = decoded
    if (interval.notBeforeMs !== null && eventTimeMs(event) < interval.notBeforeMs) return false
    // Owed from the beginning: these are stored events nobody could have seen earlier.
    if (interval.after !== '0' && (event.count > 1 || event.series !== null)) metrics.collapsedPossible()
    track.listedEvent(event)
    return true
  }
}
