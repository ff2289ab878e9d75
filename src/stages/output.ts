import { type Decoder, documented } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import { pure, type StagePlan } from './stage.ts'
import { textOf } from './text-of.ts'

/** `output`: an extracted value becomes the line. */
export const outputStage: Decoder<StagePlan> = stageOptions(
  {
    source: documented(strictText(), {
      says: 'Name of the extracted value that becomes the line.',
      example: 'message',
      default: 'required',
    }),
  },
  ({ source }, section) => {
    if (source === '') {
      section.report('source', 'MISSING_KEY', 'output source value is required if output is specified')
    }
    return pure('output', (entry) => {
      entry.line = textOf(entry.extracted.get(source)) ?? entry.line
      return true
    })
  },
)
