import type { Stage } from './ast.ts'
import type { EntryLabels } from './entry-labels.ts'
import { labelName } from './label-name.ts'
import { logfmtPairAt } from './logfmt-scan.ts'
import type { Step } from './step.ts'

type LogfmtStage = Extract<Stage, { kind: 'logfmt' }>

/** Goes through the pairs until `found` says to stop; a broken pair ends it (strict) or is passed over. */
const eachPair = (line: string, strict: boolean, found: (key: string, value: string) => boolean): string | null => {
  for (let pair = logfmtPairAt(line, 0); pair !== null; pair = logfmtPairAt(line, pair.end)) {
    if ('message' in pair) {
      if (strict) return pair.message
    } else if (found(pair.key, pair.value.includes('\ufffd') ? '' : pair.value)) {
      return null
    }
  }
  return null
}

const allStep = ({ strict, keepEmpty }: LogfmtStage): Step => {
  return (line, labels) => {
    if (labels.isComplete) return line
    const problem = eachPair(line, strict, (key, value) => {
      const name = labelName(key)
      if (name === '' || (value === '' && !keepEmpty)) return false
      labels.extract(name, value)
      return labels.isComplete
    })
    if (problem !== null) labels.failStrictly(problem)
    return labels.isRefused ? null : line
  }
}

/** The label that a key's value goes to: a key that is asked for, or one that is called as a label is. */
const targetOf = (stage: LogfmtStage): ((name: string) => string | undefined) => {
  const byKey = new Map(stage.extractions.map(({ label, expression }) => [expression, label]))
  const labels = new Set(stage.extractions.map(({ label }) => label))
  return (name) => byKey.get(name) ?? (labels.has(name) ? name : undefined)
}

const expressionStep = (stage: LogfmtStage): Step => {
  const target = targetOf(stage)
  const put = (labels: EntryLabels, label: string, value: string): void => {
    labels.set(labels.clashes(label) ? `${label}_extracted` : label, value)
  }
  return (line, labels) => {
    if (labels.isComplete) return line
    for (const { label } of stage.extractions) if (!labels.clashes(label)) labels.set(label, '')
    const problem = eachPair(line, stage.strict, (key, value) => {
      const label = target(labelName(key))
      if (label !== undefined) put(labels, label, value)
      return false
    })
    if (problem !== null) labels.failParsing('LogfmtParserErr', problem)
    return line
  }
}

/** `| logfmt`, with or without expressions. Without `--strict` a broken pair is passed over. */
export const logfmtStep = (stage: LogfmtStage): Step =>
  stage.extractions.length === 0 ? allStep(stage) : expressionStep(stage)
