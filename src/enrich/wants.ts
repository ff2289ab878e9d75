import type { Place } from './metadata-api.ts'
import { type Resource, resourceName } from './resource.ts'

/** One object, of one life: an object that was deleted and made anew has another uid. */
export type Target = Place & {
  /** '' where references name no reliable one (nodes): the name alone decides. */
  readonly uid: string
  readonly key: string
  /** Of its kind and namespace. */
  readonly groupKey: string
}

export const targetOf = ({ resource, namespace, name }: Place, uid: string): Target => {
  const groupKey = groupKeyOf(resource, namespace)
  return { resource, namespace, name, uid, groupKey, key: `${groupKey} ${name} ${uid}` }
}

/** What to ask for next: one object, or all of a kind because many of them are wanted. */
export type Task =
  | { readonly kind: 'get'; readonly target: Target }
  | {
      readonly kind: 'list'
      readonly resource: Resource
      /** '' is every namespace. */
      readonly namespace: string
      readonly targets: ReadonlyMap<string, Target>
    }

type Group = {
  readonly resource: Resource
  readonly namespace: string
  /** Nothing is known of them, and events wait. */
  readonly fresh: Map<string, Target>
  /** Known, and to be looked at again. */
  readonly stale: Map<string, Target>
}

/** From so many on, a list of their namespace costs the API server less than they do one by one. */
const LIST_FROM = 16
/** While requests are short: a list answers more of them than a single request, and of what comes next too. */
const LIST_FROM_SCARCE = 3
/** While requests are short, every so manyth one is for the oldest, so that nothing is passed over for ever. */
const OLDEST_EVERY = 4
/** So many in so many namespaces, and the kind is listed over all namespaces. */
const LIST_ALL_FROM = { targets: 512, namespaces: 32 }
/** Wanted at once; what is more is not remembered, and wanted again by the next event about it. */
const MAX_WANTED = 16_384

export type WantsOptions = {
  /** Whether the kind may be listed over all namespaces. */
  readonly isEverywhere: boolean
  /** Whether a list may take the place of so many single requests; '' is every namespace. */
  readonly mayList: (resource: Resource, namespace: string, wanted: number) => boolean
}

const sizeOf = ({ fresh, stale }: Group): number => fresh.size + stale.size

/** Requests that a group's fresh targets take, when requests are short. */
const costOf = ({ fresh }: Group): number => (fresh.size < LIST_FROM_SCARCE ? fresh.size : 1)

/** What should be looked up, by kind and namespace, the oldest first; what events wait for before what is only stale. */
export class Wants {
  readonly #o: WantsOptions
  readonly #groups = new Map<string, Group>()
  #size = 0
  #cost = 0
  #taken = 0

  constructor(options: WantsOptions) {
    this.#o = options
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** Requests, about, until everything that events wait for is known. */
  get cost(): number {
    return this.#cost
  }

  has({ groupKey, key }: Target): boolean {
    const group = this.#groups.get(groupKey)
    return group !== undefined && (group.fresh.has(key) || group.stale.has(key))
  }

  add(target: Target, isFresh: boolean): void {
    if (this.#size >= MAX_WANTED) return
    const { resource, namespace, key, groupKey: at } = target
    const group = this.#groups.get(at) ?? { resource, namespace, fresh: new Map(), stale: new Map() }
    if (group.fresh.has(key) || group.stale.has(key)) return
    this.#groups.set(at, group)
    this.#changed(group, () => (isFresh ? group.fresh : group.stale).set(key, target))
  }

  /** It became known by the way. */
  remove({ groupKey: at, key }: Target): void {
    const group = this.#groups.get(at)
    if (group === undefined) return
    this.#changed(group, () => group.fresh.delete(key) || group.stale.delete(key))
    if (sizeOf(group) === 0) this.#groups.delete(at)
  }

  /**
   * Takes out what should be asked for next; null: nothing is wanted.
   *
   * @param isScarce more is wanted than may be asked for at once.
   */
  take(isScarce: boolean): Task | null {
    const groups = [...this.#groups.values()]
    this.#taken += 1
    const wantsMost = isScarce && this.#taken % OLDEST_EVERY !== 0
    const group = wantsMost ? largestOf(groups) : (groups.find(({ fresh }) => fresh.size > 0) ?? groups[0])
    if (group === undefined) return null
    const { resource, namespace } = group
    const alike = groups.filter((other) => other.resource === resource)
    if (this.#isListed(alike)) return this.#takeAll(resource, '', alike)
    const wanted = sizeOf(group)
    if (wanted >= (isScarce ? LIST_FROM_SCARCE : LIST_FROM) && this.#o.mayList(resource, namespace, wanted)) {
      return this.#takeAll(resource, namespace, [group])
    }
    return this.#takeOne(group)
  }

  #isListed(groups: readonly Group[]): boolean {
    const [first] = groups
    if (first === undefined || !this.#o.isEverywhere || groups.length < LIST_ALL_FROM.namespaces) return false
    const targets = groups.reduce((sum, group) => sum + sizeOf(group), 0)
    return targets >= LIST_ALL_FROM.targets && this.#o.mayList(first.resource, '', targets)
  }

  #takeOne(group: Group): Task | null {
    const [target] = group.fresh.size > 0 ? group.fresh.values() : group.stale.values()
    if (target === undefined) return null
    this.remove(target)
    // Another namespace's turn.
    const at = groupKeyOf(group.resource, group.namespace)
    if (this.#groups.delete(at)) this.#groups.set(at, group)
    return { kind: 'get', target }
  }

  #takeAll(resource: Resource, namespace: string, groups: readonly Group[]): Task {
    const targets = new Map<string, Target>()
    for (const group of groups) {
      for (const [key, target] of [...group.fresh, ...group.stale]) targets.set(key, target)
      this.#size -= sizeOf(group)
      this.#cost -= costOf(group)
      this.#groups.delete(groupKeyOf(group.resource, group.namespace))
    }
    return { kind: 'list', resource, namespace, targets }
  }

  #changed(group: Group, change: () => unknown): void {
    const [size, cost] = [sizeOf(group), costOf(group)]
    change()
    this.#size += sizeOf(group) - size
    this.#cost += costOf(group) - cost
  }
}

/** A kind in a namespace, '' being all of them. */
export const groupKeyOf = (resource: Resource, namespace: string): string => `${resourceName(resource)} ${namespace}`

/** With the most that events wait for; where none do, with the most that is stale. */
const largestOf = (groups: readonly Group[]): Group | undefined => {
  let largest: Group | undefined
  for (const group of groups) {
    const isLarger =
      largest === undefined ||
      group.fresh.size > largest.fresh.size ||
      (largest.fresh.size === 0 && group.fresh.size === 0 && group.stale.size > largest.stale.size)
    if (isLarger) largest = group
  }
  return largest
}
