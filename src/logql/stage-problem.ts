import type { LabelFilter, LabelFormat, Stage } from './ast.ts'
import { ipProblem } from './ip-range.ts'
import { parseJsonPath } from './json-path.ts'
import { isLabelName } from './label-name.ts'
import { filterPatternProblem, parserPatternProblem } from './line-pattern.ts'
import { printStage } from './print-stage.ts'
import { compileRegExp } from './regexp.ts'
import { formatTemplate } from './stage-format.ts'

type Of<Kind extends Stage['kind']> = Extract<Stage, { kind: Kind }>

const regExpProblem = (pattern: string): string | null => {
  const outcome = compileRegExp(pattern)
  return outcome.kind === 'error' ? outcome.why : null
}

const lineFilterProblem = ({ op, matches }: Of<'line_filter'>): string | null => {
  for (const { kind, value } of matches) {
    if (kind === 'ip' && op !== '|=' && op !== '!=') return 'ip: invalid operation'
    const problem =
      kind === 'ip'
        ? ipProblem(value)
        : op.endsWith('~')
          ? regExpProblem(value)
          : op.endsWith('>')
            ? filterPatternProblem(value)
            : null
    if (problem !== null) return problem
  }
  return null
}

const labelFilterProblem = (filter: LabelFilter): string | null => {
  if (filter.kind === 'and' || filter.kind === 'or') {
    return labelFilterProblem(filter.left) ?? labelFilterProblem(filter.right)
  }
  return filter.kind === 'ip' ? ipProblem(filter.value) : null
}

const extractionProblem = ({ kind, extractions }: Of<'json'> | Of<'logfmt'>): string | null => {
  for (const { label, expression } of extractions) {
    const path = kind === 'json' ? parseJsonPath(expression) : null
    if (path?.kind === 'invalid') return path.message
    if (!isLabelName(label)) return `invalid extracted label name '${label}'`
  }
  return null
}

/** Names of a regular expression's groups become labels. */
const captureProblem = (pattern: string): string | null => {
  const outcome = compileRegExp(pattern)
  if (outcome.kind === 'error') return outcome.why
  const names = outcome.regexp.names.filter((name) => name !== '')
  if (names.length === 0) return 'at least one named capture must be supplied'
  const odd = names.find((name) => !isLabelName(name))
  if (odd !== undefined) return `invalid extracted label name '${odd}'`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? null : `duplicate extracted label name '${twice}'`
}

const formatProblem = (formats: readonly LabelFormat[]): string | null => {
  const seen = new Set<string>()
  for (const { to } of formats) {
    if (to === '__error__') return `${to} cannot be formatted`
    if (seen.has(to)) return `multiple label name '${to}' not allowed in a single format operation`
    seen.add(to)
  }
  for (const format of formats) {
    const outcome = format.kind === 'template' ? formatTemplate('label', format.template) : null
    if (outcome?.kind === 'error') return `invalid template for label '${format.to}': ${outcome.why}`
  }
  return null
}

const lineFormatProblem = (template: string): string | null => {
  const outcome = formatTemplate('line', template)
  return outcome.kind === 'error' ? `invalid line template: ${outcome.why}` : null
}

const problemOf = (stage: Stage): string | null => {
  switch (stage.kind) {
    case 'line_filter':
      return lineFilterProblem(stage)
    case 'label_filter':
      return labelFilterProblem(stage.filter)
    case 'json':
    case 'logfmt':
      return extractionProblem(stage)
    case 'label_format':
      return formatProblem(stage.formats)
    case 'line_format':
      return lineFormatProblem(stage.template)
    case 'regexp':
    case 'pattern':
    case 'unpack':
    case 'decolorize':
    case 'drop':
    case 'keep':
      return null
  }
}

/** What Loki finds wrong with a stage before it runs a query, in its words; null: nothing. @param printed the stage as text */
export const stageProblem = (stage: Stage, printed = printStage(stage)): string | null => {
  if (stage.kind === 'regexp' || stage.kind === 'pattern') {
    const problem = stage.kind === 'regexp' ? captureProblem(stage.pattern) : parserPatternProblem(stage.pattern)
    return problem === null ? null : `invalid ${stage.kind} parser: ${problem}`
  }
  const problem = problemOf(stage)
  return problem === null ? null : `stage '${printed}' : ${problem}`
}
