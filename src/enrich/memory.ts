import { type Facts, factsBytes } from './facts.ts'

/** What is known of one object: `facts`, or that there is none of that name and uid. */
export type Known = {
  readonly facts: Facts | null
  /** From this moment on it should be looked up again; it is served until then and meanwhile. Infinity: never. */
  readonly staleMs: number
  /** From this moment on it is not known any more. */
  readonly endMs: number
}

type Slot = Known & { usedMs: number }

/** A slot of the map, its key and the object around it. */
const SLOT_BYTES = 240
/** A use moves an object to the young end of the queue at most this often: moving costs more than reading. */
const TOUCH_MS = 5000

/**
 * What was looked up, by key, bounded in bytes: the longest unused goes first. Absence is remembered too, or each event
 * about a deleted object would ask for it again.
 */
export class Memory {
  readonly #capacityBytes: number
  readonly #slots = new Map<string, Slot>()
  /** How many slots have these facts: those of objects that are alike are one, and counted once. */
  readonly #sharing = new Map<Facts, number>()
  #sizeBytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string, nowMs: number): Known | null {
    const slot = this.#slots.get(key)
    if (slot === undefined) return null
    if (nowMs >= slot.endMs) {
      this.#drop(key, slot)
      return null
    }
    if (nowMs - slot.usedMs > TOUCH_MS) {
      slot.usedMs = Math.ceil(nowMs)
      this.#slots.delete(key)
      this.#slots.set(key, slot)
    }
    return slot
  }

  /** Remembers it; others go if there is no room. */
  put(key: string, known: Known, nowMs: number): void {
    this.#take(key, known, nowMs)
    for (const [oldest, slot] of this.#slots) {
      if (this.#sizeBytes <= this.#capacityBytes) break
      this.#drop(oldest, slot)
    }
  }

  /** Remembers what nobody asked for, if there is room for it anyway. */
  putSpare(key: string, known: Known, nowMs: number): void {
    if (this.#slots.has(key) || this.#sizeBytes + this.#added(key, known) <= this.#capacityBytes)
      this.#take(key, known, nowMs)
  }

  #take(key: string, { facts, staleMs, endMs }: Known, nowMs: number): void {
    const before = this.#slots.get(key)
    if (before !== undefined) this.#drop(key, before)
    // Whole numbers: V8 keeps them in the object itself.
    this.#slots.set(key, { facts, staleMs: Math.ceil(staleMs), endMs: Math.ceil(endMs), usedMs: Math.ceil(nowMs) })
    this.#sizeBytes += slotBytes(key)
    if (facts === null) return
    const sharing = this.#sharing.get(facts) ?? 0
    if (sharing === 0) this.#sizeBytes += factsBytes(facts)
    this.#sharing.set(facts, sharing + 1)
  }

  #drop(key: string, { facts }: Slot): void {
    this.#slots.delete(key)
    this.#sizeBytes -= slotBytes(key)
    if (facts === null) return
    const sharing = (this.#sharing.get(facts) ?? 1) - 1
    if (sharing > 0) this.#sharing.set(facts, sharing)
    else if (this.#sharing.delete(facts)) this.#sizeBytes -= factsBytes(facts)
  }

  /** What it would add at most. */
  #added(key: string, { facts }: Known): number {
    return slotBytes(key) + (facts === null || this.#sharing.has(facts) ? 0 : factsBytes(facts))
  }
}

const slotBytes = (key: string): number => SLOT_BYTES + key.length
