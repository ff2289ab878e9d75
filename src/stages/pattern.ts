import { type Decoder, documented } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictFlag, strictText } from '../config/stage-scalars.ts'
import { parserPatternProblem, patternMatches, patternPieces } from '../logql/line-pattern.ts'
import { legacyName, optionalSource } from './options.ts'
import { pure, type StagePlan } from './stage.ts'
import { sourceText } from './text-of.ts'

/** What is wrong with a pattern; null: nothing. */
const problemOf = (pattern: string): string | null => {
  if (pattern === '') return 'pattern is required'
  const problem = parserPatternProblem(pattern)
  if (problem !== null) return `failed to parse pattern: ${problem}`
  const odd = patternPieces(pattern).find(({ kind, text }) => kind === 'capture' && legacyName(text) !== null)
  return odd === undefined ? null : `invalid capture label name '${odd.text}'`
}

/** `pattern` (Alloy's): values of a line by a pattern of LogQL, such as `<ip> - <_> "<method> <path>"`. */
export const patternStage: Decoder<StagePlan> = stageOptions(
  {
    pattern: documented(strictText(), {
      says: 'A pattern of LogQL.',
      example: '"<ip> - <_> <status>"',
      type: 'pattern',
      default: 'required',
    }),
    source: optionalSource,
    labels_from_groups: documented(strictFlag(false), {
      says: '`true`: what is captured becomes labels too.',
      example: 'true',
    }),
  },
  ({ pattern, source, labels_from_groups: alsoLabels }, section) => {
    const problem = problemOf(pattern)
    if (problem !== null) section.report('pattern', pattern === '' ? 'MISSING_KEY' : 'BAD_VALUE', problem)
    const captured = patternMatches(pattern)
    return pure('pattern', (entry) => {
      const text = sourceText(entry, source)
      if (text === null || text === '') return true
      for (const [name, value] of captured(text)) {
        entry.extracted.set(name, value)
        if (alsoLabels && value.isWellFormed()) entry.labels.set(name, value)
      }
      return true
    })
  },
)
