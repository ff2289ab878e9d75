import { namespaceOf } from '../entry/event-fields.ts'
import type { KubeEvent } from '../kube/event.ts'
import type { Chosen } from './choice.ts'
import { type EnrichOptions, wantsObject } from './enrich-options.ts'
import type { Outcome } from './enrich-metrics.ts'
import type { Facts } from './facts.ts'
import type { Labels } from './label-watch.ts'
import { type Look, Looks } from './looks.ts'
import type { Lookups } from './lookups.ts'
import { followOwners, type Top } from './owners.ts'
import type { ResourceTable } from './resource.ts'
import type { Targets } from './targets.ts'

export type EnricherOptions = {
  readonly options: EnrichOptions
  readonly table: ResourceTable
  readonly targets: Targets
  readonly lookups: Lookups
  /** By name; null: they are not wanted. */
  readonly namespaceLabels: ((name: string) => Labels) | null
  readonly nodeLabels: ((name: string) => Labels) | null
  /** Kinds are still being asked for. */
  readonly isDiscovering: () => boolean
}

type Missing = Exclude<Outcome, 'complete' | 'timeout'> | 'pending'

const NONE: Chosen = []

/** Kubernetes has no longer names and uids (apimachinery `validation`); what is longer is not kept as a key. */
const MAX_NAME_LENGTH = 253
const MAX_UID_LENGTH = 128

/** Looks up what an event's entry is to tell. Never waits: what is not known is asked for, and may be there the next time. */
export class Enricher {
  readonly #o: EnricherOptions
  readonly #wantsObject: boolean
  readonly #looks: Looks

  constructor(options: EnricherOptions) {
    this.#o = options
    this.#wantsObject = wantsObject(options.options)
    this.#looks = new Looks(options.options.maxNames)
  }

  look(event: KubeEvent): Look {
    const { namespaceLabels, nodeLabels } = this.#o
    const object = this.#wantsObject ? this.#facts(event) : null
    const facts = typeof object === 'string' ? null : object
    const top = facts === null ? null : this.#top(event, facts)
    const ofNamespace = labelsOf(namespaceLabels, namespaceName(event))
    const ofNode = labelsOf(nodeLabels, nodeName(event))
    return this.#looks.of({
      facts,
      top: typeof top === 'string' ? null : top,
      namespaceLabels: typeof ofNamespace === 'string' ? NONE : ofNamespace,
      nodeLabels: typeof ofNode === 'string' ? NONE : ofNode,
      nodeName: nodeLabels === null ? '' : nodeName(event),
      outcome: outcomeOf(object, top, ofNamespace, ofNode),
    })
  }

  #facts(event: KubeEvent): Facts | Missing {
    const { table, targets, lookups, isDiscovering } = this.#o
    const { involved } = event
    const resource = table.find(involved.kind, involved.apiVersion)
    if (resource === null) return isDiscovering() ? 'pending' : 'kind'
    const isNode = resource.plural === 'nodes' && resource.group === ''
    if (involved.uid === '' && !isNode) return 'no_uid'
    if (!isPossible(involved)) return 'absent'
    const place = { namespace: resource.isNamespaced ? namespaceOf(event) : '', name: involved.name }
    return lookups.find(targets.at(resource, place, isNode ? '' : involved.uid))
  }

  #top(event: KubeEvent, facts: Facts): Top | Missing | null {
    if (!this.#o.options.owners) return null
    return followOwners(event.involved, { namespace: namespaceOf(event), facts }, this.#o)
  }
}

const isPossible = ({ namespace, name, uid }: KubeEvent['involved']): boolean =>
  namespace.length <= MAX_NAME_LENGTH && name.length <= MAX_NAME_LENGTH && uid.length <= MAX_UID_LENGTH

type Part = object | Missing | null

const worse = (outcome: Look['outcome'], part: Part): Look['outcome'] => {
  if (typeof part !== 'string' || outcome === 'pending') return outcome
  return outcome === 'complete' || part === 'pending' ? part : outcome
}

/** What is missing first, unless something may still come. */
const outcomeOf = (object: Part, top: Part, ofNamespace: Part, ofNode: Part): Look['outcome'] =>
  worse(worse(worse(worse('complete', object), top), ofNamespace), ofNode)

/** The namespace of the involved object; a namespace is in itself. */
const namespaceName = ({ involved }: KubeEvent): string =>
  involved.kind === 'Namespace' && involved.namespace === '' ? involved.name : involved.namespace

/** The node an event is about, or was written on. */
const nodeName = ({ involved, sourceHost }: KubeEvent): string => {
  const name = involved.kind === 'Node' ? involved.name : sourceHost
  return name.length <= MAX_NAME_LENGTH ? name : ''
}

const labelsOf = (of: ((name: string) => Labels) | null, name: string): Chosen | Missing =>
  of === null || name === '' ? NONE : of(name)
