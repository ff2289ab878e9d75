import { type Enrichment, NO_ENRICHMENT } from '../entry/enrichment.ts'
import type { KubeEvent } from '../kube/event.ts'
import type { Chosen } from './choice.ts'
import { compose, type Found } from './compose.ts'
import type { EnrichOptions } from './enrich-options.ts'
import { wantsObject } from './enrich-options.ts'
import type { Outcome } from './enrich-metrics.ts'
import type { Facts } from './facts.ts'
import type { Labels } from './label-watch.ts'
import type { Lookups } from './lookups.ts'
import { followOwners } from './owners.ts'
import type { ResourceTable } from './resource.ts'
import { targetOf } from './wants.ts'

/** What is known of an event's surroundings at this moment; `pending`: more may come. */
export type Look = { readonly enrichment: Enrichment; readonly outcome: Outcome | 'pending' }

export type EnricherOptions = {
  readonly options: EnrichOptions
  readonly table: ResourceTable
  readonly lookups: Lookups
  /** By name; null: they are not wanted. */
  readonly namespaceLabels: ((name: string) => Labels) | null
  readonly nodeLabels: ((name: string) => Labels) | null
  /** Kinds are still being asked for. */
  readonly isDiscovering: () => boolean
}

type Missing = Exclude<Outcome, 'complete' | 'timeout'> | 'pending'

/** Looks up what an event's entry is to tell. Never waits: what is not known is asked for, and may be there the next time. */
export class Enricher {
  readonly #o: EnricherOptions
  readonly #wantsObject: boolean

  constructor(options: EnricherOptions) {
    this.#o = options
    this.#wantsObject = wantsObject(options.options)
  }

  look(event: KubeEvent): Look {
    const missing: Missing[] = []
    const found: Found = {
      ...(this.#wantsObject ? this.#object(event, missing) : NOTHING),
      namespaceLabels: labelsOf(this.#o.namespaceLabels, namespaceName(event), missing),
      nodeLabels: labelsOf(this.#o.nodeLabels, nodeName(event), missing),
      nodeName: this.#o.nodeLabels === null ? '' : nodeName(event),
    }
    const enrichment = compose(found, this.#o.options.maxNames) ?? NO_ENRICHMENT
    if (missing.length === 0) return { enrichment, outcome: 'complete' }
    return { enrichment, outcome: missing.includes('pending') ? 'pending' : (missing[0] ?? 'complete') }
  }

  #object({ involved, namespace }: KubeEvent, missing: Missing[]): typeof NOTHING {
    const { table, lookups, isDiscovering } = this.#o
    const resource = table.find(involved.kind, involved.apiVersion)
    if (resource === null) {
      missing.push(isDiscovering() ? 'pending' : 'kind')
      return NOTHING
    }
    const isNode = resource.plural === 'nodes' && resource.group === ''
    if (involved.uid === '' && !isNode) {
      missing.push('no_uid')
      return NOTHING
    }
    const within = resource.isNamespaced ? involved.namespace || namespace : ''
    const target = targetOf({ resource, namespace: within, name: involved.name }, isNode ? '' : involved.uid)
    const facts = lookups.find(target)
    if (typeof facts === 'string') {
      missing.push(facts)
      return NOTHING
    }
    return {
      labels: facts.labels,
      annotations: facts.annotations,
      ...this.#owner(involved, within, { facts, missing }),
    }
  }

  #owner(
    { kind, name }: KubeEvent['involved'],
    namespace: string,
    { facts, missing }: { readonly facts: Facts; readonly missing: Missing[] },
  ): Pick<Found, 'controller' | 'top'> {
    if (!this.#o.options.owners) return { controller: null, top: null }
    const chain = followOwners({ kind, name, namespace, facts }, this.#o.table, this.#o.lookups)
    if (chain.kind === 'broken') missing.push(chain.why)
    return { controller: facts.controller, top: chain.kind === 'top' ? chain.top : null }
  }
}

const NOTHING: Pick<Found, 'labels' | 'annotations' | 'controller' | 'top'> = {
  labels: [],
  annotations: [],
  controller: null,
  top: null,
}

/** The namespace of the involved object; a namespace is in itself. */
const namespaceName = ({ involved }: KubeEvent): string =>
  involved.kind === 'Namespace' && involved.namespace === '' ? involved.name : involved.namespace

/** The node an event is about, or was written on. */
const nodeName = ({ involved, sourceHost }: KubeEvent): string =>
  involved.kind === 'Node' ? involved.name : sourceHost

const labelsOf = (of: ((name: string) => Labels) | null, name: string, missing: Missing[]): Chosen => {
  if (of === null || name === '') return []
  const found = of(name)
  if (typeof found !== 'string') return found
  missing.push(found)
  return []
}
