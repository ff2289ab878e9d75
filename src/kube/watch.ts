import type { Clock } from '../clock.ts'
import { childOf } from './child-abort.ts'
import { type KubeFailure, type KubeStream, KubeStreamError, type StreamLine } from './client.ts'
import { type Frame, readFrame } from './frame.ts'
import { IDLE_MS, IDLE_RETRY_MS, STALL_MAX_MS, TRIES_AT_ONE_POSITION } from './limits.ts'
import type { OwedRules } from './owed.ts'
import type { RepeatsAt } from './patience.ts'
import type { ProbeAnswer } from './probe.ts'
import type { ScopeMetrics } from './source-metrics.ts'
import type { SourceSink } from './source.ts'
import type { Track } from './track.ts'

/** How a watch ended. */
export type WatchEnd =
  /** The server closed it in good order. */
  | { readonly kind: 'eof' }
  /** The connection broke. */
  | { readonly kind: 'reset'; readonly why: string }
  /** It outlived its timeout. */
  | { readonly kind: 'deadline' }
  /** Nothing came, and the store is not where the watch is. */
  | { readonly kind: 'idle' }
  /** The sink took nothing for too long. */
  | { readonly kind: 'stalled' }
  /** An ERROR frame. */
  | { readonly kind: 'refused'; readonly failure: KubeFailure }
  /** A complete line that is not JSON. */
  | { readonly kind: 'bad_frame' }

export type WatchOptions = {
  readonly stream: KubeStream
  readonly track: Track
  readonly sink: SourceSink
  readonly clock: Clock
  readonly metrics: ScopeMetrics
  /** Lines that are not JSON, counted over all watches of the scope. */
  readonly badLines: RepeatsAt
  /** `monotonicMs` at which the watch is given up. */
  readonly deadlineMs: number
  readonly rules: OwedRules
  /** Asks for the store's revision on another connection. */
  readonly probe: (signal: AbortSignal) => Promise<ProbeAnswer>
  /** The watch gave something. */
  readonly onRead: () => void
  /** The watch is quiet, and a probe says that there is nothing to give. */
  readonly onConfirmed: () => void
  readonly signal: AbortSignal
}

/**
 * One open watch, from its headers to its end. Two loops: one reads and hands on; beside it a watchdog wakes when
 * nothing came for 90 s or the time is up, and closes the connection, which ends the reading.
 */
export class Watch {
  readonly #o: WatchOptions
  #end: WatchEnd | null = null
  #frames = 0
  /** Since when the socket may give bytes without anybody being in the way. */
  #listeningSinceMs: number
  #waitsForRoom = false

  constructor(options: WatchOptions) {
    this.#o = options
    this.#listeningSinceMs = options.clock.monotonicMs()
  }

  /** Lines that were read. */
  get frames(): number {
    return this.#frames
  }

  async follow(): Promise<WatchEnd> {
    const { stream, signal } = this.#o
    const open = childOf(signal)
    const watchdog = this.#guard(open.signal)
    try {
      await this.#read(open.signal)
    } catch (error) {
      if (!(error instanceof KubeStreamError)) throw error
      this.#finish({ kind: 'reset', why: error.message })
    } finally {
      open.end()
      stream.close()
      await watchdog
    }
    return this.#end ?? { kind: 'eof' }
  }

