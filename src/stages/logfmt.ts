import { type Decoder, documented } from '../config/decoder.ts'
import { namedOptions, stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import { scanLogfmt } from './logfmt-scan.ts'
import { optionalSource } from './options.ts'
import { pure, type StagePlan } from './stage.ts'
import { sourceText } from './text-of.ts'

/** Names under which each key of the line is extracted. */
const namesByKey = (mapping: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>()
  for (const [name, key] of mapping) {
    const wanted = key === '' ? name : key
    names.set(wanted, [...(names.get(wanted) ?? []), name])
  }
  return names
}

/** `logfmt`: values of a line in logfmt, or of an extracted text. */
export const logfmtStage: Decoder<StagePlan> = stageOptions(
  {
    mapping: documented(
      namedOptions(strictText(), () => null),
      {
        says: 'Keys by the name to extract under; an empty key is the name itself.',
        example: '{ pod: name }',
        type: 'mapping',
        default: 'required',
      },
    ),
    source: optionalSource,
  },
  ({ mapping, source }, section) => {
    if (mapping.size === 0) section.report('mapping', 'MISSING_KEY', 'logfmt mapping is required')
    const names = namesByKey(mapping)
    return pure('logfmt', (entry) => {
      const text = sourceText(entry, source)
      if (text === null) return true
      scanLogfmt(text, (key, value) => {
        for (const name of names.get(key) ?? []) entry.extracted.set(name, value)
      })
      return true
    })
  },
)
