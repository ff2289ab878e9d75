import { type Decoder, namedForm } from '../config/decoder.ts'
import { report } from '../config/place.ts'
import { namedOptions } from '../config/stage-options.ts'
import { strictText, strictTexts } from '../config/stage-scalars.ts'
import { anyName, legacyName } from './options.ts'
import { pure, type StagePlan } from './stage.ts'
import { textOf } from './text-of.ts'

/** Names with their sources; a name without one is its own. */
export const namedSources = namedOptions(strictText(), legacyName)

/** `labels`: labels whose values were extracted. What is not there, or is no text, changes nothing. */
export const labelsStage: Decoder<StagePlan> = {
  named: namedForm(strictText(), legacyName),
  read: (place) => {
    const sources = [...namedSources.read(place)]
    return pure('labels', ({ labels, extracted }) => {
      for (const [name, source] of sources) {
        const value = textOf(extracted.get(source === '' ? name : source))
        if (value?.isWellFormed() === true) labels.set(name, value)
      }
      return true
    })
  },
}

const staticValues = namedOptions(strictText(), anyName)

/** `static_labels`: labels with constant values; empty ones are passed over. */
export const staticLabelsStage: Decoder<StagePlan> = {
  named: namedForm(strictText(), anyName),
  read: (place) => {
    const values = [...staticValues.read(place)].filter(([, value]) => value !== '')
    return pure('static_labels', ({ labels }) => {
      for (const [name, value] of values) labels.set(name, value)
      return true
    })
  },
}

const nameList = (stage: string): Decoder<readonly string[]> => ({
  read: (place) => {
    const names = strictTexts.read(place)
    if (names.length === 0) report(place, 'MISSING_KEY', `${stage} stage config cannot be empty`)
    return names
  },
})

/** `labeldrop`: these labels go. */
export const labelDropStage: Decoder<StagePlan> = {
  item: strictText(),
  read: (place) => {
    const names = nameList('labeldrop').read(place)
    return pure('labeldrop', ({ labels }) => {
      for (const name of names) labels.delete(name)
      return true
    })
  },
}

/** `labelallow`: all other labels go, `__tenant_id__` too. */
export const labelAllowStage: Decoder<StagePlan> = {
  item: strictText(),
  read: (place) => {
    const names = new Set(nameList('labelallow').read(place))
    return pure('labelallow', ({ labels }) => {
      for (const name of labels.keys()) if (!names.has(name)) labels.delete(name)
      return true
    })
  },
}
