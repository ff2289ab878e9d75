import type { NamespaceChoice } from '../kube/source.ts'
import { builtIn } from './discovery.ts'
import { type EnrichOptions, wantsObject } from './enrich-options.ts'
import { splitName } from './resource.ts'

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export type PolicyRule = {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** What a configuration needs: in every namespace at once or of the cluster, and in each of some namespaces. */
export type AccessRules = {
  readonly cluster: readonly PolicyRule[]
  readonly namespaces: Readonly<Record<string, readonly PolicyRule[]>>
}

/** One rule for each API group; metadata has no verb of its own, so that the objects' own verbs are needed. */
const rulesFor = (names: readonly string[], verbs: readonly string[]): readonly PolicyRule[] => {
  const byGroup = new Map<string, string[]>()
  for (const name of names) {
    const { group, plural } = splitName(name)
    byGroup.set(group, [...(byGroup.get(group) ?? []), plural])
  }
  return [...byGroup].map(([group, resources]) => ({ apiGroups: [group], resources, verbs }))
}

/** Of a custom kind it is not known; it is taken to be in namespaces, as what has an owner is. */
const isClusterWide = (name: string): boolean => builtIn([name])[0]?.isNamespaced === false

/**
 * The rules beyond those for events that `enrich` of one scrape config needs, and no more: `get` and `list` of the
 * allowed kinds, `list` and `watch` of nodes and namespaces where their labels are wanted.
 */
export const accessRules = (enrich: EnrichOptions, namespaces: NamespaceChoice): AccessRules => {
  const resources = wantsObject(enrich) ? enrich.resources : []
  const nodes = rulesFor(enrich.nodeLabels.length > 0 ? ['nodes'] : [], ['list', 'watch'])
  if (namespaces.kind === 'all') {
    const watched = rulesFor(enrich.namespaceLabels.length > 0 ? ['namespaces'] : [], ['list', 'watch'])
    return { cluster: [...rulesFor(resources, ['get', 'list']), ...watched, ...nodes], namespaces: {} }
  }
  const own = enrich.namespaceLabels.length > 0 ? rulesFor(['namespaces'], ['get']) : []
  const within = [
    ...rulesFor(
      resources.filter((name) => !isClusterWide(name)),
      ['get', 'list'],
    ),
    ...own,
  ]
  return {
    cluster: [...rulesFor(resources.filter(isClusterWide), ['get', 'list']), ...nodes],
    namespaces: within.length === 0 ? {} : Object.fromEntries(namespaces.names.map((name) => [name, within])),
  }
}
