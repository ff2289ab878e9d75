import { isList, isMap, type Json, type JsonMap, type KubeObject } from './object.ts'

/** Lists of a pod that are merged item by item, and the key that tells items apart (patchMergeKey in the API's types). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  initContainers: 'name',
  ports: 'containerPort',
  topologySpreadConstraints: 'topologyKey',
  volumeMounts: 'mountPath',
  volumes: 'name',
}

/** As kustomize does it: the items of the patch come first, in its order. */
const mergeLists = (key: string, old: readonly Json[], patch: readonly Json[]): readonly Json[] => {
  const keyOf = (item: Json): Json | undefined => (isMap(item) ? item[key] : undefined)
  const patched = patch.map((item) =>
    merge(
      old.find((one) => keyOf(one) === keyOf(item)),
      item,
    ),
  )
  return [...patched, ...old.filter((item) => !patch.some((one) => keyOf(one) === keyOf(item)))]
}

const merge = (old: Json | undefined, patch: Json, name = ''): Json => {
  const key = MERGE_KEYS[name]
  if (isList(old) && isList(patch) && key !== undefined) return mergeLists(key, old, patch)
  if (!isMap(old) || !isMap(patch)) return patch
  const merged: Record<string, Json | undefined> = { ...old }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) Reflect.deleteProperty(merged, name)
    else merged[name] = merge(old[name], value, name)
  }
  return merged
}

/** A strategic merge patch. @returns null when it says `$patch: delete`. */
export const mergePatch = (object: KubeObject, patch: JsonMap): KubeObject | null =>
  patch['$patch'] === 'delete' ? null : (merge(object, patch) as KubeObject)

/** An operation of RFC 6902, of those that are used here. */
export type Operation = { readonly op: string; readonly path: string; readonly value: Json }

const tokens = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))

const at = (value: Json | undefined, token: string): Json | undefined => {
  if (isList(value)) return value[Number(token)]
  return isMap(value) && Object.hasOwn(value, token) ? value[token] : undefined
}

const sorted = (value: Json | undefined): Json => {
  if (isList(value)) return value.map(sorted)
  if (!isMap(value)) return value ?? null
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

/** Whether two values are equal, whatever the order of their keys. */
export const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const replace = (value: Json | undefined, [token, ...rest]: readonly string[], by: Json): Json => {
  if (token === undefined) return by
  const inner = replace(at(value, token), rest, by)
  if (isList(value)) return value.map((item, index) => (index === Number(token) ? inner : item))
  return { ...(isMap(value) ? value : {}), [token]: inner }
}

/** RFC 6902 with `test`, `add` (of a member) and `replace`. @throws when a test fails or another operation is asked for. */
export const jsonPatch = (object: KubeObject, operations: readonly Operation[]): KubeObject => {
  let patched: Json = object
  for (const { op, path, value } of operations) {
    const place = tokens(path)
    if (op === 'test') {
      const found = place.reduce<Json | undefined>(at, patched)
      if (!isSame(found, value)) throw new Error(`testing value ${path} failed`)
    } else if (op === 'add' || op === 'replace') patched = replace(patched, place, value)
    else throw new Error(`${op}: not an operation that is known here`)
  }
  return patched as KubeObject
}
