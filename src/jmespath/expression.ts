import type { Json } from './json-text.ts'

export type Comparator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'

/** A parsed JMESPath expression. */
export type Expression =
  | { readonly kind: 'current' }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | {
      readonly kind: 'slice'
      readonly start: number | null
      readonly stop: number | null
      readonly step: number | null
    }
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'then' | 'pipe'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'compare'; readonly by: Comparator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'flatten'; readonly of: Expression }
  /** `right` on each item of the list, or value of the object, that `left` gives. */
  | { readonly kind: 'each item' | 'each value'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'filter'; readonly left: Expression; readonly right: Expression; readonly condition: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'hash'; readonly pairs: readonly (readonly [string, Expression])[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'reference'; readonly of: Expression }
