import type { JobTally } from './accounting.ts'
import type { Converter } from './entry/convert.ts'
import type { DeadLetter, KubeEvent } from './kube/event.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceSink, Via } from './kube/source.ts'
import type { Log } from './log.ts'
import type { Lane, Outbox } from './outbox.ts'

export type IntakeOptions = {
  readonly outbox: Outbox
  /** The job's lanes by scope. */
  readonly lanes: ReadonlyMap<string, Lane>
  readonly converter: Converter
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
    const { tally, outbox, converter } = this.#o
    tally.received[via] += 1
    outbox.offer(this.#lane(scope), converter.toEntry(event), position)
  }

  deadLetter(scope: string, letter: DeadLetter, position: ScopePosition, via: Via): void {
    const { tally, converter, log, outbox } = this.#o
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
      outbox.offer(this.#lane(scope), entry, position)
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
    return this.#o.outbox.hasRoom()
  }

  room(signal: AbortSignal): Promise<void> {
    return this.#o.outbox.room(signal)
  }

  #lane(scope: string): Lane {
    const lane = this.#o.lanes.get(scope)
    if (lane === undefined) throw new Error(`no lane for scope ${scope}`)
    return lane
  }
}
