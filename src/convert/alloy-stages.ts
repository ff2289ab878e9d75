import { compileGoRegExp } from '../regexp/go-regexp.ts'
import type { Block } from './alloy-syntax.ts'
import { attributesOf, type Plain } from './alloy-values.ts'
import type { Report } from './finding.ts'
import type { NewFile } from './new-file.ts'

/** Stages whose only option is a map or a list, by their names here. */
const VALUES: Readonly<Record<string, string>> = {
  labels: 'labels',
  static_labels: 'static_labels',
  structured_metadata: 'structured_metadata',
  structured_metadata_drop: 'structured_metadata_drop',
  label_drop: 'labeldrop',
  label_keep: 'labelallow',
}

const isMap = (value: Plain | undefined): value is Readonly<Record<string, Plain>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `8KiB` as `8KB`, which is the same here. */
const withSize = (options: Readonly<Record<string, Plain>>, key: string): Readonly<Record<string, Plain>> => {
  const size = options[key]
  return typeof size === 'string' ? { ...options, [key]: size.replace(/^(\d+) ?([KMGTP])iB$/, '$1$2B') } : options
}

/** Alloy's own; Promtail's is another one. */
const METRIC_PREFIX = 'loki_process_custom_'

const METRIC_CONFIG = ['action', 'value', 'match_all', 'count_entry_bytes', 'buckets']

const metric = (block: Block, report: Report): readonly [string, Plain] => {
  const { name, ...options } = attributesOf(block, report)
  const isConfig = ([key]: readonly [string, Plain]): boolean => METRIC_CONFIG.includes(key)
  const entries = Object.entries(options)
  const type = { type: block.name.replace('metric.', '').replace(/^./, (letter) => letter.toUpperCase()) }
  const rest = Object.fromEntries([['prefix', METRIC_PREFIX], ...entries.filter((entry) => !isConfig(entry))])
  return [
    typeof name === 'string' ? name : '',
    { ...type, ...rest, config: Object.fromEntries(entries.filter(isConfig)) },
  ]
}

/** Alloy can make labels of a pattern's groups at once. */
const groupLabels = ({
  expression,
  labels_from_groups: wanted,
}: Readonly<Record<string, Plain>>): readonly unknown[] => {
  const compiled = wanted === true && typeof expression === 'string' ? compileGoRegExp(expression) : null
  if (compiled?.kind !== 'ok') return []
  return [
    { labels: Object.fromEntries(compiled.regexp.names.filter((name) => name !== '').map((name) => [name, name])) },
  ]
}

const valueStage = (block: Block, to: string, report: Report): unknown => {
  const { values, ...rest } = attributesOf(block, report)
  for (const key of Object.keys(rest))
    report({ line: block.line, where: `${block.name}: ${key}`, what: 'it is no option here', leftOut: true })
  return { [to]: values ?? (to.endsWith('drop') || to === 'labelallow' ? [] : {}) }
}

const stageOf = (block: Block, file: NewFile): readonly unknown[] => {
  const { report } = file
  const name = block.name.replace(/^stage\./, '')
  const values = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined
  if (values !== undefined) return [valueStage(block, values, report)]
  const options = attributesOf(block, report)
  switch (name) {
    case 'match':
      return [{ match: { ...options, ...(block.blocks.length > 0 && { stages: stagesOf(block, file) }) } }]
    case 'metrics':
      return [{ metrics: Object.fromEntries(block.blocks.map((inner) => metric(inner, report))) }]
    case 'truncate':
      return [{ truncate: { rules: block.blocks.map((rule) => withSize(attributesOf(rule, report), 'limit')) } }]
    case 'regex': {
      const regex = Object.entries(options).filter(([key]) => key !== 'labels_from_groups')
      return [{ regex: Object.fromEntries(regex) }, ...groupLabels(options)]
    }
    case 'drop':
      return [{ drop: withSize(options, 'longer_than') }]
    default:
      return [{ [name]: options }]
  }
}

/** The stages of a `loki.process`, or of a `stage.match`. */
export const stagesOf = (block: Block, file: NewFile): readonly unknown[] =>
  block.blocks.flatMap((inner) => stageOf(inner, file).map((stage) => file.node(inner.line, stage)))

const AFTER = 'rules that come after stages are no stages; keep and drop on one label are'

/** A rule behind stages as a stage; null: it is none. */
const ruleStage = (rule: Readonly<Record<string, Plain>>): unknown => {
  const { action, regex = '(.*)', source_labels: labels, separator = ';', ...others } = rule
  const label = Array.isArray(labels) && labels.length === 1 ? (labels as readonly Plain[])[0] : null
  const isFilter = (action === 'keep' || action === 'drop') && typeof separator === 'string'
  if (!isFilter || typeof label !== 'string' || !/^[a-zA-Z_]\w*$/.test(label) || Object.keys(others).length > 0)
    return null
  const selector = `{${label}${action === 'drop' ? '=~' : '!~'}${JSON.stringify(regex)}}`
  return { match: { selector, action: 'drop', drop_counter_reason: 'relabel' } }
}

/** The rules of a `loki.relabel`; `after`: stages come before it, so they must be stages too. */
export const rulesOf = (block: Block, file: NewFile, after: boolean): readonly unknown[] =>
  block.blocks
    .filter(({ name }) => name === 'rule')
    .flatMap((inner) => {
      const rule = attributesOf(inner, file.report)
      const made = after ? ruleStage(rule) : rule
      if (made !== null && isMap(made as Plain)) return [file.node(inner.line, made)]
      file.report({ line: inner.line, where: `loki.relabel.${block.label}: rule`, what: AFTER, leftOut: true })
      return []
    })
