import type { Clock } from '../clock.ts'
import { eventKey, type EventObject } from './event-object.ts'
import type { EventStore } from './event-store.ts'

/** The object that an event is about. */
export type Involved = {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid: string
  readonly apiVersion: string
  readonly resourceVersion?: string
  readonly fieldPath?: string
}

export type Occurrence = {
  readonly involved: Involved
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly component: string
  /** The node, for a kubelet. */
  readonly host?: string
}

/** As client-go's `maxLruCacheEntries`: what was forgotten is created anew. */
const MAX_KNOWN = 4096
const MANAGED = ['f:count', 'f:firstTimestamp', 'f:involvedObject', 'f:lastTimestamp', 'f:message', 'f:reason']

const managedFields = (component: string, time: string): unknown => [
  {
    manager: component,
    operation: 'Update',
    apiVersion: 'v1',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: Object.fromEntries([...MANAGED, 'f:source', 'f:type'].map((field) => [field, {}])),
  },
]

/**
 * An event recorder as client-go's tools/record: what is known (same object, type, reason, message and source) is
 * counted up by PATCH, anything else is created; a PATCH that finds no event creates it again with its count.
 */
export class Recorder {
  readonly #store: EventStore
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly key: string; count: number; readonly firstTimestamp: string }>()
  #sequence = 0

  constructor(store: EventStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  record(occurrence: Occurrence): void {
    const identity = JSON.stringify(occurrence)
    const now = `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`
    const known = this.#known.get(identity)
    if (known === undefined) {
      const name = this.#name(occurrence.involved.name)
      const namespace = occurrence.involved.namespace ?? 'default'
      this.#known.set(identity, { key: eventKey(namespace, name), count: 1, firstTimestamp: now })
      if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value ?? '')
      this.#create(occurrence, eventKey(namespace, name), { firstTimestamp: now, lastTimestamp: now, count: 1 })
      return
    }
    known.count += 1
    const { key, count, firstTimestamp } = known
    const times = { firstTimestamp, lastTimestamp: now, count }
    if (this.#store.update(key, (event) => ({ ...event, ...times })) === null) this.#create(occurrence, key, times)
  }

  #name(object: string): string {
    this.#sequence += 1
    const ns = BigInt(Math.floor(this.#clock.now())) * 1_000_000n + BigInt(this.#sequence % 1_000_000)
    return `${object}.${ns.toString(16)}`
  }

  #create(
    { involved, type, reason, message, component, host }: Occurrence,
    key: string,
    times: { readonly firstTimestamp: string; readonly lastTimestamp: string; readonly count: number },
  ): void {
    const [namespace = '', name = ''] = key.split('/')
    const event: EventObject = {
      metadata: { name, namespace, managedFields: managedFields(component, times.lastTimestamp) },
      involvedObject: involved,
      reason,
      message,
      source: host === undefined ? { component } : { component, host },
      ...times,
      type,
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    }
    this.#store.create(event)
  }
}
