import type { JobTally } from './accounting.ts'
import type { Clock } from './clock.ts'
import type { Converter } from './entry/convert.ts'
import type { Entry } from './entry/entry.ts'
import { deadLetterMetaLabels, metaLabels } from './entry/meta-labels.ts'
import type { DeadLetter, KubeEvent } from './kube/event.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceSink, Via } from './kube/source.ts'
import type { Log } from './log.ts'
import type { Lane, Outbox } from './outbox.ts'
import type { Processor } from './processor.ts'

export type IntakeOptions = {
  readonly outbox: Outbox
  /** The job's lanes by scope. */
  readonly lanes: ReadonlyMap<string, Lane>
  readonly converter: Converter
  readonly processor: Processor
  readonly clock: Clock
  readonly tally: JobTally
  readonly log: Log
  /** A frame was dropped: nothing could be made of it. */
  readonly onUnshippable: () => void
}

/** Where one job's source puts its events: each becomes an entry for every client. */
export class Intake implements SourceSink {
  readonly #o: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#o = options
  }

  event(scope: string, event: KubeEvent, position: ScopePosition, via: Via): void {
    const { tally, converter, processor } = this.#o
    tally.received[via] += 1
    const entry = processor.process(converter.toEntry(event), () => metaLabels(event))
    this.#offer(scope, entry, position)
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
      this.#offer(
        scope,
        processor.process(entry, () => deadLetterMetaLabels(letter)),
        position,
      )
      return
    }
    tally.unshippable += 1
    this.#o.onUnshippable()
    this.moved(scope, position)
  }

  moved(scope: string, position: ScopePosition): void {
    this.#o.outbox.moved(this.#lane(scope), position)
  }

  hasRoom(): boolean {
    return this.#o.outbox.hasRoom() && this.#heldMs() <= 0
  }

  async room(signal: AbortSignal): Promise<void> {
    if (!this.#o.outbox.hasRoom()) await this.#o.outbox.room(signal)
    const heldMs = this.#heldMs()
    if (heldMs > 0) await this.#o.clock.sleep(heldMs, signal)
  }

  /** An entry that is not wanted moves the position all the same. */
  #offer(scope: string, entry: Entry | null, position: ScopePosition): void {
    if (entry !== null) {
      this.#o.outbox.offer(this.#lane(scope), entry, position)
      return
    }
    this.#o.tally.filtered += 1
    this.moved(scope, position)
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
