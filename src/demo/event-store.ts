import { randomUUID } from 'node:crypto'
import { systemClock, type Clock } from '../clock.ts'
import type { ApiStatus } from './api-status.ts'
import { EventHistory, type HistorySnapshot } from './event-history.ts'
import { EventIndex, versionAt, type LiveVersion, type Slot, type Version } from './event-index.ts'
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
  readonly history: HistorySnapshot
}

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
  #history: EventHistory
  #revised = new Set<Slot>()
  readonly #watches = new Set<EventWatch>()
  #read = 0

  constructor(options: EventStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#maxHistory = options.maxHistory ?? 1_000_000
    this.#maxLagFrames = options.maxLagFrames ?? 1_000_000
    this.#revision = options.revision ?? 1n
    this.#history = EventHistory.startingAt(this.#revision)
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

  /** Revisions (ADDED, MODIFIED) that some LIST or WATCH handed out, each counted once; probes are not counted. */
  get read(): number {
    return this.#read
  }

  /** Stored events whose present revision nobody has read. */
  get unread(): number {
    let count = 0
    for (const slot of this.#index.range('', '')) if (versionAt(slot, this.#revision)?.read === false) count += 1
    return count
  }

  /** The event that changed last, as it was then; null before the first change. */
  get latest(): EventObject | null {
    const { tail } = this.#history.last
    return tail === '' ? null : decodeTail(tail)
  }

  /** Keys of the stored events that were not touched after revision `upTo`. */
  untouchedSince(upTo: string): readonly string[] {
    const slots = [...this.#index.range('', '')]
    return slots
      .filter((slot) => (versionAt(slot, this.#revision)?.revision ?? Infinity) <= BigInt(upTo))
      .map(({ key }) => key)
  }

  get(key: string): EventObject | null {
    const slot = this.#index.find(key)
    const version = slot === null ? null : versionAt(slot, this.#revision)
    return version === null ? null : decodeTail(version.tail)
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
    this.#history.compact(at)
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
    return { ...kept, slots, history: this.#history.snapshot() }
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
    this.#history = EventHistory.restored(snapshot.history)
  }

  /** A LIST, as kube-apiserver answers it without a watch cache. */
  list(query: ListQuery = {}): ListAnswer {
    return listEvents(
      { index: this.#index, revision: this.#revision, compacted: this.#compacted, onRead: this.#onRead },
      query,
    )
  }

  /** A WATCH without a watch cache: no bookmarks; a revision of the future is accepted and silent. */
  watch(query: WatchQuery = {}): WatchAnswer {
    const selector = compileSelector(query.fieldSelector ?? '', query.labelSelector ?? '')
    if (selector !== null && typeof selector !== 'function') return { kind: 'refused', status: selector }
    const namespace = query.namespace ?? ''
    const from = BigInt(query.resourceVersion === undefined || query.resourceVersion === '' ? 0 : query.resourceVersion)
    if (from > 0n && from + 1n < this.#compacted) return { kind: 'expired' }
    const after = from === 0n ? this.#history.last : this.#history.upTo(from)
    const feed = {
      after,
      newest: () => this.#history.last.sequence,
      maxLagFrames: this.#maxLagFrames,
      onClose: () => this.#watches.delete(watch),
      onRead: this.#onRead,
    }
    const scope = { namespace, selector, fromRevision: from }
    const watch = new EventWatch(scope, feed, from === 0n ? this.#stored(namespace, selector) : null)
    this.#watches.add(watch)
    return { kind: 'watch', watch }
  }

  #stored(namespace: string, selector: EventSelector): Iterator<LiveVersion> {
    const versions: LiveVersion[] = []
    for (const slot of this.#index.range(
      namespace === '' ? '' : `${namespace}/`,
      namespace === '' ? '' : `${namespace}0`,
    )) {
      const version = versionAt(slot, this.#revision)
      if (version !== null && (selector === null || selector(version.tail))) versions.push(version)
    }
    return versions.values()
  }

  readonly #onRead = (version: Version): void => {
    if (!version.read) this.#read += 1
    version.read = true
  }

  #put(key: string, type: Frame['type'], tail: string): void {
    const before = this.#index.find(key)?.versions.at(-1)?.tail ?? null
    const version: Version = { revision: this.#revision, tail: type === 'DELETED' ? null : tail, read: false }
    const slot = this.#index.append(key, version)
    if (type !== 'ADDED' || slot.versions.length > 1) this.#revised.add(slot)
    const namespace = key.slice(0, key.indexOf('/'))
    this.#history.append({ revision: this.#revision, type, namespace, version, tail, previous: before })
  }

  #notify(): void {
    if (this.#history.length > this.#maxHistory) {
      this.compact(String(this.#history.revisionBefore(Math.floor(this.#maxHistory * 0.9))))
    }
    for (const watch of this.#watches) watch.wake()
  }
}
