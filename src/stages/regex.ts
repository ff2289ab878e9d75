import { type Decoder, documented } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { remembered } from '../regexp/memo.ts'
import { compiled, optionalSource, regExpText } from './options.ts'
import type { StagePlan } from './stage.ts'
import { sourceText } from './text-of.ts'

/** `regex`: the named groups of the first match anywhere in the line, or in an extracted text. */
export const regexStage: Decoder<StagePlan> = stageOptions(
  {
    expression: documented(regExpText, {
      says: 'Its named groups are extracted.',
      example: 'pod (?P<pod>[\\w-]+)',
      type: 'RE2',
      default: 'required',
    }),
    source: optionalSource,
  },
  ({ expression, source }, section) => {
    if (expression === '') section.report('expression', 'MISSING_KEY', 'expression is required')
    return {
      name: 'regex',
      build: () => {
        const regexp = compiled(expression)
        const find = remembered((text) => regexp.find(text))
        return (entry) => {
          const text = sourceText(entry, source)
          const groups = text === null ? null : find(text)
          if (groups === null) return true
          for (const [index, name] of regexp.names.entries()) {
            if (name !== '') entry.extracted.set(name, groups[index + 1] ?? '')
          }
          return true
        }
      },
    }
  },
)
