import type { MetricQuery, Query, QueryProblem, Span } from './ast.ts'
import { selectsSomething } from './matchers.ts'

const EMPTY_COMPATIBLE =
  'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will'

const problemAt = ({ from, to }: Span): QueryProblem => ({ message: EMPTY_COMPATIBLE, from, to })

/** Whether nothing but numbers went into it; Loki computes those while it parses. */
const isConstant = (query: MetricQuery): boolean =>
  query.kind === 'number' || (query.kind === 'binary' && isConstant(query.left) && isConstant(query.right))

/** An aggregation of numbers without series has no selector either. */
const constantWithin = (query: MetricQuery): QueryProblem | null => (isConstant(query) ? problemAt(query) : null)

/** Refuses selectors that select everything, as Loki does before it runs a query. @returns null: fine */
export const selectionProblem = (query: Query): QueryProblem | null => {
  switch (query.kind) {
    case 'log':
      return selectsSomething(query.matchers) ? null : problemAt(query)
    case 'range':
      return selectionProblem(query.log)
    case 'vector':
      return constantWithin(query.of) ?? selectionProblem(query.of)
    case 'label_replace':
      return constantWithin(query.of) ?? selectionProblem(query.of)
    case 'binary':
      return selectionProblem(query.left) ?? selectionProblem(query.right)
    case 'number':
    case 'vector_of':
      return null
  }
}
