import { isMap } from 'yaml'
import { closest } from '../config/closest.ts'
import { listOf, type Decoder } from '../config/decoder.ts'
import { childrenOf, described, keyPlace, report, type Place } from '../config/place.ts'
import { decolorizeStage } from './decolorize.ts'
import { dropStage } from './drop.ts'
import { jsonStage } from './json.ts'
import { labelAllowStage, labelDropStage, labelsStage, staticLabelsStage } from './labels.ts'
import { limitStage } from './limit.ts'
import { logfmtStage } from './logfmt.ts'
import { matchStage } from './match.ts'
import { metricsStage } from './metrics.ts'
import { outputStage } from './output.ts'
import { packStage } from './pack.ts'
import { patternStage } from './pattern.ts'
import { regexStage } from './regex.ts'
import { replaceStage } from './replace.ts'
import { samplingStage } from './sampling.ts'
import { pure, type StagePlan } from './stage.ts'
import { structuredMetadataDropStage, structuredMetadataStage } from './structured-metadata.ts'
import { templateStage } from './template.ts'
import { tenantStage } from './tenant.ts'
import { timestampStage } from './timestamp.ts'
import { truncateStage } from './truncate.ts'

const FILES = 'it takes the lines of container logs apart, and an event is no such line'
const WINDOWS = 'it is for Windows event logs'

/** Stages of Promtail and Alloy that are refused, and why. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['docker', FILES],
  ['cri', FILES],
  ['multiline', 'an event is one record, never several lines'],
  ['eventlogmessage', WINDOWS],
  ['windowsevent', WINDOWS],
  ['geoip', 'it needs a database of addresses, which events seldom hold'],
  ['luhn', 'card numbers are no matter of events; use replace to take out what must not be shown'],
  ['split_json', 'an event is one record; use json to take it apart'],
])

const NOTHING = pure('', () => true)

/** Inside of `match` there are stages again. */
const inner: Decoder<readonly StagePlan[]> = { read: (place) => pipelineStages.read(place) }

const STAGES: ReadonlyMap<string, Decoder<StagePlan>> = new Map([
  ['json', jsonStage],
  ['logfmt', logfmtStage],
  ['regex', regexStage],
  ['pattern', patternStage],
  ['labels', labelsStage],
  ['labeldrop', labelDropStage],
  ['labelallow', labelAllowStage],
  ['static_labels', staticLabelsStage],
  ['structured_metadata', structuredMetadataStage('structured_metadata')],
  ['non_indexed_labels', structuredMetadataStage('non_indexed_labels')],
  ['structured_metadata_drop', structuredMetadataDropStage],
  ['output', outputStage],
  ['template', templateStage],
  ['replace', replaceStage],
  ['timestamp', timestampStage],
  ['match', matchStage(inner)],
  ['drop', dropStage],
  ['tenant', tenantStage],
  ['limit', limitStage],
  ['sampling', samplingStage],
  ['metrics', metricsStage],
  ['pack', packStage],
  ['truncate', truncateStage],
  ['decolorize', decolorizeStage],
])

const reportUnknown = (place: Place, name: string): void => {
  const refused = REFUSED.get(name)
  if (refused !== undefined) {
    report(place, 'UNSUPPORTED', `the stage ${name} is not supported here: ${refused}`)
    return
  }
  const meant = closest(name, STAGES.keys())
  const hint = meant === null ? '' : `; did you mean \`${meant}\`?`
  report(place, 'UNKNOWN_KEY', `invalid ${name} stage config: Unknown stage type: ${name}${hint}`)
}

/** One item of the list: a mapping of one stage's name to its options. */
const stageItem: Decoder<StagePlan> = {
  read: (place) => {
    if (!isMap(place.node)) {
      report(place, 'BAD_TYPE', `expected a mapping of a stage's name to its options, got ${described(place)}`)
      return NOTHING
    }
    const [first, second] = childrenOf(place)
    if (first === undefined) return NOTHING
    if (second !== undefined) {
      report(keyPlace(second[1]), 'CONFLICT', 'pipeline stage must contain only one key')
      return NOTHING
    }
    const [name, options] = first
    const decoder = STAGES.get(name)
    if (decoder !== undefined) return decoder.read(options)
    reportUnknown(keyPlace(options), name)
    return NOTHING
  },
}

const list = listOf(stageItem)

/** `pipeline_stages`: everything that is wrong with any of them is reported. */
export const pipelineStages: Decoder<readonly StagePlan[]> = {
  read: (place) => list.read(place).filter((plan) => plan !== NOTHING),
}
