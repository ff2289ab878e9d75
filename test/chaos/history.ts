/** One revision of one event that the agent has to ship. */
export type Revision = {
  /** `uid rv`: what names it in Loki. */
  readonly id: string
  /** `namespace/name`. */
  readonly key: string
  readonly rv: bigint
  /** Loki refuses its line, so it must not be stored. */
  readonly isPoison: boolean
  /** The revision that took its place or deleted it; null: it is what the store holds. */
  ended: { readonly at: bigint; readonly by: 'superseded' | 'expired' } | null
}

/** Every revision that was ever to be shipped: the truth that Loki is compared with. */
export class History {
  readonly #revisions = new Map<string, Revision>()
  readonly #live = new Map<string, Revision>()

  get size(): number {
    return this.#revisions.size
  }

  /** ADDED or MODIFIED. */
  wrote(key: string, uid: string, rv: string, isPoison: boolean): void {
    const at = BigInt(rv)
    this.#end(key, { at, by: 'superseded' })
    const revision: Revision = { id: `${uid} ${rv}`, key, rv: at, isPoison, ended: null }
    this.#revisions.set(revision.id, revision)
    this.#live.set(key, revision)
  }

  deleted(keys: Iterable<string>, rv: string): void {
    for (const key of keys) {
      this.#end(key, { at: BigInt(rv), by: 'expired' })
      this.#live.delete(key)
    }
  }

  /** Revisions that the store holds now and `has` does not know. */
  countAhead(has: (id: string) => boolean): number {
    let count = 0
    for (const { id, isPoison } of this.#live.values()) if (!isPoison && !has(id)) count += 1
    return count
  }

  has(id: string): boolean {
    return this.#revisions.has(id)
  }

  all(): IterableIterator<Revision> {
    return this.#revisions.values()
  }

  #end(key: string, ended: NonNullable<Revision['ended']>): void {
    const before = this.#live.get(key)
    if (before !== undefined) before.ended = ended
  }
}
