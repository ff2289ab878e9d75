import { randomUUID } from 'node:crypto'
import { systemClock, type Clock } from '../clock.ts'
import type { ApiStatus } from './api-status.ts'
import { EventIndex, tailAt, type Slot, type Version } from './event-index.ts'
import { listEvents, type ListAnswer, type ListQuery } from './event-list.ts'
import { decodeTail, encodeTail, eventKey, withIdentity, type EventObject } from './event-object.ts'
import { compileSelector, type EventSelector } from './event-selector.ts'
import { EventWatch, type Frame } from './event-watch.ts'

export type EventStoreOptions = {
  /** The store's revision before the first event. */
  readonly revision?: bigint
  /** Gives creationTimestamps where an event comes without. */
  readonly clock?: Clock
  /** Frames kept; above it the store compacts itself. */
  readonly maxHistory?: number
  /** Frames that an open watch may lag behind before it is cut off. */
  readonly maxLagFrames?: number
}

export type WatchQuery = {
  readonly namespace?: string
  /** '' or '0': everything stored comes first as ADDED. */
  readonly resourceVersion?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

/** `expired`: kube-apiserver answers 200 and `EXPIRED_FRAME`. */
export type WatchAnswer =
  | { readonly kind: 'watch'; readonly watch: EventWatch }
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly status: ApiStatus }

/** A backup of the store, for `restore`. */
export type StoreSnapshot = {
  readonly revision: bigint
  readonly compacted: bigint
  readonly slots: readonly Slot[]
  readonly head: Frame
  readonly last: Frame
}

const rootFrame = (revision: bigint): Frame => ({
  revision,
  type: 'DELETED',
  namespace: '',
  tail: '',
  previous: null,
  sequence: 0,
  next: null,
})

/**
 * Events with the semantics of etcd behind kube-apiserver: one revision counter, consistent reads at every revision
 * since the last compaction, watches that begin at any of those. In memory; bounded in its history, not in its events.
 */
export class EventStore {
  readonly #clock: Clock
  readonly #maxHistory: number
  readonly #maxLagFrames: number
  #index = new EventIndex()
  #revision: bigint
  #compacted = 0n
  #size = 0
  /** Frames behind `head` up to `last` are the history. */
  #head: Frame
  #last: Frame
  #revised = new Set<Slot>()
  readonly #watches = new Set<EventWatch>()

  constructor(options: EventStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#maxHistory = options.maxHistory ?? 1_000_000
    this.#maxLagFrames = options.maxLagFrames ?? 1_000_000
    this.#revision = options.revision ?? 1n
    this.#head = rootFrame(this.#revision)
    this.#last = this.#head
  }

