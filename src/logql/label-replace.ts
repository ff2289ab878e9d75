import type { RE2JS } from 're2js'
import type { MetricQuery } from './ast.ts'
import { labelOf, setLabel, type Metric } from './metric.ts'
import { compiledRegExp } from './regexp.ts'
import type { Steps } from './steps.ts'

export type LabelReplaceQuery = Extract<MetricQuery, { kind: 'label_replace' }>

type Groups = (name: string) => string

const groupsOf = (regexp: RE2JS, text: string): Groups | null => {
  const matcher = regexp.matcher(text)
  if (!matcher.find()) return null
  const named = regexp.namedGroups()
  return (name) => {
    const index = /^\d+$/.test(name) ? Number(name) : Object.hasOwn(named, name) ? named[name] : undefined
    return index === undefined || index > matcher.groupCount() ? '' : (matcher.group(index) ?? '')
  }
}

const REFERENCE = /\$(?:\$|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/g

/** Go's `Regexp.Expand`: `$1`, `$name`, `${1}`; `$$` is a dollar, unknown groups are empty. */
const expanded = (template: string, groups: Groups): string =>
  template.replace(REFERENCE, (reference, bare?: string, braced?: string) =>
    reference === '$$' ? '$' : groups(bare ?? braced ?? ''),
  )

/** `label_replace`: a label made of the groups of a pattern over the whole of another; no match leaves all as it is. */
export const replaceLabel = (query: LabelReplaceQuery, of: Steps): Steps => {
  const regexp = compiledRegExp(`^(?:${query.pattern})$`)
  const known = new Map<string, Metric>()
  const replaced = (metric: Metric): Metric => {
    let result = known.get(metric.key)
    if (result === undefined) {
      const groups = groupsOf(regexp, labelOf(metric, query.source))
      result = groups === null ? metric : setLabel(metric, query.target, expanded(query.replacement, groups))
      known.set(metric.key, result)
    }
    return result
  }
  return () => of().map(({ metric, value }) => ({ metric: replaced(metric), value }))
}
