import type { EventObject } from '../../src/demo/event-object.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import type { Dice } from './dice.ts'
import type { History } from './history.ts'

/** Lines above this are refused by Loki; messages of poison are longer. */
export const MAX_LINE_BYTES = 2048

const NAMESPACES = ['shop', 'web', 'kube-system'] as const
const POISON_CHANCE = 0.004
/** What an etcd lease holds at most, so that one revision deletes at most so many. */
const MAX_DELETED_AT_ONCE = 1000

export type ChurnOptions = {
  readonly dice: Dice
  readonly history: History
  /** After so many changes in the cluster an event ends that was not changed itself: `--event-ttl`. */
  readonly ttlChanges: number
  /** The newest changes, which a compaction leaves. */
  readonly keptChanges: number
}

/** Between two looks for what has to end. */
const HOUSEKEEPING_EVERY = 20

type Mark = { readonly at: number; readonly rv: string }

const seconds = (): string => `${new Date().toISOString().slice(0, 19)}Z`
const micros = (): string => new Date().toISOString().replace('Z', '000Z')

/**
 * What happens in a cluster: events are created, repeat, end by the hundred in one revision, and history is compacted.
 * Its time is counted in changes, so that a slow machine is no harder on the agent than a fast one.
 */
export class Churn {
  readonly store = new EventStore({ revision: 1000n })
  readonly #o: ChurnOptions
  readonly #live: string[] = []
  readonly #marks: Mark[] = []
  #made = 0
  #changes = 0
  #compacted = 0n

  constructor(options: ChurnOptions) {
    this.#o = options
  }

  /** The revision before which nothing is known any more. */
  get compacted(): bigint {
    return this.#compacted
  }

  /** One change: an event more, or one that repeats. */
  change(): void {
    const { dice } = this.#o
    const at = dice.whole(0, this.#live.length - 1)
    const key = this.#live[at]
    if (key === undefined || dice.chance(0.55)) this.#create()
    else if (!this.#repeat(key)) this.#live.splice(at, 1)
    this.#changes += 1
    if (this.#changes % HOUSEKEEPING_EVERY === 0) this.#keepHouse()
  }

  /** A good part of the events ends in one revision. */
  expireMany(): void {
    const { dice } = this.#o
    this.#remove(this.#live.filter(() => dice.chance(0.3)))
  }

  compact(upTo: string = this.store.revision): void {
    this.store.compact(upTo)
    if (BigInt(upTo) > this.#compacted) this.#compacted = BigInt(upTo)
  }

  /** Events end whose time has come, and history is forgotten, but for the newest changes. */
  #keepHouse(): void {
    const { ttlChanges, keptChanges } = this.#o
    const now = this.#changes
    this.#marks.push({ at: now, rv: this.store.revision })
    let ending: Mark | undefined
    while ((this.#marks[0]?.at ?? now) <= now - ttlChanges) ending = this.#marks.shift()
    if (ending !== undefined) this.#remove(this.store.untouchedSince(ending.rv))
    const old = this.#marks.findLast(({ at }) => at <= now - keptChanges)
    if (old !== undefined) this.compact(old.rv)
  }

  #remove(keys: readonly string[]): void {
    for (let at = 0; at < keys.length; at += MAX_DELETED_AT_ONCE) {
      const doomed = keys.slice(at, at + MAX_DELETED_AT_ONCE).filter((key) => this.store.get(key) !== null)
      const rv = this.store.remove(doomed)
      if (rv !== null) this.#o.history.deleted(doomed, rv)
    }
  }

  #create(): void {
    const { dice, history } = this.#o
    this.#made += 1
    const namespace = NAMESPACES[dice.whole(0, NAMESPACES.length - 1)] ?? 'shop'
    // In the order of keys, new events lie between old ones.
    const name = `pod-${dice.whole(0, 9999)}.${this.#made.toString(16).padStart(6, '0')}`
    const isPoison = dice.chance(POISON_CHANCE)
    const event = dice.chance(0.7) ? legacyEvent(name, namespace, isPoison) : newEvent(name, namespace, isPoison)
    const rv = this.store.create(event)
    const key = `${namespace}/${name}`
    const uid = this.store.get(key)?.metadata.uid ?? ''
    history.wrote(key, uid, rv, isPoison)
    this.#live.push(key)
  }

  #repeat(key: string): boolean {
    const before = this.store.get(key)
    if (before === null) return false
    const rv = this.store.update(key, repeated)
    if (rv === null) throw new Error(`${key} did not change`)
    this.#o.history.wrote(key, before.metadata.uid ?? '', rv, messageOf(before).length > MAX_LINE_BYTES)
    return true
  }
}

const messageOf = (event: EventObject): string => String(event['message'])

const about = (name: string, namespace: string, isPoison: boolean): EventObject => ({
  metadata: { name, namespace },
  involvedObject: { kind: 'Pod', namespace, name: name.slice(0, name.indexOf('.')), apiVersion: 'v1', uid: 'p' },
  reason: 'BackOff',
  message: isPoison ? 'x'.repeat(MAX_LINE_BYTES + 1) : `Back-off restarting failed container of ${name}`,
  type: 'Warning',
})

const legacyEvent = (name: string, namespace: string, isPoison: boolean): EventObject => ({
  ...about(name, namespace, isPoison),
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: seconds(),
  lastTimestamp: seconds(),
  count: 1,
  eventTime: null,
  reportingComponent: 'kubelet',
  reportingInstance: 'n1',
})

const newEvent = (name: string, namespace: string, isPoison: boolean): EventObject => ({
  ...about(name, namespace, isPoison),
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: micros(),
  action: 'Binding',
  reportingComponent: 'default-scheduler',
  reportingInstance: 'default-scheduler-0',
})

const repeated = (event: EventObject): EventObject => {
  if (event['eventTime'] === null) {
    return { ...event, count: Number(event['count']) + 1, lastTimestamp: seconds() }
  }
  const { count = 1 } = (event['series'] ?? {}) as { readonly count?: number }
  return { ...event, series: { count: count + 1, lastObservedTime: micros() } }
}
