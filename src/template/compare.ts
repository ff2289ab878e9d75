import { compareText } from './byte-text.ts'
import { TemplateFailure } from './functions.ts'
import { integerOf, kindOf, typeOf, type Cell, type Kind } from './go-type.ts'
import { checkDepth, valueText, VALUE_STEPS, type Spend } from './print-value.ts'
import type { TemplateValue } from './values.ts'

const INCOMPATIBLE = 'incompatible types for comparison'
const INVALID = 'invalid type for comparison'

/** The kinds that compare, integers of both sorts as one. */
const basicKind = (value: Cell): Kind => {
  const kind = kindOf(value)
  return kind === 'uint' ? 'int' : kind
}

const isBasic = (kind: Kind): boolean => kind === 'int' || kind === 'float' || kind === 'string' || kind === 'bool'

const isTime = (value: Cell): boolean => typeof value === 'object' && value?.kind === 'time'

/** Go's `==` of one pair, as text/template allows it. */
const equalPair = (left: Cell, right: Cell, spend: Spend): boolean => {
  const kind = basicKind(left)
  const other = basicKind(right)
  if (kind === 'invalid' || other === 'invalid') return kind === other
  if (isTime(left) && isTime(right)) return deepEqual(left, right, spend)
  if (!isBasic(kind) || !isBasic(other)) {
    if (kind === other && isBasic(kind)) return left === right
    throw new TemplateFailure(
      isBasic(other) || isBasic(kind)
        ? INCOMPATIBLE
        : `non-comparable type ${valueText(left, spend)}: ${typeOf(left ?? null)}`,
    )
  }
  if (kind !== other) throw new TemplateFailure(INCOMPATIBLE)
  return kind === 'int' ? integerOf(left) === integerOf(right) : left === right
}

/** `eq`: the first against any of the others. */
export const equalAny = (args: readonly Cell[], spend: Spend): boolean => {
  const [first, ...others] = args
  if (others.length === 0) throw new TemplateFailure('missing argument for comparison')
  const kind = kindOf(first)
  if (kind === 'list' || kind === 'map')
    throw new TemplateFailure(`non-comparable type ${valueText(first, spend)}: ${typeOf(first ?? null)}`)
  return others.some((other) => equalPair(first, other, spend))
}

/** `lt`: numbers and texts; other values have no order. */
export const isLess = (left: Cell, right: Cell): boolean => {
  const kind = basicKind(left)
  const other = basicKind(right)
  if (!isBasic(kind) || !isBasic(other)) throw new TemplateFailure(INVALID)
  if (kind !== other) throw new TemplateFailure(INCOMPATIBLE)
  if (kind === 'bool') throw new TemplateFailure(INVALID)
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right) < 0
  if (typeof left === 'number' && typeof right === 'number') return left < right
  return (integerOf(left) ?? 0n) < (integerOf(right) ?? 0n)
}

const equalMaps = (
  left: ReadonlyMap<string, TemplateValue>,
  right: ReadonlyMap<string, TemplateValue>,
  spend: Spend,
  depth: number,
): boolean =>
  left.size === right.size &&
  [...left].every(([key, item]) => right.has(key) && deepEqual(item, right.get(key), spend, depth + 1))

/** Go's reflect.DeepEqual. */
export const deepEqual = (left: Cell, right: Cell, spend: Spend, depth = 0): boolean => {
  checkDepth(depth)
  spend(VALUE_STEPS)
  if (left === undefined || left === null) return right === undefined || right === null
  if (typeof left !== 'object' || typeof right !== 'object' || right === null) return left === right
  if (typeOf(left) !== typeOf(right)) return false
  if (left.kind === 'list' && right.kind === 'list')
    return (
      left.items.length === right.items.length &&
      left.items.every((item, index) => deepEqual(item, right.items[index], spend, depth + 1))
    )
  if (left.kind === 'map' && right.kind === 'map') return equalMaps(left.entries, right.entries, spend, depth)
  if (left.kind === 'struct' && right.kind === 'struct') return equalMaps(left.fields, right.fields, spend, depth)
  if (left.kind === 'time' && right.kind === 'time') return left.ns === right.ns && left.zone === right.zone
  return integerOf(left) === integerOf(right)
}
