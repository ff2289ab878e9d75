import type { NamespaceChoice } from '../kube/source.ts'
import { accessRules, type PolicyRule } from './access-rules.ts'
import type { EnrichOptions } from './enrich-options.ts'

/** What `enrich` of a job needs depends on: its options, and which namespaces it watches. */
type Job = { readonly enrich: EnrichOptions | null; readonly source: { readonly namespaces: NamespaceChoice } }

/** Rules that hold `within` one namespace, or everywhere: ''. */
export type AccessScope = { readonly within: string; readonly rules: readonly PolicyRule[] }

/** Whom they are for; `namespace` '': none is written, for kustomize to fill in. */
export type AccessSubject = { readonly namespace: string; readonly serviceAccount: string }

const GROUP = 'rbac.authorization.k8s.io'
const NAME = 'eventail-enrich'
const LABELS = { 'app.kubernetes.io/name': 'eventail', 'app.kubernetes.io/component': 'agent' }

/** Each rule once. */
const distinct = (rules: readonly PolicyRule[]): readonly PolicyRule[] => [
  ...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values(),
]

/** What `enrich` of these jobs needs beyond events, everywhere first; none, when it needs nothing. */
export const accessScopes = (jobs: readonly Job[]): readonly AccessScope[] => {
  const all = jobs.flatMap(({ enrich, source }) => (enrich === null ? [] : [accessRules(enrich, source.namespaces)]))
  const names = [...new Set(all.flatMap(({ namespaces }) => Object.keys(namespaces)))]
  return [
    { within: '', rules: distinct(all.flatMap(({ cluster }) => cluster)) },
    ...names.map((within) => ({ within, rules: distinct(all.flatMap(({ namespaces }) => namespaces[within] ?? [])) })),
  ].filter(({ rules }) => rules.length > 0)
}

/** The role that gives what a scope says, and its binding. */
export const accessObjects = ({ within, rules }: AccessScope, subject: AccessSubject): readonly object[] => {
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
