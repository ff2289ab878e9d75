import type { LogQuery, Stage } from './ast.ts'
import { EntryLabels } from './entry-labels.ts'
import { labelTest } from './label-filter.ts'
import { lineFilterStep, lineFilterTest } from './line-filter.ts'
import { patternMatches } from './line-pattern.ts'
import { parserHints } from './parser-hints.ts'
import type { LabelNeed, LogPipeline } from './pipeline.ts'
import { compiledRegExp } from './regexp.ts'
import { dropStep, keepStep } from './stage-choose.ts'
import { labelFormatStep, lineFormatStep, templateFields } from './stage-format.ts'
import { jsonExpressionStep, jsonStep, unpackStep } from './stage-json.ts'
import { logfmtStep } from './stage-logfmt.ts'
import type { Step } from './step.ts'
import { filteredNames, wantedLabels } from './wanted-labels.ts'

const regexpStep = (pattern: string): Step => {
  const regexp = compiledRegExp(pattern)
  return (line, labels) => {
    const groups = labels.isComplete ? null : regexp.find(line)
    if (groups === null) return line
    for (const [index, name] of regexp.names.entries()) if (name !== '') labels.extract(name, groups[index + 1] ?? '')
    return labels.isRefused ? null : line
  }
}

const patternStep = (pattern: string): Step => {
  const matches = patternMatches(pattern)
  return (line, labels) => {
    if (labels.isComplete) return line
    for (const [name, value] of matches(line)) labels.extract(name, value)
    return labels.isRefused ? null : line
  }
}

/** Escape sequences of terminals, as Loki recognises them. */
const ANSI =
  '[\\x{1b}\\x{9b}][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x07)|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))'

const decolorizeStep = (): Step => {
  const regexp = compiledRegExp(ANSI)
  return (line) => {
    if (!/[\u001b\u009b]/.test(line)) return line
    let [plain, at] = ['', 0]
    for (const match of regexp.matches(line)) {
      plain += line.slice(at, match.start())
      at = match.end()
    }
    return plain + line.slice(at)
  }
}

const compileStage = (stage: Stage): Step => {
  switch (stage.kind) {
    case 'line_filter':
      return lineFilterStep(stage)
    case 'label_filter': {
      const test = labelTest(stage.filter)
      return (line, labels) => (test(labels) ? line : null)
    }
    case 'json':
      return stage.extractions.length === 0 ? jsonStep : jsonExpressionStep(stage.extractions)
    case 'logfmt':
      return logfmtStep(stage)
    case 'regexp':
      return regexpStep(stage.pattern)
    case 'pattern':
      return patternStep(stage.pattern)
    case 'unpack':
      return unpackStep
    case 'line_format':
      return lineFormatStep(stage.template)
    case 'label_format':
      return labelFormatStep(stage.formats)
    case 'decolorize':
      return decolorizeStep()
    case 'drop':
      return dropStep(stage.choices)
    case 'keep':
      return keepStep(stage.choices)
  }
}

/** The labels that a stage reads, for what parsers must find. Dropping and keeping read none. */
const readNames = (stage: Stage): readonly string[] => {
  if (stage.kind === 'label_filter') return filteredNames(stage.filter)
  if (stage.kind === 'line_format') return templateFields('line', stage.template)
  if (stage.kind !== 'label_format') return []
  return stage.formats.flatMap((format) =>
    format.kind === 'rename' ? [format.from] : templateFields('label', format.template),
  )
}

/**
 * Line filters go first, as in Loki, which moves them before everything that it does not take for a change of the line;
 * `decolorize` is not among those changes, so a filter behind it sees colours still.
 */
const reordered = (stages: readonly Stage[]): readonly Stage[] => {
  const done: Stage[] = []
  let filters: Stage[] = []
  let others: Stage[] = []
  for (const stage of stages) {
    if (stage.kind === 'line_filter') filters.push(stage)
    else others.push(stage)
    if (stage.kind !== 'line_format' && stage.kind !== 'unpack') continue
    done.push(...filters, ...others)
    filters = []
    others = []
  }
  return [...done, ...filters, ...others]
}

type LineFilter = Extract<Stage, { kind: 'line_filter' }>

/** The line filters before any other stage. */
const leadingFilters = (stages: readonly Stage[]): readonly LineFilter[] => {
  const found: LineFilter[] = []
  for (const stage of stages) {
    if (stage.kind !== 'line_filter') break
    found.push(stage)
  }
  return found
}

/**
 * Compiles the stages of a query for one run. With `need` of a metric query, parsers look for no more labels than it and
 * the stages themselves read; an unwrapped label, and those of the filters behind an unwrap, belong to the need. Nothing
 * is allocated for an entry that line filters and label filters drop before a stage changes its labels.
 */
export const compileLog = (query: LogQuery, need: LabelNeed, hints = parserHints(query.stages)): LogPipeline => {
  const stages = reordered(query.stages)
  // Most entries end here: labels are not even begun for them.
  const filters = leadingFilters(stages).map(lineFilterTest)
  const steps = stages.slice(filters.length).map(compileStage)
  const wanted = wantedLabels(need, query.stages, readNames)
  return {
    forStream: (stream) => {
      const labels = new EntryLabels(stream, wanted, hints)
      return (entry) => {
        for (const passes of filters) if (!passes(entry.line)) return null
        labels.reset(entry)
        let line: string | null = entry.line
        for (const step of steps) {
          line = step(line, labels)
          if (line === null) return null
        }
        return labels.finish(line)
      }
    },
  }
}
