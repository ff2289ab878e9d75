import { isMap, isScalar, isSeq, Scalar, YAMLMap, YAMLSeq, type Node } from 'yaml'
import type { Decoder } from './decoder.ts'
import { childrenOf, items, type Place } from './place.ts'

/** A value, and what the file says for it: for the parts of a configuration that are printed as they were written. */
export type Written<T> = { readonly value: T; readonly yaml: Node | null }

/** The node at a place, with aliases and merge keys resolved. */
const resolved = (place: Place): Node | null => {
  const { node } = place
  if (isSeq(node)) {
    const list = new YAMLSeq()
    for (const item of items(place)) list.add(resolved(item))
    return list
  }
  if (isMap(node)) {
    const map = new YAMLMap()
    for (const [key, child] of childrenOf(place)) map.add({ key, value: resolved(child) })
    return map
  }
  if (!isScalar(node)) return null
  const scalar = new Scalar(node.value)
  if (node.type !== undefined) scalar.type = node.type
  return scalar
}

/** Keeps what was written beside what it means; an empty list is as if it were not there. */
export const written = <T>(decoder: Decoder<readonly T[]>): Decoder<Written<readonly T[]>> => ({
  ...decoder,
  read: (place) => {
    const value = decoder.read(place)
    return { value, yaml: value.length === 0 ? null : resolved({ ...place, silent: true }) }
  },
})
