import { stringify } from 'yaml'
import { formatConfigErrors } from '../config/config-error.ts'
import type { ScrapeConfig } from '../config/config.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import { accessRules, type PolicyRule } from '../enrich/access-rules.ts'
import type { LoadRequest } from './argv.ts'
import type { ExitCode, Output } from './output.ts'

export type RbacFlags = {
  readonly load: LoadRequest
  /** Of the ServiceAccount; '' = none is written, for kustomize to fill in. */
  readonly namespace: string
  readonly serviceAccount: string
}

const GROUP = 'rbac.authorization.k8s.io'
const NAME = 'eventail-enrich'
const LABELS = { 'app.kubernetes.io/name': 'eventail', 'app.kubernetes.io/component': 'agent' }

type Subject = Pick<RbacFlags, 'namespace' | 'serviceAccount'>

/** A role and its binding; `within` is the namespace it holds in, '' for everywhere. */
const access = (rules: readonly PolicyRule[], within: string, subject: Subject): readonly object[] => {
  const [role, binding] = within === '' ? ['ClusterRole', 'ClusterRoleBinding'] : ['Role', 'RoleBinding']
  const metadata = { name: NAME, ...(within === '' ? {} : { namespace: within }), labels: LABELS }
  const account = { kind: 'ServiceAccount', name: subject.serviceAccount }
  const subjects = [subject.namespace === '' ? account : { ...account, namespace: subject.namespace }]
  return [
    { apiVersion: `${GROUP}/v1`, kind: role, metadata, rules },
    {
      apiVersion: `${GROUP}/v1`,
      kind: binding,
      metadata,
      roleRef: { apiGroup: GROUP, kind: role, name: NAME },
      subjects,
    },
  ]
}

/** Each rule once. */
const distinct = (rules: readonly PolicyRule[]): readonly PolicyRule[] => [
  ...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values(),
]

/** The objects that give what `enrich` of these scrape configs needs beyond events; none, when it needs nothing. */
export const enrichAccess = (
  jobs: readonly Pick<ScrapeConfig, 'enrich' | 'source'>[],
  subject: Subject,
): readonly object[] => {
  const all = jobs.flatMap(({ enrich, source }) => (enrich === null ? [] : [accessRules(enrich, source.namespaces)]))
  const cluster = distinct(all.flatMap((one) => one.cluster))
  const names = [...new Set(all.flatMap(({ namespaces }) => Object.keys(namespaces)))]
  return [
    ...(cluster.length === 0 ? [] : access(cluster, '', subject)),
    ...names.flatMap((name) =>
      access(distinct(all.flatMap(({ namespaces }) => namespaces[name] ?? [])), name, subject),
    ),
  ]
}

/** `rbac`: prints them as YAML. 0: done, also when nothing is needed; 2: the configuration is wrong. */
export const rbac = ({ load, ...subject }: RbacFlags, environment: Environment, output: Output): ExitCode => {
  const loaded = loadConfig({ ...load, environment })
  if (loaded.kind === 'invalid') {
    output.err(formatConfigErrors(loaded.errors))
    return 2
  }
  const objects = enrichAccess(loaded.config.scrapeConfigs, subject)
  if (objects.length === 0) output.err('enrich is not configured: no permission is needed beyond events\n')
  output.out(objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n'))
  return 0
}
