import type { LaneContext } from './lane-context.ts'
import { Lane } from './lane.ts'
import type { QueuedEntry } from './queued-entry.ts'

type Running = { readonly lane: Lane; readonly ended: Promise<void> }

/** The lanes of one client, one per tenant with entries. A tenant in trouble does not stop the others. */
export class Sender {
  readonly #context: LaneContext
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Map<string, Running>()
  #isStarted = false

  constructor(context: LaneContext) {
    this.#context = context
  }

  get parkedStreams(): number {
    let streams = 0
    for (const lane of this.#lanes.values()) streams += lane.parkedStreams
    return streams
  }

  push(entry: QueuedEntry): void {
    const { tenant } = entry.stream
    const lane = this.#lanes.get(tenant) ?? new Lane(tenant, this.#context)
    this.#lanes.set(tenant, lane)
    lane.push(entry)
    if (this.#isStarted) this.#run(lane)
  }

  start(): void {
    this.#isStarted = true
    for (const lane of this.#lanes.values()) this.#run(lane)
  }

  #run(lane: Lane): void {
    if (this.#running.has(lane.tenant) || this.#context.stop.aborted) return
    const ended = lane.run().then(() => {
      this.#running.delete(lane.tenant)
      if (this.#context.stop.aborted) return
      // An entry may have come between the lane's last look and now.
      if (lane.isEmpty) this.#forget(lane)
      else this.#run(lane)
    })
    this.#running.set(lane.tenant, { lane, ended })
  }

  #forget(lane: Lane): void {
    this.#lanes.delete(lane.tenant)
    this.#context.health.forget(lane.tenant)
  }

  /** Every waiting lane looks again. */
  hurry(): void {
    for (const lane of this.#lanes.values()) lane.hurry()
    this.#context.naps.wakeAll()
  }

  /** Resolves when no lane has anything left, or all were stopped. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map((running) => running.ended))
  }
}
