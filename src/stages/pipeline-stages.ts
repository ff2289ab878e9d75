import { isMap } from 'yaml'
import { closest } from '../config/closest.ts'
import { documented, listOf, type Decoder } from '../config/decoder.ts'
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
const inner: Decoder<readonly StagePlan[]> = {
  form: { type: 'list of stages', schema: { $ref: '#/definitions/pipeline_stages' } },
  read: (place) => pipelineStages.read(place),
}

const STAGES: ReadonlyMap<string, Decoder<StagePlan>> = new Map([
  ['json', jsonStage],
  ['logfmt', logfmtStage],
  ['regex', regexStage],
  ['pattern', patternStage],
  [
    'labels',
    documented(labelsStage, {
      says: 'Labels from extracted values: a label with the name of the value, or nothing for its own name.',
      example: '{ pod: name }',
      type: 'mapping',
    }),
  ],
  [
    'labeldrop',
    documented(labelDropStage, {
      says: 'Labels that go.',
      example: '[host]',
      type: 'list of names',
      default: 'required',
    }),
  ],
  [
    'labelallow',
    documented(labelAllowStage, {
      says: 'Labels that stay; all others go.',
      example: '[namespace, type]',
      type: 'list of names',
      default: 'required',
    }),
  ],
  [
    'static_labels',
    documented(staticLabelsStage, { says: 'Labels with constant values.', example: '{ team: sre }', type: 'labels' }),
  ],
  [
    'structured_metadata',
    documented(structuredMetadataStage('structured_metadata'), {
      says: 'Structured metadata from extracted values or labels, as in `labels`.',
      example: '{ pod: name }',
      type: 'mapping',
    }),
  ],
  [
    'non_indexed_labels',
    documented(structuredMetadataStage('non_indexed_labels'), {
      says: 'The old name of `structured_metadata`.',
      example: '{ pod: name }',
      type: 'mapping',
    }),
  ],
  [
    'structured_metadata_drop',
    documented(structuredMetadataDropStage, {
      says: 'Structured metadata that goes.',
      example: '[uid]',
      type: 'list of names',
      default: 'required',
    }),
  ],
  ['output', outputStage],
  ['template', templateStage],
  ['replace', replaceStage],
  ['timestamp', timestampStage],
  ['match', matchStage(inner)],
  ['drop', dropStage],
  ['tenant', tenantStage],
  ['limit', limitStage],
  ['sampling', samplingStage],
  [
    'metrics',
    documented(metricsStage, {
      says: 'Metrics of what passes, by name, on `/metrics`.',
      example: '{ events_total: { type: Counter, source: reason, config: { action: inc } } }',
    }),
  ],
  ['pack', packStage],
  ['truncate', truncateStage],
  [
    'decolorize',
    documented(decolorizeStage, {
      says: 'Takes the escape sequences of terminals out of the line. It has no options.',
      example: '{}',
    }),
  ],
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
  required: true,
  fields: Object.fromEntries(STAGES),
  single: true,
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
  item: stageItem,
  definition: 'pipeline_stages',
  read: (place) => list.read(place).filter((plan) => plan !== NOTHING),
}
