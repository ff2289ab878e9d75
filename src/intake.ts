import type { Converter } from './entry/convert.ts'
import type { Entry } from './entry/entry.ts'
import type { JobTally } from './accounting.ts'
import type { DeadLetter, KubeEvent } from './kube/event.ts'
import { Frontier } from './kube/frontier.ts'
import type { ScopePosition } from './kube/position.ts'
import type { SourceSink, Via } from './kube/source.ts'
import type { Log } from './log.ts'
import type { LokiClient } from './loki/loki-client.ts'

/** One watched scope of one job, with the frontier of what the required clients have settled. */
export type Lane = {
  readonly job: string
  readonly scope: string
  readonly frontier: Frontier<ScopePosition>
}

/**
 * All lanes of the agent. An entry's sequence number tells its lane, so that clients need to know nothing of lanes:
 * `local * lanes + index`.
 */
export class Lanes {
  readonly #lanes: Lane[] = []

  add(job: string, scope: string): Lane & { readonly index: number } {
    const lane = { job, scope, frontier: new Frontier<ScopePosition>(), index: this.#lanes.length }
    this.#lanes.push(lane)
    return lane
  }

  sequence(local: number, index: number): number {
    return local * this.#lanes.length + index
  }

  settle(sequence: number): void {
    const index = sequence % this.#lanes.length
    this.#lanes[index]?.frontier.settle((sequence - index) / this.#lanes.length)
  }
}

export type IntakeOptions = {
  readonly lanes: Lanes
  /** By scope. All lanes of the agent must exist before the first event. */
  readonly own: ReadonlyMap<string, Lane & { readonly index: number }>
  readonly clients: readonly LokiClient[]
  readonly converter: Converter
  readonly tally: JobTally
  readonly log: Log
  /** A frame was dropped: nothing could be made of it. */
  readonly onUnshippable: () => void
}

/** Where one job's source puts its events: each becomes an entry in the queue of every client. */
export class Intake implements SourceSink {
  readonly #o: IntakeOptions
  readonly #required: readonly LokiClient[]

  constructor(options: IntakeOptions) {
    this.#o = options
    this.#required = options.clients.filter((client) => client.required)
  }

  event(scope: string, event: KubeEvent, position: ScopePosition, via: Via): void {
    this.#o.tally.received[via] += 1
    this.#offer(scope, this.#o.converter.toEntry(event), position)
  }

  deadLetter(scope: string, letter: DeadLetter, position: ScopePosition, via: Via): void {
    const { tally, converter, log } = this.#o
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
      this.#offer(scope, entry, position)
      return
    }
    tally.unshippable += 1
    this.#o.onUnshippable()
    this.moved(scope, position)
  }

  moved(scope: string, position: ScopePosition): void {
    this.#o.own.get(scope)?.frontier.moved(position)
  }

  hasRoom(): boolean {
    for (const client of this.#required) if (!client.hasRoom()) return false
    return true
  }

  async room(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#required.map((client) => client.room(signal)))
  }

  #offer(scope: string, entry: Entry, position: ScopePosition): void {
    const { own, lanes, clients } = this.#o
    const lane = own.get(scope)
    if (lane === undefined) throw new Error(`no lane for scope ${scope}`)
    const sequence = lanes.sequence(lane.frontier.open(position, this.#required.length), lane.index)
    for (const client of clients) client.offer(entry, sequence)
  }
}
