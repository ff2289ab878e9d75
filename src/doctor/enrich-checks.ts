import { stringify } from 'yaml'
import { accessObjects, type AccessScope, accessScopes } from '../enrich/access-objects.ts'
import { resourceName } from '../enrich/resource.ts'
import { reviewAccess } from './access-review.ts'
import { type Finding, ok, warning } from './finding.ts'
import type { AskKube } from './kube-asker.ts'
import type { Permission } from './permission.ts'

const ABOUT = 'enrichment'

const permissionsOf = ({ within, rules }: AccessScope): readonly Permission[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.map((resource) => ({ group, resource, name: '', namespace: within, verbs })),
    ),
  )

/** In words, such as `get and list pods, replicasets.apps; list and watch nodes, everywhere`. */
const textOf = (permissions: readonly Permission[], within: string): string => {
  const byVerbs = new Map<string, string[]>()
  for (const { verbs, group, resource } of permissions) {
    const name = resourceName({ plural: resource, group })
    byVerbs.set(verbs.join(' and '), [...(byVerbs.get(verbs.join(' and ')) ?? []), name])
  }
  const texts = [...byVerbs].map(([verbs, names]) => `${verbs} ${names.join(', ')}`)
  return `${texts.join('; ')}${within === '' ? ', everywhere' : `, in namespace ${within}`}`
}

const scopeFinding = async (
  ask: AskKube,
  scope: AccessScope,
  account: { readonly namespace: string; readonly name: string },
): Promise<Finding> => {
  const { within } = scope
  const permissions = permissionsOf(scope)
  const missing: Permission[] = []
  for (const permission of permissions) {
    const reviews = await reviewAccess(ask, permission)
    const unknown = reviews.find(({ allowed }) => allowed === null)
    if (unknown !== undefined) {
      const wanted = textOf(permissions, within)
      return warning(ABOUT, `not known whether it may ${wanted}: ${unknown.why}`, {
        remedy: 'ask with kubectl auth can-i',
      })
    }
    const verbs = reviews.filter(({ allowed }) => allowed === false).map(({ verb }) => verb)
    if (verbs.length > 0) missing.push({ ...permission, verbs })
  }
  if (missing.length === 0) return ok(ABOUT, `may ${textOf(permissions, within)}`)
  const objects = accessObjects(scope, { namespace: account.namespace, serviceAccount: account.name })
  return warning(ABOUT, `may not ${textOf(missing, within)}: entries may go without what it would add`, {
    remedy: 'add to the manifests what eventail rbac prints:',
    yaml: objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n'),
  })
}

/** What `enrich` of these jobs may read; a warning where it may not, for the events come all the same. */
export const examineEnrichment = async (
  ask: AskKube,
  jobs: Parameters<typeof accessScopes>[0],
  account: { readonly namespace: string; readonly name: string },
): Promise<readonly Finding[]> => {
  const findings: Finding[] = []
  for (const scope of accessScopes(jobs)) findings.push(await scopeFinding(ask, scope, account))
  return findings
}
