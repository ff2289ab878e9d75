import type { Decoder } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { pure, type StagePlan } from './stage.ts'

/** Escape sequences of terminals: titles up to a BEL, else parameters and a final character. */
const SEQUENCE =
  /[\x1b\x9b][[\]()#;?]*(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~])/g

/** `decolorize`: takes the escape sequences of terminals out of the line. */
export const decolorizeStage: Decoder<StagePlan> = stageOptions({}, () =>
  pure('decolorize', (entry) => {
    if (entry.line.includes('\x1b') || entry.line.includes('\x9b')) entry.line = entry.line.replaceAll(SEQUENCE, '')
    return true
  }),
)
