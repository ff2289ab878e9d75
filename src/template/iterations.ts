import { TemplateFailure } from './functions.ts'
import { integerOf, type Cell } from './go-type.ts'
import { sortedEntries, valueText, type Spend } from './print-value.ts'
import type { TemplateValue } from './values.ts'

function* numbersUpTo(count: bigint): Generator<readonly [Cell, Cell]> {
  for (let index = 0n; index < count; index += 1n) yield [index, index]
}

function* numbered(items: readonly TemplateValue[]): Generator<readonly [Cell, Cell]> {
  for (const [index, item] of items.entries()) yield [BigInt(index), item]
}

/**
 * What `range` goes over, with the indexes or keys; numbers one by one, not all made beforehand.
 *
 * @throws TemplateFailure for what cannot be gone over
 */
export const iterationsOf = (value: Cell, spend: Spend): Iterable<readonly [Cell, Cell]> => {
  if (value === undefined || value === null) return []
  if (typeof value === 'object' && value.kind === 'list') return numbered(value.items)
  if (typeof value === 'object' && value.kind === 'map') {
    spend(value.entries.size)
    return sortedEntries(value)
  }
  const count = integerOf(value)
  if (count !== null) return numbersUpTo(count)
  throw new TemplateFailure(`range can't iterate over ${valueText(value, spend)}`)
}
