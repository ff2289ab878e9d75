import type { Stage } from './ast.ts'
import { compileRegExp } from './regexp.ts'

/** What Loki finds wrong with a stage before it runs a query; null: nothing. */
export const stageProblem = (stage: Stage): string | null => {
  if (stage.kind === 'regexp') {
    const outcome = compileRegExp(stage.pattern)
    return outcome.kind === 'invalid' ? outcome.message : null
  }
  return null
}