  /** The first end is the true one: what follows from closing the connection is its echo. */
  #finish(end: WatchEnd): void {
    this.#end ??= end
    this.#o.stream.close()
  }

  #ended(): boolean {
    return this.#end !== null || this.#o.signal.aborted
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { stream, track, sink, onRead } = this.#o
    for await (const lines of stream.chunks) {
      if (this.#ended()) return
      for (const line of lines) {
        this.#take(line)
        if (this.#ended()) break
      }
      track.tellMove()
      if (this.#ended()) return
      onRead()
      if (!sink.hasRoom()) await this.#room(signal)
      if (this.#ended()) return
    }
  }

  #take(line: StreamLine): void {
    const frame = readFrame(line)
    // Counted as progress only when it brought the watch further.
    if (frame.kind !== 'refused' && frame.kind !== 'unreadable') this.#frames += 1
    if (frame.kind === 'event' && this.#o.track.watchedEvent(frame.event)) return
    this.#takeRare(frame)
  }

  #takeRare(frame: Frame): void {
    const { track, metrics } = this.#o
    switch (frame.kind) {
      case 'event':
        metrics.malformed('stale')
        return
      case 'moved':
        track.watchedMove(frame.resourceVersion)
        return
      case 'dead':
        metrics.malformed(frame.letter.why)
        track.watchedLetter(frame.letter)
        return
      case 'ignored':
        metrics.malformed(frame.reason)
        return
      case 'refused':
        this.#finish({ kind: 'refused', failure: frame.failure })
        return
      case 'unreadable':
        this.#takeUnreadable(frame)
    }
  }

  /** Perhaps the connection damaged it: read it again, and let it go only when it comes the same way every time. */
  #takeUnreadable(frame: Extract<Frame, { kind: 'unreadable' }>): void {
    const { track, badLines, metrics } = this.#o
    metrics.malformed('invalid_json')
    if (badLines.count(track.position.watched) < TRIES_AT_ONE_POSITION) this.#finish({ kind: 'bad_frame' })
    else track.watchedLetter(frame.letter)
  }

  /** Nothing is read meanwhile: the server's socket fills, which it must not for long. */
  async #room(signal: AbortSignal): Promise<void> {
    const { sink, clock } = this.#o
    const waiting = childOf(signal)
    this.#waitsForRoom = true
    await Promise.race([sink.room(waiting.signal), clock.sleep(STALL_MAX_MS, waiting.signal)])
    waiting.end()
    this.#waitsForRoom = false
    this.#listeningSinceMs = clock.monotonicMs()
    if (!sink.hasRoom()) this.#finish({ kind: 'stalled' })
  }

  async #guard(signal: AbortSignal): Promise<void> {
    const { clock, deadlineMs } = this.#o
    let checkAtMs = this.#listeningSinceMs + IDLE_MS
    for (;;) {
      await clock.sleep(Math.min(checkAtMs, deadlineMs) - clock.monotonicMs(), signal)
      if (signal.aborted) return
      const nowMs = clock.monotonicMs()
      if (nowMs >= deadlineMs) {
        this.#finish({ kind: 'deadline' })
        return
      }
      if (nowMs < checkAtMs) continue
      checkAtMs = this.#quietSinceMs(nowMs) + IDLE_MS
      if (checkAtMs > nowMs) continue
      checkAtMs = clock.monotonicMs() + (await this.#checkIdle(signal))
      if (this.#ended()) return
    }
  }

  #quietSinceMs(nowMs: number): number {
    return this.#waitsForRoom ? nowMs : Math.max(this.#listeningSinceMs, this.#o.stream.lastByteAtMs())
  }

  /**
   * Is it quiet, or is the connection dead? Where the store's revision is that of the watch, it is quiet. Where it is
   * ahead, other resources may have moved it, so that a dead connection can't be told from a live one: a new watch from
   * the same revision costs little and repeats nothing. Where it is behind, the next probe says what that means.
   *
   * @returns after how many milliseconds to look again.
   */
  async #checkIdle(signal: AbortSignal): Promise<number> {
    const { stream, track, rules, probe, onConfirmed } = this.#o
    const [watched, seen] = [track.position.watched, track.seen]
    const lastByteAtMs = stream.lastByteAtMs()
    const answer = await probe(signal)
    if (signal.aborted) return 0
    if (answer.kind !== 'newest') return IDLE_RETRY_MS
    if (stream.lastByteAtMs() !== lastByteAtMs) return IDLE_MS
    if (answer.resourceVersion === watched && !rules.wentBack(seen, watched)) onConfirmed()
    else this.#finish({ kind: 'idle' })
    return IDLE_MS
  }
}
