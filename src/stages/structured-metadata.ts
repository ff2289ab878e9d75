import { type Decoder, namedForm } from '../config/decoder.ts'
import { report } from '../config/place.ts'
import { strictText, strictTexts } from '../config/stage-scalars.ts'
import { namedSources } from './labels.ts'
import { legacyName } from './options.ts'
import { pure, type StagePlan, type WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'

type Pair = readonly [name: string, source: string]

/**
 * Adds each name with its source's extracted value, or with the label of that name. A label that has now become metadata
 * with the same value goes.
 */
const addMetadata = (entry: WorkEntry, pairs: readonly Pair[]): void => {
  const { labels, extracted } = entry
  const added: Pair[] = []
  const moved: string[] = []
  for (const [name, source] of pairs) {
    const value = textOf(extracted.get(source))
    const label = labels.get(source)
    if (value?.isWellFormed() === true) added.push([name, value])
    else if (label !== undefined) added.push([name, label])
    else continue
    if (added.at(-1)?.[1] === label) moved.push(source)
  }
  for (const name of moved) labels.delete(name)
  if (added.length > 0) entry.metadata = [...entry.metadata, ...added]
}

/** `structured_metadata`, and its old name `non_indexed_labels`: metadata from extracted values or labels. */
export const structuredMetadataStage = (stage: string): Decoder<StagePlan> => ({
  named: namedForm(strictText(), legacyName),
  read: (place) => {
    const pairs = [...namedSources.read(place)].map(([name, source]): Pair => [name, source === '' ? name : source])
    return pure(stage, (entry) => {
      addMetadata(entry, pairs)
      return true
    })
  },
})

/** `structured_metadata_drop` (Alloy's): metadata of these names goes. */
export const structuredMetadataDropStage: Decoder<StagePlan> = {
  item: strictText(),
  read: (place) => {
    const names = new Set(strictTexts.read(place))
    if (names.size === 0) report(place, 'MISSING_KEY', 'expected names of structured metadata, got none')
    return pure('structured_metadata_drop', (entry) => {
      entry.metadata = entry.metadata.filter(([name]) => !names.has(name))
      return true
    })
  },
}
