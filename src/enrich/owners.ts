import type { Facts } from './facts.ts'
import type { Lookup, Lookups } from './lookups.ts'
import type { Targets } from './targets.ts'

/** The end of a chain of owners. */
export type Top = { readonly kind: string; readonly name: string }

/** Pod, ReplicaSet, Deployment and two of whoever manages deployments; what is longer is a circle, or a mistake. */
const MAX_DEPTH = 5

/**
 * Follows controllers upwards. Where a kind may not be read, its name from the reference is the end.
 *
 * @param object the end when it has no controller.
 * @returns the end, or why an owner on the way is not known.
 */
export const followOwners = (
  object: Top,
  { namespace, facts }: { readonly namespace: string; readonly facts: Facts },
  { targets, lookups }: { readonly targets: Targets; readonly lookups: Lookups },
): Top | Exclude<Lookup, Facts> => {
  let top = object
  let { controller } = facts
  for (let depth = 0; controller !== null && depth < MAX_DEPTH; depth += 1) {
    top = controller
    const target = targets.ofController(controller, namespace)
    if (target === null) break
    const found = lookups.find(target)
    if (typeof found === 'string') return found
    controller = found.controller
  }
  return top
}
