import { parseAllDocuments, stringify } from 'yaml'

/** What JSON and YAML can hold. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMap
export type JsonMap = { readonly [key: string]: Json | undefined }

/** A Kubernetes object as it is in a manifest. */
export type KubeObject = JsonMap & {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: JsonMap & { readonly name: string; readonly namespace?: string }
}

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

const isObject = (value: Json): value is KubeObject =>
  isMap(value) &&
  typeof value['apiVersion'] === 'string' &&
  typeof value['kind'] === 'string' &&
  isMap(value['metadata']) &&
  typeof value['metadata']['name'] === 'string'

/** Kind, namespace and name: no two objects of a build may share them. */
export const identity = ({ kind, metadata }: KubeObject): string =>
  `${kind}/${metadata.namespace ?? ''}/${metadata.name}`

/** The documents of a manifest. @throws when one is no YAML or no object of Kubernetes. */
export const parseObjects = (text: string, file: string): readonly KubeObject[] =>
  parseAllDocuments(text, { version: '1.2' }).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(`${file}: ${error.message}`)
    const value = document.toJS() as Json
    if (!isObject(value)) throw new Error(`${file}: expected objects with apiVersion, kind and metadata.name`)
    return value
  })

/** Kinds in the order in which they can be applied, as `kustomize build --reorder=legacy` has them; others follow. */
const KINDS: readonly string[] = [
  'Namespace',
  'ServiceAccount',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ConfigMap',
  'Secret',
  'Service',
  'PersistentVolumeClaim',
  'Deployment',
  'PodDisruptionBudget',
]

const rank = ({ kind }: KubeObject): number => {
  const at = KINDS.indexOf(kind)
  return at < 0 ? KINDS.length : at
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const sortKey = (object: KubeObject): string => `${object.apiVersion}/${identity(object)}`

export const inOrder = (objects: readonly KubeObject[]): readonly KubeObject[] =>
  [...objects].sort((a, b) => rank(a) - rank(b) || compareText(sortKey(a), sortKey(b)))

/** A manifest: a document for each object, no line broken. */
export const toManifest = (objects: readonly KubeObject[]): string =>
  objects.map((object) => stringify(object, { lineWidth: 0, blockQuote: 'literal', singleQuote: true })).join('---\n')
