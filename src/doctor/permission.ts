import { stringify } from 'yaml'

/** One thing the agent must be allowed to do. */
export type Permission = {
  readonly group: string
  readonly resource: string
  /** '' = any. */
  readonly name: string
  /** '' = in all namespaces. */
  readonly namespace: string
  readonly verbs: readonly string[]
}

/** In words, such as `list and watch events in all namespaces`. */
export const permissionText = ({ verbs, resource, name, namespace }: Permission): string => {
  const where = namespace === '' ? 'in all namespaces' : `in namespace ${namespace}`
  return `${verbs.join(' and ')} ${resource}${name === '' ? '' : `/${name}`} ${where}`
}

/** The body of a SelfSubjectAccessReview (authorization.k8s.io/v1) for one verb. */
export const accessReview = ({ group, resource, name, namespace }: Permission, verb: string): unknown => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec: { resourceAttributes: { group, resource, verb, namespace, ...(name === '' ? {} : { name }) } },
})

/** A Role (or ClusterRole) with its binding that gives a permission to a service account. */
export const grantYaml = (
  permission: Permission,
  account: { readonly namespace: string; readonly name: string },
): string => {
  const { group, resource, name, namespace, verbs } = permission
  const kind = namespace === '' ? 'ClusterRole' : 'Role'
  const metadata = {
    name: `eventail-${resource}`,
    ...(namespace === '' ? {} : { namespace }),
  }
  const rule = {
    apiGroups: [group],
    resources: [resource],
    ...(name === '' ? {} : { resourceNames: [name] }),
    verbs: [...verbs],
  }
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const role = { apiVersion, kind, metadata, rules: [rule] }
  const binding = {
    apiVersion,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  }
  return `${stringify(role)}---\n${stringify(binding)}`
}
