import { type Decoder, documented } from '../config/decoder.ts'
import { warn } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { weakFlag, weakTexts } from '../config/stage-scalars.ts'
import { byBytes, jsonString } from '../jmespath/json-text.ts'
import type { StagePlan, WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'

const pack = (entry: WorkEntry, names: readonly string[]): void => {
  const parts: string[] = []
  for (const name of names) {
    const value = textOf(entry.extracted.get(name))
    if (value === null) continue
    parts.push(`${jsonString(name)}:${jsonString(value)}`)
    entry.labels.delete(name)
  }
  entry.line = `{${[...parts, `"_entry":${jsonString(entry.line)}`].join(',')}}`
}

const WARNING =
  'ingest_timestamp is true unless set: an event read again after a restart gets another time, and is stored twice'

/** `pack`: puts extracted values and the line into one JSON line, from which `| unpack` takes them back. */
export const packStage: Decoder<StagePlan> = stageOptions(
  {
    labels: documented(weakTexts, {
      says: 'Names of extracted values and labels to put into the line.',
      example: '[pod, node]',
      default: 'none',
    }),
    ingest_timestamp: documented(weakFlag(true), {
      says: '`true`: the time is that of sending, so an event read again is stored twice.',
      example: 'false',
    }),
  },
  ({ labels, ingest_timestamp: isNow }, section) => {
    const names = [...new Set(labels)].sort(byBytes)
    if (isNow) warn(section.place, WARNING)
    return {
      name: 'pack',
      build:
        ({ clock }) =>
        (entry) => {
          pack(entry, names)
          if (isNow) entry.timestampNs = BigInt(Math.floor(clock.now())) * 1_000_000n
          return true
        },
    }
  },
)
