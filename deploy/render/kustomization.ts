import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { isMap, type Json, type JsonMap } from './object.ts'

/** A patch: its text, or the file that has it. Without a target, its own kind and name are the target. */
export type PatchEntry = {
  readonly path?: string
  readonly patch?: string
  readonly target?: { readonly kind: string; readonly name?: string }
}

export type ConfigMapEntry = {
  readonly name: string
  readonly namespace?: string
  /** Files of the folder; their names are the keys. */
  readonly files: readonly string[]
  readonly options?: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly disableNameSuffixHash?: boolean
  }
}

export type ImageEntry = {
  readonly name: string
  readonly newName?: string
  readonly newTag?: string
  readonly digest?: string
}

/** As far as the files of this project use what kustomize can do; anything else is refused. */
export type Kustomization = {
  readonly kind: 'Kustomization' | 'Component'
  readonly namespace?: string
  readonly resources: readonly string[]
  readonly components: readonly string[]
  readonly configMapGenerator: readonly ConfigMapEntry[]
  readonly patches: readonly PatchEntry[]
  readonly images: readonly ImageEntry[]
}

const KEYS: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'namespace',
  'resources',
  'components',
  'configMapGenerator',
  'patches',
  'images',
])

const list = (value: Json | undefined): readonly unknown[] => (Array.isArray(value) ? value : [])

const FILE = 'kustomization.yaml'

export const isKustomization = (folder: string): boolean => existsSync(join(folder, FILE))

/** @throws for a key that is not known here: it would be left out of the rendering without a word. */
export const readKustomization = (folder: string): Kustomization => {
  const file = join(folder, FILE)
  const value = parse(readFileSync(file, 'utf8')) as Json
  const where = relative(process.cwd(), file)
  if (!isMap(value)) throw new Error(`${where}: expected a kustomization`)
  const read: JsonMap = value
  const unknown = Object.keys(read).find((key) => !KEYS.has(key))
  if (unknown !== undefined) throw new Error(`${where}: ${unknown}: not a key that is rendered here`)
  const { kind, namespace } = read
  if (kind !== 'Kustomization' && kind !== 'Component') throw new Error(`${where}: expected a kind of kustomize`)
  return {
    kind,
    ...(typeof namespace === 'string' ? { namespace } : {}),
    resources: list(read['resources']) as readonly string[],
    components: list(read['components']) as readonly string[],
    configMapGenerator: list(read['configMapGenerator']) as readonly ConfigMapEntry[],
    patches: list(read['patches']) as readonly PatchEntry[],
    images: list(read['images']) as readonly ImageEntry[],
  }
}
