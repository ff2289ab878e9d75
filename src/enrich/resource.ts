/** A kind of object, as discovery tells it. */
export type Resource = {
  /** '' is the core group. */
  readonly group: string
  readonly version: string
  /** As in paths and in RBAC rules, such as `replicasets`. */
  readonly plural: string
  readonly kind: string
  readonly isNamespaced: boolean
}

const of = (groupVersion: string, isNamespaced: boolean, kinds: Readonly<Record<string, string>>): Resource[] => {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion]
  return Object.entries(kinds).map(([plural, kind]) => ({
    group: group ?? '',
    version: version ?? '',
    plural,
    kind,
    isNamespaced,
  }))
}

/**
 * Kinds that every supported API server has under these names and versions (a metadata object is the same in each
 * version), so that they need no discovery.
 */
export const BUILT_IN: readonly Resource[] = [
  ...of('v1', true, {
    pods: 'Pod',
    services: 'Service',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    replicationcontrollers: 'ReplicationController',
    configmaps: 'ConfigMap',
    endpoints: 'Endpoints',
    serviceaccounts: 'ServiceAccount',
  }),
  ...of('v1', false, { nodes: 'Node', namespaces: 'Namespace', persistentvolumes: 'PersistentVolume' }),
  ...of('apps/v1', true, {
    deployments: 'Deployment',
    replicasets: 'ReplicaSet',
    statefulsets: 'StatefulSet',
    daemonsets: 'DaemonSet',
  }),
  ...of('batch/v1', true, { jobs: 'Job', cronjobs: 'CronJob' }),
  ...of('autoscaling/v1', true, { horizontalpodautoscalers: 'HorizontalPodAutoscaler' }),
  ...of('networking.k8s.io/v1', true, { ingresses: 'Ingress' }),
  ...of('policy/v1', true, { poddisruptionbudgets: 'PodDisruptionBudget' }),
]

/** What may be read when the configuration says nothing: what runs pods, and the pods. */
export const WORKLOADS: readonly string[] = [
  'pods',
  'replicationcontrollers',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
]

/** `plural` in the core group, else `plural.group`, as kubectl has it. */
export const resourceName = ({ plural, group }: Pick<Resource, 'plural' | 'group'>): string =>
  group === '' ? plural : `${plural}.${group}`

/** The group of an apiVersion; '' is the core group. */
export const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf('/')))

/** A name of the configuration taken apart. */
export const splitName = (name: string): { readonly plural: string; readonly group: string } => {
  const dot = name.indexOf('.')
  return dot === -1 ? { plural: name, group: '' } : { plural: name.slice(0, dot), group: name.slice(dot + 1) }
}

/** Finds a resource by what references tell: kind and, where they do, apiVersion. Only what is allowed is in it. */
export class ResourceTable {
  readonly #byKind = new Map<string, Resource[]>()
  readonly #names = new Set<string>()

  constructor(resources: Iterable<Resource>) {
    for (const resource of resources) this.add(resource)
  }

  add(resource: Resource): void {
    const name = resourceName(resource)
    if (this.#names.has(name)) return
    this.#names.add(name)
    this.#byKind.set(resource.kind, [...(this.#byKind.get(resource.kind) ?? []), resource])
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** @param apiVersion '' in some references of older writers: then the kind alone decides, when only one has it. */
  find(kind: string, apiVersion: string): Resource | null {
    const found = this.#byKind.get(kind)
    if (found === undefined) return null
    if (apiVersion === '') return found.length === 1 ? (found[0] ?? null) : null
    const group = groupOf(apiVersion)
    return found.find((resource) => resource.group === group) ?? null
  }
}
