import type { Log } from '../log.ts'
import { type Resource, resourceName } from './resource.ts'

export type Verb = 'get' | 'list' | 'watch'

export type PermissionsOptions = {
  readonly log: Log
  readonly onMissing: (resource: string, isMissing: boolean) => void
}

/** Rights are given by people, in their own time. */
const ASK_AGAIN_MS = 300_000
/** Namespaces and kinds remembered at once. */
const MAX_REMEMBERED = 4096

/**
 * What the API server refused with a 403. It is asked again after five minutes; the operator hears of it once for each
 * kind, until it is allowed.
 */
export class Permissions {
  readonly #o: PermissionsOptions
  readonly #refusedUntil = new Map<string, number>()
  readonly #told = new Set<string>()

  constructor(options: PermissionsOptions) {
    this.#o = options
  }

  /** @param namespace '' is every namespace, or none. */
  isRefused(verb: Verb, resource: Resource, { namespace, nowMs }: { namespace: string; nowMs: number }): boolean {
    // Asked for each event; nearly always nothing was refused.
    if (this.#refusedUntil.size === 0) return false
    const until = this.#refusedUntil.get(keyOf(verb, resource, namespace))
    return until !== undefined && nowMs < until
  }

  refuse(verb: Verb, resource: Resource, refusal: { namespace: string; nowMs: number; why: string }): void {
    const { namespace, nowMs, why } = refusal
    if (this.#refusedUntil.size >= MAX_REMEMBERED) this.#refusedUntil.clear()
    this.#refusedUntil.set(keyOf(verb, resource, namespace), nowMs + ASK_AGAIN_MS)
    const name = resourceName(resource)
    const told = `${verb} ${name}`
    if (this.#told.has(told)) return
    this.#told.add(told)
    this.#o.onMissing(name, true)
    this.#o.log.warn('a permission is missing: entries about this kind go without what enrich adds', {
      verb,
      resource: resource.plural,
      api_group: resource.group,
      namespace: namespace === '' ? undefined : namespace,
      why,
    })
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
