import { TemplateFailure } from './functions.ts'
import { integerOf, type Cell } from './go-type.ts'
import { sortedEntries, valueText, type Spend } from './print-value.ts'

function* numbersUpTo(count: bigint): Generator<readonly [Cell, Cell]> {
  for (let index = 0n; index < count; index += 1n) yield [index, index]
}

/**
 * What `range` goes over, with the indexes or keys; numbers one by one, not all made beforehand.
 *
 * @throws TemplateFailure for what cannot be gone over
 */
export const iterationsOf = (value: Cell, spend: Spend): Iterable<readonly [Cell, Cell]> => {
  if (value === undefined || value === null) return []
  if (typeof value === 'object' && value.kind === 'list')
    return value.items.map((item, index) => [BigInt(index), item] as const)
  if (typeof value === 'object' && value.kind === 'map') return sortedEntries(value)
  const count = integerOf(value)
  if (count !== null) return numbersUpTo(count)
  throw new TemplateFailure(`range can't iterate over ${valueText(value, spend)}`)
}
