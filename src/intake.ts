import type { JobTally } from './accounting.ts'
import type { Clock } from './clock.ts'
import type { WaitingLine } from './enrich/waiting-line.ts'
import type { Converter } from './entry/convert.ts'
import { type Enrichment, NO_ENRICHMENT } from './entry/enrichment.ts'
import type { Entry } from './entry/entry.ts'
import { deadLetterMetaLabels, metaLabels } from './entry/meta-labels.ts'
import type { DeadLetter, KubeEvent } from './kube/event.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceSink, Via } from './kube/source.ts'
import type { Log } from './log.ts'
import type { Lane, Outbox } from './outbox.ts'
import type { Processor } from './processor.ts'
import type { Throttle } from './throttle/throttle.ts'

export type IntakeOptions = {
  readonly outbox: Outbox
  /** The job's lanes by scope. */
  readonly lanes: ReadonlyMap<string, Lane>
  readonly converter: Converter
  readonly processor: Processor
  readonly throttle: Throttle
  /** Where events wait for what is looked up about them; null: nothing is. */
  readonly line: WaitingLine | null
  readonly clock: Clock
  readonly tally: JobTally
  readonly log: Log
  /** A frame was dropped: nothing could be made of it. */
  readonly onUnshippable: () => void
}

/** What an entry is made of, besides the event. */
type Made = {
  readonly enrichment: Enrichment
  readonly suppressed: number
  /** Revision of a listed item that may be enriched otherwise when it is listed again. */
  readonly listed: string | undefined
}

/** Where one job's source puts its events: each becomes an entry for every client. */
export class Intake implements SourceSink {
  readonly #o: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#o = options
  }

  event(scope: string, event: KubeEvent, position: ScopePosition, via: Via): void {
    const { outbox, tally, throttle, line } = this.#o
    if (via === 'list' && outbox.isListed(this.#lane(scope), event.resourceVersion)) {
      // It is among what was recovered, or was settled before.
      this.moved(scope, position)
      return
    }
    tally.received[via] += 1
    const judgement = throttle(event)
    if (judgement.kind === 'throttled') {
      tally.throttled[judgement.by] += 1
      tally.filtered += 1
      this.moved(scope, position)
      return
    }
    const { suppressed } = judgement
    const listed = line !== null && via === 'list' ? event.resourceVersion : undefined
    const enrichment = line === null ? NO_ENRICHMENT : line.ready(event)
    if (enrichment === null) this.#wait(scope, event, position, { suppressed, listed })
    else this.#take(scope, event, position, { suppressed, enrichment, listed })
  }

  /** What is looked up about it may still come. */
  #wait(scope: string, event: KubeEvent, position: ScopePosition, made: Omit<Made, 'enrichment'>): void {
    this.#o.line?.wait(event, (enrichment) => {
      this.#take(scope, event, position, { ...made, enrichment })
    })
  }

  #take(scope: string, event: KubeEvent, position: ScopePosition, { enrichment, suppressed, listed }: Made): void {
    const { converter, processor } = this.#o
    const entry = converter.toEntry(event, { metadata: enrichment.metadata, suppressed })
    const wanted = processor.process(entry, () => [...metaLabels(event), ...enrichment.meta()])
    this.#offer(scope, wanted, position, listed)
  }

  deadLetter(scope: string, letter: DeadLetter, position: ScopePosition, via: Via): void {
    const { tally, converter, log, processor } = this.#o
    tally.received[via] += 1
    tally.deadLetters += 1
    const entry = converter.deadLetterEntry(letter)
    log.error(entry === null ? 'a frame was dropped: not an event' : 'a frame was shipped as a placeholder', {
      scope,
      why: letter.why,
      size_bytes: letter.sizeBytes,
      uid: letter.uid,
      rv: letter.resourceVersion,
    })
    if (entry !== null) {
      this.#behind(1, () => {
        const wanted = processor.process(entry, () => deadLetterMetaLabels(letter))
        this.#offer(scope, wanted, position)
      })
      return
    }
    tally.unshippable += 1
    this.#o.onUnshippable()
    this.moved(scope, position)
  }

  moved(scope: string, position: ScopePosition): void {
    const lane = this.#lane(scope)
    this.#behind(0, () => {
      this.#o.outbox.moved(lane, position)
    })
  }

  hasRoom(): boolean {
    const { line, outbox } = this.#o
    return outbox.hasRoom() && this.#heldMs() <= 0 && line?.hasRoom() !== false
  }

  async room(signal: AbortSignal): Promise<void> {
    const { line, outbox, clock } = this.#o
    if (line?.hasRoom() === false) await line.room(signal)
    if (!outbox.hasRoom()) await outbox.room(signal)
    const heldMs = this.#heldMs()
    if (heldMs > 0) await clock.sleep(heldMs, signal)
  }

  /** Nothing overtakes events that wait. */
  #behind(events: 0 | 1, pass: () => void): void {
    const { line } = this.#o
    if (line === null) pass()
    else line.behind(events, pass)
  }

  /** An entry that is not wanted moves the position all the same. */
  #offer(scope: string, entry: Entry | null, position: ScopePosition, listed?: string): void {
    const { outbox, tally } = this.#o
    if (entry !== null) {
      outbox.offer(this.#lane(scope), entry, position, listed)
      return
    }
    tally.filtered += 1
    outbox.moved(this.#lane(scope), position)
  }

  /** How long a limit of the pipeline holds the source back. */
  #heldMs(): number {
    const { processor, clock } = this.#o
    return processor.heldUntilMs === 0 ? 0 : processor.heldUntilMs - clock.monotonicMs()
  }

  #lane(scope: string): Lane {
    const lane = this.#o.lanes.get(scope)
    if (lane === undefined) throw new Error(`no lane for scope ${scope}`)
    return lane
  }
}
