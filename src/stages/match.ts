import type { Decoder, Section } from '../config/decoder.ts'
import { report, type Place } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import { parseSelector, type Selector } from './selector.ts'
import { runStages } from './run-stages.ts'
import { builtStage, type Stage, type StagePlan } from './stage.ts'

const NONE: Selector = () => false

const selector: Decoder<Selector> = {
  read: (place: Place) => {
    const text = strictText().read(place)
    if (text === '') return NONE
    const parsed = parseSelector(text)
    if (parsed.kind === 'ok') return parsed.test
    report(place, 'BAD_VALUE', `invalid selector syntax for match stage: ${parsed.why}`)
    return NONE
  },
}

type Options = { readonly action: string; readonly stages: readonly StagePlan[] }

const check = ({ action, stages }: Options, section: Section): void => {
  if (!section.has('selector')) {
    section.report('selector', 'MISSING_KEY', 'selector statement required for match stage')
  }
  if (action !== '' && action !== 'keep' && action !== 'drop') {
    section.report('action', 'BAD_VALUE', "match stage action should be 'keep' or 'drop'")
  } else if (action === 'drop' && stages.length > 0) {
    section.report('stages', 'CONFLICT', 'match stage configured to drop entries cannot contains stages')
  } else if (action !== 'drop' && stages.length === 0) {
    const message = "match stage requires at least one additional stage to be defined in 'stages'"
    section.report('stages', 'MISSING_KEY', message)
  }
}

/** `match`: the stages inside are for the entries that the selector selects; or it drops them. */
export const matchStage = (stages: Decoder<readonly StagePlan[]>): Decoder<StagePlan> =>
  stageOptions(
    {
      selector,
      stages,
      action: strictText(),
      pipeline_name: strictText(),
      drop_counter_reason: strictText(),
    },
    (options, section) => {
      check(options, section)
      const { selector: isSelected, drop_counter_reason: reason } = options
      return {
        name: 'match',
        build: (world): Stage => {
          if (options.action === 'drop') {
            const count = world.metrics.dropped(reason || 'match_stage')
            return (entry) => {
              if (!isSelected(entry)) return true
              count()
              return false
            }
          }
          const inner = options.stages.map((plan) => builtStage(plan, world))
          return (entry) => !isSelected(entry) || runStages(inner, entry)
        },
      }
    },
  )
