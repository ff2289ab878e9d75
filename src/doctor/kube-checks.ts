import { stringify } from 'yaml'
import type { Config, ScrapeConfig } from '../config/config.ts'
import { leasePath } from '../kube/lease-object.ts'
import type { LeaseName } from '../kube/lease-access.ts'
import { watchedScopes } from '../kube/source.ts'
import { member } from '../kube/status.ts'
import { parsed, reviewAccess } from './access-review.ts'
import { type Asked, shownText } from './asked.ts'
import { skewFinding } from './clock-skew.ts'
import { examineEnrichment } from './enrich-checks.ts'
import { failure, type Finding, ok, warning } from './finding.ts'
import type { AskKube } from './kube-asker.ts'
import { grantYaml, type Permission, permissionText } from './permission.ts'

/** What is asked about one API server. */
export type KubePatient = {
  readonly server: string
  readonly ask: AskKube
  readonly jobs: readonly ScrapeConfig[]
  /** The Lease to be used there; null: none. */
  readonly lease: LeaseName | null
  /** The pod's own; null outside of a cluster. */
  readonly ownNamespace: string | null
}

/** `account`: whom a manifest would give a permission. */
const accountOf = ({ ownNamespace, lease }: KubePatient): { namespace: string; name: string } => ({
  namespace: ownNamespace ?? lease?.namespace ?? 'monitoring',
  name: 'eventail',
})

/** Everything the agent does at this API server. */
export const neededPermissions = ({ jobs, lease, ownNamespace }: KubePatient): readonly Permission[] => {
  const scopes = new Set(jobs.flatMap(({ source }) => watchedScopes(source.namespaces)))
  const events = [...scopes].map((scope) => ({
    ...{ group: '', resource: 'events', name: '', namespace: scope === '*' ? '' : scope },
    verbs: ['list', 'watch'],
  }))
  const leases =
    lease === null ? [] : [{ group: 'coordination.k8s.io', resource: 'leases', ...lease, verbs: ['get', 'update'] }]
  const own =
    ownNamespace === null
      ? []
      : [{ group: '', resource: 'namespaces', name: ownNamespace, namespace: ownNamespace, verbs: ['get'] }]
  return [...events, ...leases, ...own]
}

const reachFindings = (about: string, answer: Asked): readonly Finding[] => {
  if (answer.kind === 'unanswered') {
    const remedy = 'check the address in the kubeconfig, network policies, and the certificate authority'
    return [failure(about, `does not answer: ${answer.why}`, { remedy })]
  }
  const { status, text, aheadMs } = answer
  const version = member(parsed(text), 'gitVersion')
  const found =
    status === 401
      ? failure(about, 'does not know us (401)', {
          remedy: 'check the token or certificate of the kubeconfig or the service account',
        })
      : ok(about, `answers${typeof version === 'string' ? `, ${shownText(version)}` : ''}`)
  return [found, ...skewFinding(about, aheadMs)]
}

const permissionFinding = async (patient: KubePatient, permission: Permission): Promise<Finding> => {
  const reviews = await reviewAccess(patient.ask, permission)
  const unknown = reviews.find(({ allowed }) => allowed === null)
  const wanted = permissionText(permission)
  if (unknown !== undefined) {
    const remedy = 'ask with kubectl auth can-i'
    return warning('permissions', `not known whether it may ${wanted}: ${unknown.why}`, { remedy })
  }
  const missing = reviews.filter(({ allowed }) => allowed === false).map(({ verb }) => verb)
  if (missing.length === 0) return ok('permissions', `may ${wanted}`)
  return failure('permissions', `may not ${permissionText({ ...permission, verbs: missing })}`, {
    remedy: 'add to the manifests:',
    yaml: grantYaml(permission, accountOf(patient)),
  })
}

const leaseFinding = async (ask: AskKube, lease: LeaseName): Promise<Finding> => {
  const place = `${lease.namespace}/${lease.name}`
  const answer = await ask(leasePath(lease.namespace, lease.name), null)
  if (answer.kind === 'unanswered')
    return failure('lease', `${place} cannot be read: ${answer.why}`, { remedy: 'see above' })
  if (answer.status === 200) return ok('lease', `${place} is there`)
  if (answer.status !== 404) {
    return failure('lease', `${place} cannot be read: HTTP ${answer.status}`, { remedy: 'see permissions' })
  }
  const { namespace, name } = lease
  const yaml = stringify({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } })
  return failure('lease', `${place} is not there, and the agent may not create it`, {
    remedy: 'add to the manifests:',
    yaml,
  })
}

/** Reachability, clock, permissions, enrichment and Lease at one API server; what follows from an unreachable one is left out. */
export const examineKube = async (patient: KubePatient): Promise<readonly Finding[]> => {
  const { ask, lease, server } = patient
  const reach = reachFindings(`api server ${server}`, await ask('/version', null))
  if (reach[0]?.verdict === 'fail') return reach
  const permissions: Finding[] = []
  for (const permission of neededPermissions(patient)) permissions.push(await permissionFinding(patient, permission))
  const enrichment = await examineEnrichment(ask, patient.jobs, accountOf(patient))
  return [...reach, ...permissions, ...enrichment, ...(lease === null ? [] : [await leaseFinding(ask, lease)])]
}

/** Whether this configuration keeps its position, or its leadership, in a Lease. */
export const usesLease = ({ positions, leaderElection }: Config, inCluster: boolean): boolean =>
  leaderElection.enabled || positions.store === 'lease' || (positions.store === 'auto' && inCluster)
