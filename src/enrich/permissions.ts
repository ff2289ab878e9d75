import type { Log } from '../log.ts'
import { type Resource, resourceName } from './resource.ts'

export type Verb = 'get' | 'list' | 'watch'

export type PermissionsOptions = {
  readonly log: Log
  readonly onMissing: (resource: string, isMissing: boolean) => void
}

/**
 * Rights are given by people, in their own time; but an API server that has just started refuses for a moment what it
 * will allow, until it has read the roles. So the first time it is asked again soon, then less and less often.
 */
const ASK_AGAIN_MS = { first: 5000, factor: 4, last: 300_000 }
/** Namespaces and kinds remembered at once. */
const MAX_REMEMBERED = 4096

type Refusal = { readonly holdsMs: number; readonly untilMs: number }

/**
 * What the API server refused with a 403. It is asked again after 5 s, then less and less often, at last every five
 * minutes; the operator hears of it once for each kind, until it is allowed.
 */
export class Permissions {
  readonly #o: PermissionsOptions
  readonly #refused = new Map<string, Refusal>()
  readonly #told = new Set<string>()

  constructor(options: PermissionsOptions) {
    this.#o = options
  }

  /** @param namespace '' is every namespace, or none. */
  isRefused(verb: Verb, resource: Resource, { namespace, nowMs }: { namespace: string; nowMs: number }): boolean {
    // Asked for each event; nearly always nothing was refused.
    if (this.#refused.size === 0) return false
    const refusal = this.#refused.get(keyOf(verb, resource, namespace))
    return refusal !== undefined && nowMs < refusal.untilMs
  }

  refuse(verb: Verb, resource: Resource, refusal: { namespace: string; nowMs: number; why: string }): void {
    const { namespace, nowMs, why } = refusal
    this.#remember(keyOf(verb, resource, namespace), nowMs)
    const name = resourceName(resource)
    const told = `${verb} ${name}`
    if (this.#told.has(told)) return
    this.#told.add(told)
    this.#o.onMissing(name, true)
    this.#o.log.warn('a permission is missing: entries may go without what enrich adds', {
      verb,
      resource: resource.plural,
      api_group: resource.group,
      namespace: namespace === '' ? undefined : namespace,
      why,
    })
  }

  #remember(key: string, nowMs: number): void {
    const before = this.#refused.get(key)
    // One of several that were under way.
    if (before !== undefined && nowMs < before.untilMs) return
    // What was refused long ago, and allowed in the meantime, begins anew.
    const isSameAsBefore = before !== undefined && nowMs - before.untilMs < ASK_AGAIN_MS.last
    const holdsMs = isSameAsBefore
      ? Math.min(before.holdsMs * ASK_AGAIN_MS.factor, ASK_AGAIN_MS.last)
      : ASK_AGAIN_MS.first
    if (this.#refused.size >= MAX_REMEMBERED) this.#refused.clear()
    this.#refused.set(key, { holdsMs, untilMs: nowMs + holdsMs })
  }

  allow(verb: Verb, resource: Resource): void {
    const name = resourceName(resource)
    if (!this.#told.delete(`${verb} ${name}`)) return
    const isMissing = [...this.#told].some((told) => told.endsWith(` ${name}`))
    this.#o.onMissing(name, isMissing)
    this.#o.log.info('a permission that was missing is there', { verb, resource: name })
  }
}

const keyOf = (verb: Verb, resource: Resource, namespace: string): string =>
  `${verb} ${resourceName(resource)} ${namespace}`
