import type { Controller, Facts } from './facts.ts'
import type { Lookup, Lookups } from './lookups.ts'
import type { ResourceTable } from './resource.ts'
import { type Target, targetOf } from './wants.ts'

/** The end of a chain of owners. */
export type Top = { readonly kind: string; readonly name: string }

export type Chain =
  | { readonly kind: 'top'; readonly top: Top }
  /** An owner on the way is not known. */
  | { readonly kind: 'broken'; readonly why: Exclude<Lookup, Facts> }

/** Pod, ReplicaSet, Deployment and two of whoever manages deployments; what is longer is a circle, or a mistake. */
const MAX_DEPTH = 5

/** Where the controller of an object in `namespace` is looked up; null: its kind may not be read. */
export const controllerTarget = (
  { kind, apiVersion, name, uid }: Controller,
  namespace: string,
  table: ResourceTable,
): Target | null => {
  const resource = table.find(kind, apiVersion)
  // Without a uid it could be another one of that name.
  if (resource === null || uid === '') return null
  // An owner is in the namespace of what it owns, or in none.
  return targetOf({ resource, namespace: resource.isNamespaced ? namespace : '', name }, uid)
}

/**
 * Follows controllers upwards. Where a kind may not be read, its name from the reference is the end.
 *
 * @param from the object itself, which is the end when it has no controller.
 */
export const followOwners = (
  from: Top & { readonly namespace: string; readonly facts: Facts },
  table: ResourceTable,
  lookups: Lookups,
): Chain => {
  let top: Top = { kind: from.kind, name: from.name }
  let { controller } = from.facts
  for (let depth = 0; controller !== null && depth < MAX_DEPTH; depth += 1) {
    top = { kind: controller.kind, name: controller.name }
    const target = controllerTarget(controller, from.namespace, table)
    if (target === null) break
    const found = lookups.find(target)
    if (typeof found === 'string') return { kind: 'broken', why: found }
    controller = found.controller
  }
  return { kind: 'top', top }
}
