import type { Controller } from './facts.ts'
import type { Resource, ResourceTable } from './resource.ts'
import { type Target, targetOf } from './wants.ts'

/** Targets remembered by uid, some 8 MB; all are forgotten when there are more. */
const MAX_REMEMBERED = 32_768

/**
 * Targets by what references tell. The same one for the same reference, as events name the same objects again and again,
 * and a long key costs more to make than to find.
 */
export class Targets {
  readonly #table: ResourceTable
  readonly #byUid = new Map<string, Target>()
  readonly #byController = new WeakMap<Controller, Target>()

  constructor(table: ResourceTable) {
    this.#table = table
  }

  /** @param uid as anyone may write it: the target is of this place in any case. */
  at(resource: Resource, place: { readonly namespace: string; readonly name: string }, uid: string): Target {
    const known = this.#byUid.get(uid)
    const { namespace, name } = place
    if (known?.resource === resource && known.namespace === namespace && known.name === name) return known
    const target = targetOf({ resource, namespace, name }, uid)
    if (this.#byUid.size >= MAX_REMEMBERED) this.#byUid.clear()
    if (uid !== '') this.#byUid.set(uid, target)
    return target
  }

  /** Where the controller of an object in `namespace` is looked up; null: its kind may not be read. */
  ofController(controller: Controller, namespace: string): Target | null {
    const known = this.#byController.get(controller)
    if (known !== undefined && (known.namespace === namespace || !known.resource.isNamespaced)) return known
    const { kind, apiVersion, name, uid } = controller
    const resource = this.#table.find(kind, apiVersion)
    // Without a uid it could be another one of that name.
    if (resource === null || uid === '') return null
    // An owner is in the namespace of what it owns, or in none.
    const target = targetOf({ resource, namespace: resource.isNamespaced ? namespace : '', name }, uid)
    this.#byController.set(controller, target)
    return target
  }
}
