import { isMap, isSeq } from 'yaml'
import type { Decoder } from './decoder.ts'
import { childrenOf, items, report, scalarOf, type Place } from './place.ts'
import { isTrue } from './stage-scalars.ts'
import { decimal, floatOf, yamlKind } from './yaml-kind.ts'

/** Any value that JSON can say, its kind decided by YAML 1.1 as go-yaml 2 reads it; what has no value is null. */
export const jsonValue: Decoder<unknown> = { form: { type: 'any value', schema: {} }, read: (place) => valueAt(place) }

const valueAt = (place: Place): unknown => {
  if (isSeq(place.node)) return items(place).map(valueAt)
  if (isMap(place.node)) {
    // fromEntries defines own properties, so a key such as __proto__ is only a key.
    return Object.fromEntries([...childrenOf(place)].map(([key, child]) => [key, valueAt(child)]))
  }
  const found = scalarOf(place)
  if (found === null) return null
  const kind = yamlKind(place.node)
  if (kind === 'boolean') return isTrue(found.text)
  if (kind !== 'number' && kind !== 'whole number') return found.text
  const number = kind === 'number' ? floatOf(found.text) : Number(decimal(found.text, kind))
  if (!Number.isFinite(number))
    report(place, 'BAD_VALUE', 'expected a value that JSON can say, got a number it has not')
  return number
}
