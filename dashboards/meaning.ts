import type { Filter } from './scope.ts'

/** One thing that can be wrong, as events tell it. */
export type Meaning = Filter & {
  readonly title: string
  readonly description: string
  /** Rules that look for the same events, and are held to the same filter by a test. */
  readonly alerts: readonly string[]
  /** About nodes: not narrowed by the namespace. */
  readonly isOfNodes: boolean
}

type Meant = Omit<Filter, 'matchers'> & {
  /** Without: warnings about pods. */
  readonly matchers?: readonly string[]
}

const POD_WARNING = ['kind="Pod"', 'type="Warning"']

export const meant = (title: string, description: string, filter: Meant, alerts: readonly string[]): Meaning => ({
  title,
  description,
  matchers: POD_WARNING,
  ...filter,
  alerts,
  isOfNodes: filter.matchers?.includes('kind="Node"') === true,
})

/** One of these reasons and no other: Loki looks for a part of the text where alternatives begin alike. */
export const reasons = (...names: readonly string[]): string => `| reason=~"^(${names.join('|')})$"`
