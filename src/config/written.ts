import { isMap, isScalar, isSeq, Scalar, YAMLMap, YAMLSeq, type Node } from 'yaml'
import type { Decoder } from './decoder.ts'
import { childrenOf, items, type Place } from './place.ts'
import { isTrue } from './stage-scalars.ts'
import { decimal, floatOf, yamlKind } from './yaml-kind.ts'

/** A value, and what the file says for it: for the parts of a configuration that are printed as they were written. */
export type Written<T> = { readonly value: T; readonly yaml: Node | null }

/** What a scalar is, in the YAML's own kind where that decides, else as text. */
const scalarOf = (scalar: Scalar, isTyped: boolean): Scalar => {
  const text = String(scalar.value)
  const kind = isTyped ? yamlKind(scalar) : 'text'
  if (kind === 'boolean') return new Scalar(isTrue(text))
  if (kind === 'whole number') return new Scalar(BigInt(decimal(text, kind)))
  if (kind === 'number') return new Scalar(floatOf(text))
  const copy = new Scalar(text)
  if (scalar.type !== undefined) copy.type = scalar.type
  return copy
}

/** The node at a place, with aliases and merge keys resolved. */
const resolved = (place: Place, isTyped: boolean): Node | null => {
  const { node } = place
  if (isSeq(node)) {
    const list = new YAMLSeq()
    for (const item of items(place)) list.add(resolved(item, isTyped))
    return list
  }
  if (isMap(node)) {
    const map = new YAMLMap()
    for (const [key, child] of childrenOf(place)) map.add({ key, value: resolved(child, isTyped) })
    return map
  }
  return isScalar(node) ? scalarOf(node, isTyped) : null
}

/**
 * Keeps what was written beside what it means; an empty list is as if it were not there. `isTyped`: what YAML takes for
 * a number or a boolean is one to the decoder, and not the text as it stands.
 */
export const written = <T>(decoder: Decoder<readonly T[]>, isTyped: boolean): Decoder<Written<readonly T[]>> => ({
  ...decoder,
  read: (place) => {
    const value = decoder.read(place)
    return { value, yaml: value.length === 0 ? null : resolved({ ...place, silent: true }, isTyped) }
  },
})
