import type { MetricQuery } from './ast.ts'

/** The operands of a query for numbers. */
export const operandsOf = (query: MetricQuery): readonly MetricQuery[] => {
  switch (query.kind) {
    case 'vector':
    case 'label_replace':
      return [query.of]
    case 'binary':
      return [query.left, query.right]
    case 'range':
    case 'number':
    case 'vector_of':
      return []
  }
}
