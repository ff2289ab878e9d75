/** One state of a key: its JSON (`encodeTail`), or null for a deletion. `read`: some LIST or WATCH handed it out. */
export type Version = { readonly revision: bigint; readonly tail: string | null; read: boolean }

/** A version that is no deletion. */
export type LiveVersion = Version & { readonly tail: string }

const isLive = (version: Version): version is LiveVersion => version.tail !== null

/** A key and its versions since the last compaction, oldest first; never empty. */
export type Slot = { readonly key: string; readonly versions: Version[] }

type Chunk = { readonly slots: Slot[]; newest: bigint; deleted: number }

const CHUNK_SLOTS = 512

/** What a slot held at `revision`: null when it did not exist. */
export const versionAt = (slot: Slot, revision: bigint): LiveVersion | null => {
  for (let i = slot.versions.length - 1; i >= 0; i -= 1) {
    const version = slot.versions[i]
    if (version !== undefined && version.revision <= revision) return isLive(version) ? version : null
  }
  return null
}

/** First position whose key is not before `key`. */
const lowerBound = (count: number, keyAt: (i: number) => string, key: string): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyAt(middle) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Slots in the order of their keys, with inserts and counts that stay cheap at 100,000s of keys. */
export class EventIndex {
  readonly #chunks: Chunk[] = []

  #chunkOf(key: string): number {
    const last = (i: number): string => this.#chunks[i]?.slots.at(-1)?.key ?? ''
    return Math.min(lowerBound(this.#chunks.length, last, key), this.#chunks.length - 1)
  }

  find(key: string): Slot | null {
    const slots = this.#chunks[this.#chunkOf(key)]?.slots ?? []
    const slot = slots[lowerBound(slots.length, (i) => slots[i]?.key ?? '', key)]
    return slot?.key === key ? slot : null
  }

  /** Appends a version to a key's slot, which is made when there is none. */
  append(key: string, version: Version): Slot {
    if (this.#chunks.length === 0) this.#chunks.push({ slots: [], newest: 0n, deleted: 0 })
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) throw new Error('an index without chunks')
    const i = lowerBound(chunk.slots.length, (j) => chunk.slots[j]?.key ?? '', key)
    const found = chunk.slots[i]
    const slot = found?.key === key ? found : { key, versions: [] }
    if (slot !== found) chunk.slots.splice(i, 0, slot)
    if (slot.versions.at(-1)?.tail === null) chunk.deleted -= 1
    if (version.tail === null) chunk.deleted += 1
    slot.versions.push(version)
    chunk.newest = version.revision
    if (chunk.slots.length > CHUNK_SLOTS) this.#split(at, chunk)
    return slot
  }

  #split(at: number, chunk: Chunk): void {
    const slots = chunk.slots.splice(chunk.slots.length >>> 1)
    const deleted = slots.filter((slot) => slot.versions.at(-1)?.tail === null).length
    chunk.deleted -= deleted
    this.#chunks.splice(at + 1, 0, { slots, newest: chunk.newest, deleted })
  }

  /** Takes a slot out whose key is deleted. */
  drop(slot: Slot): void {
    const at = this.#chunkOf(slot.key)
    const chunk = this.#chunks[at]
    const i = chunk?.slots.indexOf(slot) ?? -1
    if (chunk === undefined || i < 0) return
    chunk.slots.splice(i, 1)
    chunk.deleted -= 1
    if (chunk.slots.length === 0) this.#chunks.splice(at, 1)
  }

  /** Slots with `start` <= key < `end`, in order; '' as end is no end. */
  *range(start: string, end: string): Generator<Slot> {
    for (let at = Math.max(this.#chunkOf(start), 0); at < this.#chunks.length; at += 1) {
      const slots = this.#chunks[at]?.slots ?? []
      for (let i = lowerBound(slots.length, (j) => slots[j]?.key ?? '', start); i < slots.length; i += 1) {
        const slot = slots[i]
        if (slot === undefined || (end !== '' && slot.key >= end)) return
        yield slot
      }
    }
  }

  /** How many keys of the range existed at `revision`. */
  count(start: string, end: string, revision: bigint): number {
    let total = 0
    for (let at = Math.max(this.#chunkOf(start), 0); at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at]
      const first = chunk?.slots[0]?.key ?? ''
      if (chunk === undefined || (end !== '' && first >= end)) break
      const whole = first >= start && (end === '' || (chunk.slots.at(-1)?.key ?? '') < end)
      if (whole && chunk.newest <= revision) {
        total += chunk.slots.length - chunk.deleted
        continue
      }
      for (const slot of chunk.slots) {
        if (slot.key >= start && (end === '' || slot.key < end) && versionAt(slot, revision) !== null) total += 1
      }
    }
    return total
  }
}
