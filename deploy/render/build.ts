import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { contentHash } from './content-hash.ts'
import { isKustomization, readKustomization } from './kustomization.ts'
import type { ConfigMapEntry, ImageEntry, Kustomization, PatchEntry } from './kustomization.ts'
import { identity, inOrder, isList, isMap, parseObjects } from './object.ts'
import type { Json, JsonMap, KubeObject } from './object.ts'
import { jsonPatch, mergePatch, type Operation } from './patch.ts'

/** The kinds used here that have no namespace. */
const OF_THE_CLUSTER: ReadonlySet<string> = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding'])

export const isOfTheCluster = ({ kind }: KubeObject): boolean => OF_THE_CLUSTER.has(kind)

/** What has been accumulated, and the names that the content of generated objects gives them, by the names used for them. */
type Accumulated = { readonly objects: readonly KubeObject[]; readonly suffixes: ReadonlyMap<string, string> }

const NOTHING: Accumulated = { objects: [], suffixes: new Map() }

const added = (to: Accumulated, more: Accumulated): Accumulated => {
  const objects = [...to.objects, ...more.objects]
  const seen = new Set<string>()
  for (const object of objects) {
    if (seen.has(identity(object))) throw new Error(`${identity(object)} is there twice`)
    seen.add(identity(object))
  }
  return { objects, suffixes: new Map([...to.suffixes, ...more.suffixes]) }
}

const generated = (folder: string, { name, namespace, files, options = {} }: ConfigMapEntry): Accumulated => {
  const { labels, annotations, disableNameSuffixHash = false } = options
  const data = Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')]))
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
  const suffix: readonly (readonly [string, string])[] = disableNameSuffixHash
    ? []
    : [[name, `${name}-${contentHash(data)}`]]
  return { objects: [object], suffixes: new Map(suffix) }
}

const patched = (folder: string, objects: readonly KubeObject[], entry: PatchEntry): readonly KubeObject[] => {
  const text = entry.path === undefined ? (entry.patch ?? '') : readFileSync(join(folder, entry.path), 'utf8')
  const patch = parse(text) as Json
  const [own] = isList(patch) ? [] : parseObjects(text, folder)
  const target = entry.target ?? { kind: own?.kind ?? '', name: own?.metadata.name ?? '' }
  const isTarget = ({ kind, metadata }: KubeObject): boolean =>
    kind === target.kind && (target.name ?? metadata.name) === metadata.name
  if (!objects.some(isTarget)) throw new Error(`${folder}: no ${target.kind} ${target.name ?? ''} for a patch`)
  return objects.flatMap((object) => {
    if (!isTarget(object)) return [object]
    if (isList(patch)) return [jsonPatch(object, patch as readonly unknown[] as readonly Operation[])]
    const merged = mergePatch(object, patch as JsonMap)
    return merged === null ? [] : [merged]
  })
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** As kustomize does: the namespace itself is renamed, and the subjects of bindings follow their service account. */
const moved = (objects: readonly KubeObject[], namespace: string): readonly KubeObject[] => {
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata)
  const isOurs = ({ name, namespace: named }: JsonMap): boolean =>
    accounts.some((account) => account.name === name && (named === undefined || account.namespace === named))
  return objects.map((object) => {
    const { kind, metadata, subjects } = object
    if (kind === 'Namespace') return { ...object, metadata: { ...metadata, name: namespace } }
    const follow = (subject: Json): Json => (isMap(subject) && isOurs(subject) ? { ...subject, namespace } : subject)
    return {
      ...object,
      metadata: isOfTheCluster(object) ? metadata : { ...metadata, namespace },
      ...(isList(subjects) ? { subjects: subjects.map(follow) } : {}),
    }
  })
}

const imageOf = (image: string, entries: readonly ImageEntry[]): string => {
  const [, name = image, tag = ''] = /^(.*?)(:[^:/]*)?$/.exec(image) ?? []
  const entry = entries.find((one) => one.name === name)
  if (entry === undefined) return image
  const { newName = name, newTag, digest } = entry
  if (digest !== undefined) return `${newName}@${digest}`
  return `${newName}${newTag === undefined ? tag : `:${newTag}`}`
}

/** Wherever containers are, in whatever object. */
const withImages = (value: Json | undefined, entries: readonly ImageEntry[]): Json => {
  if (isList(value)) return value.map((item) => withImages(item, entries))
  if (!isMap(value)) return value ?? null
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'image' && typeof inner === 'string' ? imageOf(inner, entries) : withImages(inner, entries),
    ]),
  )
}

const accumulate = (folder: string, before: Accumulated): Accumulated => {
  const kustomization: Kustomization = readKustomization(folder)
  let sum = before
  for (const resource of kustomization.resources) {
    const path = join(folder, resource)
    const read = isKustomization(path)
      ? accumulate(path, NOTHING)
      : { ...NOTHING, objects: parseObjects(readFileSync(path, 'utf8'), path) }
    sum = added(sum, read)
  }
  for (const entry of kustomization.configMapGenerator) sum = added(sum, generated(folder, entry))
  // A component works on everything that was accumulated before it.
  for (const component of kustomization.components) sum = accumulate(join(folder, component), sum)
  let { objects } = sum
  for (const entry of kustomization.patches) objects = patched(folder, objects, entry)
  const { namespace, images } = kustomization
  if (images.length > 0) objects = objects.map((object) => withImages(object, images) as KubeObject)
  return { objects: namespace === undefined ? objects : moved(objects, namespace), suffixes: sum.suffixes }
}

/** Volumes that name a generated ConfigMap, anywhere in an object. */
const renamed = (value: Json | undefined, suffixes: ReadonlyMap<string, string>): Json => {
  if (isList(value)) return value.map((item) => renamed(item, suffixes))
  if (!isMap(value)) return value ?? null
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = key === 'configMap' && isMap(inner) ? suffixes.get(textOf(inner['name'])) : undefined
      return [key, name === undefined || !isMap(inner) ? renamed(inner, suffixes) : { ...inner, name }]
    }),
  )
}

/**
 * What `kustomize build` makes of a folder, for the part of kustomize that these manifests use, so that no test needs
 * it. Where kubectl is there, a test holds this equal to the real one. @throws for what it does not know.
 */
export const build = (folder: string): readonly KubeObject[] => {
  const { objects, suffixes } = accumulate(folder, NOTHING)
  return inOrder(
    objects.map((object) => {
      const { kind, metadata } = object
      const name = kind === 'ConfigMap' ? (suffixes.get(metadata.name) ?? metadata.name) : metadata.name
      return { ...(renamed(object, suffixes) as KubeObject), metadata: { ...metadata, name } }
    }),
  )
}
