import { createHash } from 'node:crypto'
import { type Decoder, documented } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { weakNumber, weakText } from '../config/stage-scalars.ts'
import type { StagePlan, WorkEntry } from './stage.ts'

/** A number from 0 (inclusive) to 1 that depends on the entry and the stage alone. */
const shareOf = (entry: WorkEntry, salt: string): number =>
  createHash('md5').update(`${salt}\n${entry.timestampNs}\n${entry.line}`).digest().readUInt32BE(0) / 2 ** 32

/**
 * `sampling`: a share of the entries, chosen by what they say. Promtail throws dice; so the same entry read again, after
 * a restart, gets the same answer here.
 */
export const samplingStage: Decoder<StagePlan> = stageOptions(
  {
    rate: documented(weakNumber(0), { says: 'Share that is kept, from 0 to 1.', example: '0.1', default: '0' }),
    drop_counter_reason: documented(weakText(), {
      says: '`reason` in `logentry_dropped_lines_total`.',
      example: 'noise',
      default: 'sampling_stage',
    }),
  },
  ({ rate, drop_counter_reason: reason }, section) => {
    if (!(rate >= 0 && rate <= 1)) {
      const message = `Sampling Rate must be between 0.0 and 1.0, received ${rate}`
      section.report('rate', 'BAD_VALUE', `sampling stage failed to parse rate, ${message}`)
    }
    const salt = section.place.path
    return {
      name: 'sampling',
      build: ({ metrics }) => {
        const count = metrics.dropped(reason || 'sampling_stage')
        return (entry) => {
          if (shareOf(entry, salt) < rate) return true
          count()
          return false
        }
      },
    }
  },
)
