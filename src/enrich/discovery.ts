import type { KubeAnswer, KubeClient } from '../kube/client.ts'
import { member } from '../kube/status.ts'
import { BUILT_IN, type Resource, resourceName, splitName } from './resource.ts'

/**
 * Aggregated discovery (KEP-3352): one answer with every kind of every group. An API server before 1.26 takes the plain
 * type at the end, and answers with a list of groups, which is followed for the groups that are wanted.
 */
const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
const TIMEOUT_MS = 15_000
/** Clusters with a thousand custom kinds answer with a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024

export type Discovered =
  { readonly kind: 'ok'; readonly resources: readonly Resource[] } | { readonly kind: 'failed'; readonly why: string }

const list = (from: unknown, name: string): readonly unknown[] => {
  const value = member(from, name)
  return Array.isArray(value) ? value : []
}

const text = (from: unknown, name: string): string => {
  const value = member(from, name)
  return typeof value === 'string' ? value : ''
}

/** The kinds that the configuration names and that need no request. */
export const builtIn = (names: readonly string[]): readonly Resource[] => {
  const wanted = new Set(names)
  return BUILT_IN.filter((resource) => wanted.has(resourceName(resource)))
}

/** The names of the configuration that only the API server can tell the kind of. */
export const customNames = (names: readonly string[]): readonly string[] => {
  const known = new Set(BUILT_IN.map(resourceName))
  return names.filter((name) => !known.has(name))
}

/** Of an APIGroupDiscoveryList; versions stand in the order in which the server prefers them. */
const ofAggregated = (body: unknown): readonly Resource[] =>
  list(body, 'items').flatMap((group) =>
    list(group, 'versions').flatMap((version) =>
      list(version, 'resources').map((resource) => ({
        group: text(member(group, 'metadata'), 'name'),
        version: text(version, 'version'),
        plural: text(resource, 'resource'),
        kind: text(member(resource, 'responseKind'), 'kind'),
        isNamespaced: text(resource, 'scope') === 'Namespaced',
      })),
    ),
  )

/** Of an APIResourceList; subresources have a slash. */
const ofPlain = (body: unknown, group: string, version: string): readonly Resource[] =>
  list(body, 'resources').map((resource) => ({
    group,
    version,
    plural: text(resource, 'name'),
    kind: text(resource, 'kind'),
    isNamespaced: member(resource, 'namespaced') === true,
  }))

type Get = (path: string) => Promise<KubeAnswer<unknown>>

const whyOf = (answer: Exclude<KubeAnswer<unknown>, { kind: 'ok' }>): string => {
  if (answer.kind === 'http') return `${answer.status} ${answer.message}`
  return 'why' in answer ? answer.why : answer.kind
}

/** Each wanted group's preferred version, by a request of its own. */
const followGroups = async (get: Get, body: unknown, groups: ReadonlySet<string>): Promise<Discovered> => {
  const resources: Resource[] = []
  for (const group of list(body, 'groups')) {
    const name = text(group, 'name')
    const version = text(member(group, 'preferredVersion'), 'version')
    if (!groups.has(name)) continue
    const answer = await get(`/apis/${name}/${version}`)
    if (answer.kind !== 'ok') return { kind: 'failed', why: whyOf(answer) }
    resources.push(...ofPlain(answer.body, name, version))
  }
  return { kind: 'ok', resources }
}

/**
 * Asks the API server about the kinds of these names, by one request where it has aggregated discovery. Names it does
 * not know are not in the answer.
 *
 * @param names `plural.group`.
 */
export const discover = async (
  client: KubeClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Discovered> => {
  const options = { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES }
  const get: Get = (path) => client.get(path, options)
  const answer = await client.get('/apis', { ...options, accept: AGGREGATED })
  if (answer.kind !== 'ok') return { kind: 'failed', why: whyOf(answer) }
  const isAggregated = member(answer.body, 'kind') === 'APIGroupDiscoveryList'
  const groups = new Set(names.map((name) => splitName(name).group))
  const found: Discovered = isAggregated
    ? { kind: 'ok', resources: ofAggregated(answer.body) }
    : await followGroups(get, answer.body, groups)
  if (found.kind === 'failed') return found
  const wanted = new Set(names)
  return { kind: 'ok', resources: found.resources.filter((resource) => wanted.has(resourceName(resource))) }
}
