import type { Entry } from '../entry/entry.ts'
import type { ScopePosition } from '../kube/position.ts'
import type { LaneId } from './record.ts'

/** The end of a numbered record. */
export type Place = {
  readonly index: number
  readonly segment: number
  readonly offset: number
}

/** A numbered record's place in the log, and what may be claimed of its lane once all up to it is settled. */
export type Mark = Place & {
  readonly lane: LaneId
  readonly position: ScopePosition | null
  /** False: only the position moved. */
  readonly isEntry: boolean
}

/** `entry` is null when only a position moved. */
export type TailRecord = { readonly mark: Mark; readonly entry: Entry | null; readonly sizeBytes: number }

/** Objects around a record's text. */
const OVERHEAD_BYTES = 300
const SPENT_BEFORE_CUT = 1024

/**
 * The newest records in memory, from the first one on that some client could not be handed at once, so that it needs
 * nothing from disk when it lags a little. Bounded in bytes; but what is not written yet stays.
 */
export class Tail {
  readonly #capacityBytes: number
  #records: (TailRecord | undefined)[] = []
  /** How many at the beginning of `#records` are gone. */
  #spent = 0
  #sizeBytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
  }

  push(record: TailRecord, writtenIndex: number): void {
    // Everybody was handed what was not pushed, so nobody asks for what was before it.
    if (this.#records.at(-1)?.mark.index !== record.mark.index - 1) this.#clear()
    this.#records.push(record)
    this.#sizeBytes += record.sizeBytes + OVERHEAD_BYTES
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      if (this.#sizeBytes <= this.#capacityBytes || first.mark.index > writtenIndex) break
      this.#records[this.#spent] = undefined
      this.#spent += 1
      this.#sizeBytes -= first.sizeBytes + OVERHEAD_BYTES
    }
    if (this.#spent >= SPENT_BEFORE_CUT && this.#spent * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#spent)
      this.#spent = 0
    }
  }

  /** The record with this index; null: it is not in memory. */
  at(index: number): TailRecord | null {
    const first = this.#first()
    if (first === undefined || index < first.mark.index) return null
    // Indexes have no gap here.
    return this.#records[this.#spent + index - first.mark.index] ?? null
  }

  #clear(): void {
    this.#records = []
    this.#spent = 0
    this.#sizeBytes = 0
  }

  #first(): TailRecord | undefined {
    return this.#records[this.#spent]
  }
}
