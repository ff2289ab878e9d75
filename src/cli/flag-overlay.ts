import type { FlagValue, Overlay } from '../config/place.ts'
import type { Flag } from './flags.ts'
import { parseLabelFlag } from './label-flag.ts'

export type FlagOverlay =
  { readonly kind: 'overlay'; readonly overlay: Overlay } | { readonly kind: 'wrong'; readonly message: string }

type Tree = { [key: string]: Tree | FlagValue }

const isTree = (value: Tree | FlagValue | undefined): value is Tree =>
  value !== undefined && typeof value['flag'] !== 'string'

/** The branch at a path of keys, made where it is missing. Keys come from the table of flags. */
const branch = (tree: Tree, keys: readonly string[]): Tree => {
  let at = tree
  for (const key of keys) {
    const next = at[key]
    at = isTree(next) ? next : (at[key] = {})
  }
  return at
}

/** What the given flags (by name) put over the configuration file. */
export const flagOverlay = (flags: readonly Flag[], given: ReadonlyMap<string, string>): FlagOverlay => {
  const overlay: Tree = {}
  for (const { name, key } of flags) {
    const text = given.get(name)
    if (key === undefined || text === undefined) continue
    const path = key.split('.')
    const last = path.pop() ?? ''
    if (name !== 'client.external-labels') {
      branch(overlay, path)[last] = { flag: `-${name}`, text }
      continue
    }
    const labels = parseLabelFlag(text)
    if (labels === null) return { kind: 'wrong', message: `expected labels such as a=b,c=d for -${name}` }
    const values = labels.map(([label, value]) => [label, { flag: `-${name}`, text: value }] as const)
    branch(overlay, path)[last] = Object.fromEntries(values)
  }
  return { kind: 'overlay', overlay }
}
