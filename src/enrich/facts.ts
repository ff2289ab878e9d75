import { capped } from '../entry/bounded-text.ts'
import { member } from '../kube/status.ts'
import { type Choice, type Chosen, createChoice } from './choice.ts'
import type { EnrichOptions } from './enrich-options.ts'

/** The controller of an object, as its owner reference tells. */
export type Controller = {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

/** What is kept of one object: what was chosen, and nothing else. */
export type Facts = {
  readonly controller: Controller | null
  readonly labels: Chosen
  readonly annotations: Chosen
}

/** An object that was read. */
export type Seen = {
  readonly uid: string
  /** The uid by which a kubelet knows a static pod, whose mirror in the API server has another; '' of all others. */
  readonly staticUid: string
  readonly facts: Facts
}

/** Names and uids of Kubernetes are shorter (253 and 36 bytes). */
const MAX_NAME_BYTES = 256
/** A kubelet's mirror of a static pod: its hash is the uid in the kubelet's events. */
const MIRROR = 'kubernetes.io/config.mirror'

const text = (from: unknown, name: string): string => {
  const value = member(from, name)
  return typeof value === 'string' ? capped(value, MAX_NAME_BYTES) : ''
}

/** The owner reference with `controller: true`; at most one has it (meta/v1 OwnerReference). */
const controllerOf = (metadata: unknown): Controller | null => {
  const owners = member(metadata, 'ownerReferences')
  if (!Array.isArray(owners)) return null
  const found: unknown = owners.find((owner: unknown) => member(owner, 'controller') === true)
  const controller = {
    apiVersion: text(found, 'apiVersion'),
    kind: text(found, 'kind'),
    name: text(found, 'name'),
    uid: text(found, 'uid'),
  }
  return controller.kind === '' || controller.name === '' ? null : controller
}

/** Reads an object, or its PartialObjectMetadata, and keeps what is wanted of it. */
export type FactsReader = (object: unknown) => Seen | null

/** Alike facts that are remembered at once. */
const MAX_ALIKE = 8192

/** One object for all that are alike: pods of one workload have the same labels, and the same controller. */
const createSharing = <T>(): ((value: T) => T) => {
  const known = new Map<string, T>()
  return (value) => {
    const key = JSON.stringify(value)
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= MAX_ALIKE) known.clear()
    known.set(key, value)
    return value
  }
}

/** @returns a reader that gives null for what is no object with a uid. */
export const createFactsReader = (options: EnrichOptions): FactsReader => {
  const labels: Choice = createChoice(options.labels, options)
  const annotations: Choice = createChoice(options.annotations, options)
  const shared = createSharing<Facts>()
  return (object) => {
    const metadata = member(object, 'metadata')
    const uid = text(metadata, 'uid')
    if (uid === '') return null
    const facts = shared({
      controller: options.owners ? controllerOf(metadata) : null,
      labels: labels(member(metadata, 'labels')),
      annotations: annotations(member(metadata, 'annotations')),
    })
    return { uid, staticUid: text(member(metadata, 'annotations'), MIRROR), facts }
  }
}

/** `metadata.name` of an object; '' when it has none. */
export const nameOf = (object: unknown): string => text(member(object, 'metadata'), 'name')

/** `metadata.namespace` of an object; '' of one that is in none. */
export const namespaceOf = (object: unknown): string => text(member(object, 'metadata'), 'namespace')

const PAIR_BYTES = 100
const FACTS_BYTES = 160

const chosenBytes = (chosen: Chosen): number =>
  chosen.reduce((sum, [name, value]) => sum + PAIR_BYTES + name.length + value.length, 0)

/** Memory it takes, about: a character of a value is one byte, an object some dozens. */
export const factsBytes = ({ controller, labels, annotations }: Facts): number => {
  const owner = controller === null ? 0 : PAIR_BYTES + 2 * controller.name.length
  return FACTS_BYTES + owner + chosenBytes(labels) + chosenBytes(annotations)
}
