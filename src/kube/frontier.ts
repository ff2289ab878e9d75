const FIRST_CAPACITY = 1024

/**
 * How far everything has been settled, without a gap.
 *
 * Events are *opened* in order, each with the position after it and the number of parties that must let go of it, and
 * are *settled* in any order. The frontier's position is that of the longest prefix in which every event is settled
 * by all its parties: the only one that may be saved, because a restart from it skips nothing that is still under way.
 *
 * Entries live in two rings that grow and shrink with what is outstanding; opening and settling cost O(1) amortised.
 */
export class Frontier<P> {
  #positions = new Array<P | undefined>(FIRST_CAPACITY)
  #parties = new Int32Array(FIRST_CAPACITY)
  /** Sequence number of the oldest entry that is not settled. */
  #head = 0
  /** The next sequence number. */
  #tail = 0
  #position: P | null = null
  readonly #onPassed: (position: P) => void

  /** @param onPassed told of each event, in order, as the prefix grows over it. */
  constructor(onPassed: (position: P) => void = () => undefined) {
    this.#onPassed = onPassed
  }

  /**
   * Begins an event whose settlement needs `parties` (0: it needs none, and only waits for those before it).
   *
   * @returns its sequence number: 0 for the first, then one more each time.
   */
  open(position: P, parties: number): number {
    if (this.outstanding() === this.#parties.length) this.#resize(this.#parties.length * 2)
    const sequence = this.#tail
    const slot = sequence & (this.#parties.length - 1)
    this.#positions[slot] = position
    this.#parties[slot] = parties
    this.#tail += 1
    if (sequence === this.#head && parties === 0) this.#advance()
    return sequence
  }

  /** One party less. Throws on a sequence number that was never given or has no party left: somebody counts wrong. */
  settle(sequence: number): void {
    const slot = sequence & (this.#parties.length - 1)
    const left = this.#parties[slot] ?? 0
    if (!(sequence >= this.#head && sequence < this.#tail) || left === 0) {
      throw new RangeError(`sequence ${sequence} is not open`)
    }
    this.#parties[slot] = left - 1
    if (left === 1 && sequence === this.#head) this.#advance()
  }

  /** The position moved without an event: reached together with the newest open event, or at once when none is. */
  moved(position: P): void {
    if (this.#head === this.#tail) this.#position = position
    else this.#positions[(this.#tail - 1) & (this.#parties.length - 1)] = position
  }

  /** Where the longest settled prefix ends; null before anything was settled or moved. */
  position(): P | null {
    return this.#position
  }

  /** Events that were opened and lie behind the settled prefix. */
  outstanding(): number {
    return this.#tail - this.#head
  }

  #advance(): void {
    const mask = this.#parties.length - 1
    let reached: P | undefined
    while (this.#head < this.#tail && this.#parties[this.#head & mask] === 0) {
      reached = this.#positions[this.#head & mask]
      this.#positions[this.#head & mask] = undefined
      this.#head += 1
      if (reached !== undefined) this.#onPassed(reached)
    }
    if (reached !== undefined) this.#position = reached
    // An eighth, not a half: a ring at its boundary must not be copied back and forth.
    if (mask >= FIRST_CAPACITY && this.outstanding() * 8 <= mask) this.#resize((mask + 1) / 2)
  }

  /** `capacity` is a power of two, so that a slot is the low bits of a sequence number. */
  #resize(capacity: number): void {
    const positions = new Array<P | undefined>(capacity)
    const parties = new Int32Array(capacity)
    const mask = this.#parties.length - 1
    for (let sequence = this.#head; sequence < this.#tail; sequence += 1) {
      positions[sequence & (capacity - 1)] = this.#positions[sequence & mask]
      parties[sequence & (capacity - 1)] = this.#parties[sequence & mask] ?? 0
    }
    this.#positions = positions
    this.#parties = parties
  }
}