  /** The newest revision, a decimal string. */
  get revision(): string {
    return String(this.#revision)
  }

  /** Events that are stored now. */
  get size(): number {
    return this.#size
  }

  /** Open watches. */
  get watchers(): number {
    return this.#watches.size
  }

  get(key: string): EventObject | null {
    const slot = this.#index.find(key)
    const tail = slot === null ? null : tailAt(slot, this.#revision)
    return tail === null ? null : decodeTail(tail)
  }

  /** Stores a new event, giving it a uid and a creationTimestamp where it has none. Returns its resourceVersion. */
  create(event: EventObject): string {
    const { namespace, name, uid, creationTimestamp } = event.metadata
    const key = eventKey(namespace, name)
    if (this.get(key) !== null) throw new Error(`event ${key} exists`)
    this.#revision += 1n
    const now = `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`
    const identity = { uid: uid ?? randomUUID(), creationTimestamp: creationTimestamp ?? now }
    const stored = withIdentity(event, { ...identity, resourceVersion: this.revision })
    this.#put(key, 'ADDED', encodeTail(stored))
    this.#size += 1
    this.#notify()
    return this.revision
  }

  /** Changes an event. Returns its new resourceVersion; null when there is no such event or nothing changed. */
  update(key: string, change: (event: EventObject) => EventObject): string | null {
    const before = this.get(key)
    if (before === null) return null
    const { uid = '', creationTimestamp = '', resourceVersion = '' } = before.metadata
    const changed = change(before)
    const identity = { uid, creationTimestamp }
    const same = encodeTail(withIdentity(changed, { ...identity, resourceVersion }))
    if (same === encodeTail(before)) return null
    this.#revision += 1n
    this.#put(key, 'MODIFIED', encodeTail(withIdentity(changed, { ...identity, resourceVersion: this.revision })))
    this.#notify()
    return this.revision
  }

  /** Deletes events in one revision, as the end of an etcd lease does. Null when none of them is stored. */
  remove(keys: Iterable<string>): string | null {
    const doomed = new Map<string, EventObject>()
    for (const key of keys) {
      const event = this.get(key)
      if (event !== null) doomed.set(key, event)
    }
    if (doomed.size === 0) return null
    this.#revision += 1n
    for (const [key, event] of doomed) {
      const { uid = '', creationTimestamp = '' } = event.metadata
      const last = withIdentity(event, { uid, creationTimestamp, resourceVersion: this.revision })
      this.#put(key, 'DELETED', encodeTail(last))
    }
    this.#size -= doomed.size
    this.#notify()
    return this.revision
  }

  /** Moves the revision as changes of other resources in the same etcd do. */
  bump(revisions = 1): string {
    this.#revision += BigInt(revisions)
    return this.revision
  }

  /** Forgets what was superseded at `upTo` (default: now). Reads and watches before it are expired; open watches are not. */
  compact(upTo: string = this.revision): void {
    const at = BigInt(upTo)
    if (at > this.#revision) throw new Error(`compaction at the future revision ${upTo}`)
    if (at <= this.#compacted) return
    this.#compacted = at
    while (this.#head.next !== null && this.#head.next.revision < at) this.#head = this.#head.next
    for (const slot of this.#revised) {
      while ((slot.versions[1]?.revision ?? at + 1n) <= at) slot.versions.shift()
      if (slot.versions.length > 1) continue
      const only = slot.versions[0]
      if (only?.tail === null && only.revision <= at) this.#index.drop(slot)
      if (only?.tail !== null || only.revision <= at) this.#revised.delete(slot)
    }
  }

  snapshot(): StoreSnapshot {
    const slots = [...this.#index.range('', '')].map(({ key, versions }) => ({ key, versions: [...versions] }))
    const kept = { revision: this.#revision, compacted: this.#compacted }
    return { ...kept, slots, head: this.#head, last: this.#last }
  }

  /** Goes back to a backup: the revision drops and every watch ends. */
  restore(snapshot: StoreSnapshot): void {
    for (const watch of this.#watches) watch.close()
    this.#revision = snapshot.revision
    this.#compacted = snapshot.compacted
    this.#index = new EventIndex()
    this.#revised = new Set()
    for (const { key, versions } of snapshot.slots) {
      for (const version of versions) {
        const slot = this.#index.append(key, version)
        if (versions.length > 1 || version.tail === null) this.#revised.add(slot)
      }
    }
    this.#size = this.#index.count('', '', this.#revision)
    this.#rewind(snapshot)
  }

  /** History up to the snapshot is copied: the chain behind it belongs to a future that no longer happens. */
  #rewind(snapshot: StoreSnapshot): void {
    this.#head = { ...snapshot.head, next: null }
    this.#last = this.#head
    for (let frame = snapshot.head; frame !== snapshot.last && frame.next !== null;) {
      frame = frame.next
      const copy = { ...frame, next: null }
      this.#last.next = copy
      this.#last = copy
    }
  }

  /** A LIST, as kube-apiserver answers it without a watch cache. */
  list(query: ListQuery = {}): ListAnswer {
    return listEvents({ index: this.#index, revision: this.#revision, compacted: this.#compacted }, query)
  }

  /** A WATCH without a watch cache: no bookmarks; a revision of the future is accepted and silent. */
  watch(query: WatchQuery = {}): WatchAnswer {
    const selector = compileSelector(query.fieldSelector ?? '', query.labelSelector ?? '')
    if (selector !== null && typeof selector !== 'function') return { kind: 'refused', status: selector }
    const namespace = query.namespace ?? ''
    const from = BigInt(query.resourceVersion === undefined || query.resourceVersion === '' ? 0 : query.resourceVersion)
    if (from > 0n && from + 1n < this.#compacted) return { kind: 'expired' }
    let after = from === 0n ? this.#last : this.#head
    while (from > 0n && after.next !== null && after.next.revision <= from) after = after.next
    const feed = {
      after,
      newest: () => this.#last.sequence,
      maxLagFrames: this.#maxLagFrames,
      onClose: () => this.#watches.delete(watch),
    }
    const scope = { namespace, selector, fromRevision: from }
    const watch = new EventWatch(scope, feed, from === 0n ? this.#stored(namespace, selector) : null)
    this.#watches.add(watch)
    return { kind: 'watch', watch }
  }

  #stored(namespace: string, selector: EventSelector): Iterator<string> {
    const tails: string[] = []
    for (const slot of this.#index.range(
      namespace === '' ? '' : `${namespace}/`,
      namespace === '' ? '' : `${namespace}0`,
    )) {
      const tail = tailAt(slot, this.#revision)
      if (tail !== null && (selector === null || selector(tail))) tails.push(tail)
    }
    return tails.values()
  }

  #put(key: string, type: Frame['type'], tail: string): void {
    const before = this.#index.find(key)?.versions.at(-1)?.tail ?? null
    const version: Version = { revision: this.#revision, tail: type === 'DELETED' ? null : tail }
    const slot = this.#index.append(key, version)
    if (type !== 'ADDED' || slot.versions.length > 1) this.#revised.add(slot)
    const namespace = key.slice(0, key.indexOf('/'))
    const sequence = this.#last.sequence + 1
    const frame: Frame = { revision: this.#revision, type, namespace, tail, previous: before, sequence, next: null }
    this.#last.next = frame
    this.#last = frame
  }

  #notify(): void {
    if (this.#last.sequence - this.#head.sequence > this.#maxHistory) this.#trim()
    for (const watch of this.#watches) watch.wake()
  }

  #trim(): void {
    let at = this.#head
    const surplus = this.#last.sequence - this.#head.sequence - Math.floor(this.#maxHistory * 0.9)
    for (let i = 0; i < surplus && at.next !== null; i += 1) at = at.next
    this.compact(String(at.revision))
  }
}
