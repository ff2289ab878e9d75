import { type Enrichment, NO_ENRICHMENT } from '../entry/enrichment.ts'
import { compose, type Found } from './compose.ts'
import type { Outcome } from './enrich-metrics.ts'
import type { Facts } from './facts.ts'

/** What is known of an event's surroundings at this moment; `pending`: more may come. */
export type Look = { readonly enrichment: Enrichment; readonly outcome: Outcome | 'pending' }

/** All that a look depends on. */
export type LookParts = Pick<Found, 'top' | 'namespaceLabels' | 'nodeLabels' | 'nodeName'> & {
  /** Null: nothing is known of the object. */
  readonly facts: Facts | null
  readonly outcome: Look['outcome']
}

type Remembered = { readonly parts: LookParts; readonly look: Look }

const isAlike = (a: LookParts, b: LookParts): boolean =>
  a.outcome === b.outcome &&
  a.namespaceLabels === b.namespaceLabels &&
  a.nodeLabels === b.nodeLabels &&
  a.nodeName === b.nodeName &&
  a.top?.kind === b.top?.kind &&
  a.top?.name === b.top?.name

/** Makes looks, and keeps the last one for each object's facts: events about objects that are alike come in rows. */
export class Looks {
  readonly #maxNames: number
  readonly #byFacts = new WeakMap<Facts, Remembered>()
  #ofNothing: Remembered | null = null

  constructor(maxNames: number) {
    this.#maxNames = maxNames
  }

  of(parts: LookParts): Look {
    const { facts } = parts
    const last = facts === null ? this.#ofNothing : this.#byFacts.get(facts)
    if (last && isAlike(last.parts, parts)) return last.look
    const { namespaceLabels, nodeLabels, nodeName, outcome } = parts
    // Of the event itself, which may be large, nothing is kept.
    const top = parts.top && { kind: parts.top.kind, name: parts.top.name }
    const found: Found = {
      labels: facts?.labels ?? [],
      annotations: facts?.annotations ?? [],
      controller: facts?.controller ?? null,
      ...{ top, namespaceLabels, nodeLabels, nodeName },
    }
    const look: Look = { enrichment: compose(found, this.#maxNames) ?? NO_ENRICHMENT, outcome }
    const remembered = { parts: { ...parts, top }, look }
    if (facts === null) this.#ofNothing = remembered
    else this.#byFacts.set(facts, remembered)
    return look
  }
}
