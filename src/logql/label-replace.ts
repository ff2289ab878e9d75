import { expand, parseTemplate } from '../regexp/expand.ts'
import type { MetricQuery } from './ast.ts'
import { labelOf, setLabel, type Metric } from './metric.ts'
import { anchoredPlain, compiledRegExp } from './regexp.ts'
import type { Steps } from './steps.ts'

export type LabelReplaceQuery = Extract<MetricQuery, { kind: 'label_replace' }>

/** `label_replace`: a label made of the groups of a pattern over the whole of another; no match leaves all as it is. */
export const replaceLabel = (query: LabelReplaceQuery, of: Steps): Steps => {
  const regexp = compiledRegExp(anchoredPlain(query.pattern))
  const template = parseTemplate(query.replacement, regexp)
  const known = new Map<string, Metric>()
  const replaced = (metric: Metric): Metric => {
    let result = known.get(metric.key)
    if (result === undefined) {
      const groups = regexp.find(labelOf(metric, query.source))
      result = groups === null ? metric : setLabel(metric, query.target, expand(template, groups))
      known.set(metric.key, result)
    }
    return result
  }
  return () => of().map(({ metric, value }) => ({ metric: replaced(metric), value }))
}
