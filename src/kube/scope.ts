import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Backfill } from './backfill.ts'
import type { KubeClient } from './client.ts'
import { Continuity } from './continuity.ts'
import type { CredentialRenewal } from './credential-renewal.ts'
import type { EventPaths } from './event-path.ts'
import {
  DENIED_RETRY_MS,
  LINE_MAX_BYTES,
  RECONNECT_JITTER_MS,
  SHORT_WATCH_MS,
  WATCH_HEADERS_TIMEOUT_MS,
  WATCH_OVERTIME_MS,
  WATCH_TIMEOUT_S,
} from './limits.ts'
import { type NextState, PROBE_AT_ONCE } from './next-state.ts'
import type { OwedRules } from './owed.ts'
import { RepeatsAt } from './patience.ts'
import type { ScopePosition } from './position.ts'
import { probe } from './probe.ts'
import { Setbacks } from './setback.ts'
import type { ScopeStatus } from './scope-status.ts'
import type { GapReason, ScopeMetrics } from './source-metrics.ts'
import type { SourceSink, SourceState, StartPolicy } from './source.ts'
import { Track } from './track.ts'
import { Watch, type WatchEnd } from './watch.ts'

/** What the machine of one scope is given. */
export type ScopeOptions = {
  readonly scope: string
  readonly paths: EventPaths
  readonly start: StartPolicy
  /** Where to go on; null: there is no checkpoint of this scope. */
  readonly resume: ScopePosition | null
  /** The newest revision of the store that an earlier process saw; '0': none. */
  readonly seen: string
  /** Wall clock at which an earlier process knew that it had missed nothing; null: unknown. */
  readonly lastCurrentMs: number | null
  readonly client: KubeClient
  readonly renewal: CredentialRenewal
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ScopeMetrics
  readonly sink: SourceSink
  readonly rules: OwedRules
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * The machine of one scope: a watch that is opened again and again at `watched` (W), and beside it a back-fill
 * (`backfill.ts`) of the revisions that no watch will give any more.
 *
 *     init ──> probe ──> connect ──> stream ──┐
 *                ^          │           │     │
 *                │          v           v     v
 *                └── auth, denied, backoff, paused          stop from anywhere ──> drain ──> stopped
 *
 * | state   | is entered                                | and left                                                  |
 * |---------|-------------------------------------------|-----------------------------------------------------------|
 * | init    | at the start                              | at once, for probe                                        |
 * | probe   | before every watch: LIST limit=1 gives    | no position: the start policy makes one.                  |
 * |         | the store's revision L0                   | L0 < W: the store was restored, everything is owed.       |
 * |         |                                           | After a gap: (W, L0] is owed, W = L0.                     |
 * |         |                                           | Then connect. Failed: auth, denied or backoff             |
 * | connect | the probe was answered                    | 2xx: stream. Expired: probe, with a gap. Sink full:       |
 * |         |                                           | paused. Else auth, denied, backoff                        |
 * | stream  | the headers came                          | clean end: probe after 0-1 s. Ended under 1 s with        |
 * |         |                                           | nothing, broken, overdue, line damaged: backoff. Idle     |
 * |         |                                           | while the store is elsewhere: probe. ERROR frame: as if   |
 * |         |                                           | it were the answer to connect. Sink full for 20 s: paused |
 * | paused  | the sink took nothing; no watch is open   | the sink is below half: probe                             |
 * | auth    | 401                                       | credentials were renewed (at most once in 10 s): probe    |
 * | denied  | 403; once a watch was open, the fourth in | after 30 s: probe                                         |
 * |         | a row                                     |                                                           |
 * | backoff | any other failure                         | after 0.8 s, doubling up to 30 s, or Retry-After: probe   |
 * | drain   | `stop()`                                  | nothing is read any more: stopped                         |
 *
 * A *gap* is a W at which the server will not resume: 410 (as HTTP status or as ERROR frame), 400, or a third 500 at
 * the same W (an event at the edge of compaction fails for ever: "PrevKv=nil"). The watch is never made to wait for a
 * list: it goes on from L0 at once, and the back-fill lists what lies between. That loses nothing, because a revision r
 * with W < r <= L0 is shown by every list that is newer than L0, unless it was superseded (then its successor is
 * listed or watched) or deleted; and r > L0 comes by the new watch. It repeats nothing, because of a list only items
 * with W < r <= L0 are taken.
 */
export class Scope {
  readonly #o: ScopeOptions
  readonly #track: Track
  readonly #backfill: Backfill
  readonly #continuity: Continuity
  readonly #setbacks: Setbacks
  readonly #badLines = new RepeatsAt()
  #state: SourceState = 'init'
  #lastActivityMs: number | null = null

  constructor(options: ScopeOptions) {
    this.#o = options
    this.#track = new Track(options.scope, options.sink)
    this.#backfill = new Backfill({ ...options, track: this.#track })
    this.#continuity = new Continuity(options.lastCurrentMs)
    this.#setbacks = new Setbacks({ ...options, continuity: this.#continuity })
  }

  status(): ScopeStatus {
    const position = this.#track.started ? this.#track.position : null
    return {
      scope: this.#o.scope,
      state: this.#state,
      watched: position?.watched ?? '',
      seen: position === null ? '' : this.#track.seen,
      epoch: position?.epoch ?? 0,
      owedIntervals: this.#track.owedIntervals,
      lastActivityMs: this.#lastActivityMs,
      currentMs: this.#continuity.currentMs,
      lastError: this.#setbacks.lastError === '' ? this.#backfill.lastError : this.#setbacks.lastError,
    }
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { resume, metrics } = this.#o
    if (resume !== null) {
      this.#track.moveTo(resume)
      this.#track.sawStore(this.#o.seen)
    }
    metrics.owed(this.#track.owedIntervals)
    metrics.epoch(resume?.epoch ?? 0)
    const drain = (): void => {
      this.#enter('drain')
    }
    signal.addEventListener('abort', drain, { once: true })
    await Promise.all([this.#watchOn(signal), this.#backfill.run(signal)])
    this.#enter('stopped')
  }

  async #watchOn(signal: AbortSignal): Promise<void> {
    let next: NextState = PROBE_AT_ONCE
    while (!signal.aborted) {
      this.#enter(next.to)
      next = await this.#live(next, signal)
    }
    if (next.to === 'stream') next.stream.close()
  }

  #enter(state: SourceState): void {
    if (state === this.#state) return
    this.#state = state
    this.#o.metrics.state(state)
  }

  /** Lives through one state. @returns the next. */
  async #live(now: NextState, signal: AbortSignal): Promise<NextState> {
    const { clock, sink, renewal } = this.#o
    switch (now.to) {
      case 'probe':
        if (now.afterMs > 0) await clock.sleep(now.afterMs, signal)
        return this.#probe(signal)
      case 'connect':
        return this.#connect(signal)
      case 'stream':
        return this.#follow(now, signal)
      case 'paused':
        await sink.room(signal)
        return PROBE_AT_ONCE
      case 'auth':
        await renewal.after(now.sentAtMs, signal)
        return PROBE_AT_ONCE
      case 'denied':
        await clock.sleep(DENIED_RETRY_MS, signal)
        return PROBE_AT_ONCE
      case 'backoff':
        await clock.sleep(now.waitMs, signal)
        return PROBE_AT_ONCE
    }
  }

  async #probe(signal: AbortSignal): Promise<NextState> {
    const { client, clock, paths } = this.#o
    const sentAtMs = clock.monotonicMs()
    const { seen } = this.#track
    const answer = await probe(client, paths.probe, signal)
    if (answer.kind !== 'newest') return this.#setbacks.probe(answer, sentAtMs)
    this.#place(answer.resourceVersion, seen)
    return { to: 'connect' }
  }

  /** Brings the position in line with the store, whose revision is `newest`; `seen`: what was known when it was asked. */
  #place(newest: string, seen: string): void {
    const { rules, start, clock, metrics } = this.#o
    const track = this.#track
    if (!track.started) track.moveTo(rules.start(start, newest, clock.now()))
    else if (rules.wentBack(seen, newest)) {
      track.storeRestored(newest)
      this.#leap('restored', rules.restored(track.position, newest))
    } else if (this.#continuity.gap !== null) this.#leap(this.#continuity.gap, rules.expired(track.position, newest))
    track.sawStore(newest)
    if (newest === track.position.watched) this.#continuity.currentAt(clock.now())
    metrics.owed(track.owedIntervals)
    this.#backfill.owed()
  }

  #leap(reason: GapReason, position: ScopePosition): void {
    const { clock, log, metrics } = this.#o
    const seconds = this.#continuity.healedAt(clock.now())
    const fields = { reason, from: this.#track.position.watched, to: position.watched, seconds: Math.round(seconds) }
    this.#track.moveTo(position)
    metrics.gap(reason, seconds)
    metrics.epoch(position.epoch)
    if (reason === 'restored') log.error('the event store went back: it was restored, listing everything', fields)
    else log.warn('the watch cannot resume, listing what lies between', fields)
  }

  async #connect(signal: AbortSignal): Promise<NextState> {
    const { client, clock, paths, sink, random } = this.#o
    if (!sink.hasRoom()) return { to: 'paused' }
    const timeoutS = WATCH_TIMEOUT_S.min + Math.floor(random() * (WATCH_TIMEOUT_S.max - WATCH_TIMEOUT_S.min + 1))
    const sentAtMs = clock.monotonicMs()
    this.#track.opened()
    const answer = await client.watch(paths.watch(this.#track.position.watched, timeoutS), {
      signal,
      timeoutMs: WATCH_HEADERS_TIMEOUT_MS,
      maxBytes: LINE_MAX_BYTES,
    })
    if (answer.kind !== 'ok') return this.#setbacks.watch(answer, sentAtMs, this.#track.position.watched)
    return { to: 'stream', stream: answer.body, timeoutMs: timeoutS * 1000 + WATCH_OVERTIME_MS }
  }

  /** The first time, and after a failure: a clean end is followed by the next watch without a word. */
  #tellWatching(): void {
    if (this.#lastActivityMs !== null && this.#setbacks.lastError === '') return
    this.#o.log.info('watching events', { from: this.#track.position.watched, owed: this.#track.owedIntervals })
  }

  async #follow(now: Extract<NextState, { to: 'stream' }>, signal: AbortSignal): Promise<NextState> {
    const { clock, client, paths, sink, metrics } = this.#o
    const [openedAtMs, openedAtWallMs] = [clock.monotonicMs(), clock.now()]
    this.#tellWatching()
    this.#setbacks.overcome()
    this.#active()
    const watch = new Watch({
      stream: now.stream,
      track: this.#track,
      sink,
      clock,
      metrics,
      badLines: this.#badLines,
      deadlineMs: openedAtMs + now.timeoutMs,
      rules: this.#o.rules,
      probe: (aborted) => probe(client, paths.probe, aborted),
      onRead: () => {
        this.#active()
        this.#continuity.currentAt(clock.now())
      },
      onConfirmed: () => {
        this.#continuity.currentAt(clock.now())
      },
      signal,
    })
    const end = await watch.follow()
    if (signal.aborted) return PROBE_AT_ONCE
    const livedMs = clock.monotonicMs() - openedAtMs
    if (end.kind === 'refused') return this.#setbacks.watch(end.failure, openedAtMs, this.#track.position.watched)
    if (end.kind === 'eof' && watch.frames === 0 && livedMs < SHORT_WATCH_MS) {
      return this.#setbacks.ended('short', 'the watch ended at once and gave nothing')
    }
    // A compacted W would have been refused at once: when the watch was opened, nothing was lost yet.
    this.#continuity.currentAt(openedAtWallMs)
    this.#continuity.resumed()
    return this.#ended(end)
  }

  #active(): void {
    const nowMs = this.#o.clock.now()
    this.#lastActivityMs = nowMs
    this.#o.metrics.activity(nowMs)
  }

  #ended(end: Exclude<WatchEnd, { kind: 'refused' }>): NextState {
    const { clock, metrics, random } = this.#o
    switch (end.kind) {
      case 'eof':
        this.#continuity.currentAt(clock.now())
        metrics.restarted('eof')
        return { to: 'probe', afterMs: random() * RECONNECT_JITTER_MS }
      case 'idle':
        metrics.restarted('idle')
        return PROBE_AT_ONCE
      case 'stalled':
        metrics.restarted('stalled')
        return { to: 'paused' }
      case 'reset':
        return this.#setbacks.ended('reset', end.why)
      case 'deadline':
        return this.#setbacks.ended('deadline', 'the watch outlived its timeout')
      case 'bad_frame':
        return this.#setbacks.ended('bad_frame', 'a line of the watch is not JSON')
    }
  }
}
