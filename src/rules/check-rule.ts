import { report } from '../config/place.ts'
import type { MetricQuery } from '../logql/ast.ts'
import { parseQuery } from '../logql/parse.ts'
import { placeAt, type Located } from './located.ts'
import { resultLabels } from './query-parts.ts'
import type { Rule } from './rule-file.ts'
import { parseRuleTemplate } from './rule-template.ts'

/** The query of a rule; null when it is none, which is reported. `source` is the text of the file. */
export const checkExpression = (source: string, { expr }: Rule): MetricQuery | null => {
  if (expr.text.trim() === '') return null
  const parsed = parseQuery(expr.text)
  if (parsed.kind === 'error') {
    const { message, from } = parsed.problem
    report(placeAt(source, expr, from), 'BAD_VALUE', `expected a LogQL query: ${message}`)
    return null
  }
  if (parsed.query.kind !== 'log') return parsed.query
  const message = 'expected a query for numbers, such as count_over_time(...): the ruler cannot evaluate one for lines'
  report(expr.place, 'BAD_VALUE', message)
  return null
}

const LABEL_USE = /\$labels\.([a-zA-Z_]\w*)|\$labels\s+"([^"]+)"/g

const checkTemplate = (source: string, text: Located, labels: readonly string[] | null): void => {
  const parsed = parseRuleTemplate(text.text, text.place.path)
  if (parsed.kind === 'error') {
    report(placeAt(source, text, parsed.at), 'BAD_VALUE', `expected a template: ${parsed.why}`)
    return
  }
  if (labels === null) return
  for (const match of text.text.matchAll(LABEL_USE)) {
    const name = match[1] ?? match[2] ?? ''
    if (labels.includes(name)) continue
    const kept = labels.length === 0 ? 'no labels' : labels.join(', ')
    const message = `$labels.${name} is always empty: the expression keeps ${kept}`
    report(placeAt(source, text, match.index), 'BAD_VALUE', message)
  }
}

/** Labels and annotations are templates; a label that the expression does not keep is empty in them. */
export const checkTemplates = (source: string, rule: Rule, query: MetricQuery | null): void => {
  if (rule.kind === 'record') return
  const labels = query === null ? null : resultLabels(query)
  for (const text of [...Object.values(rule.labels), ...Object.values(rule.annotations)]) {
    checkTemplate(source, text, labels)
  }
}
