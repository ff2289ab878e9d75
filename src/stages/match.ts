import { type Decoder, documented, type Section } from '../config/decoder.ts'
import { items, report, type Place } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import { parseSelector, type Selector } from './selector.ts'
import { runStages } from './run-stages.ts'
import { builtStage, type Stage, type StagePlan } from './stage.ts'

const NONE: Selector = () => false

const selector: Decoder<Selector> = {
  ...strictText(),
  read: (place: Place) => {
    const text = strictText().read(place)
    if (text === '') return NONE
    const parsed = parseSelector(text)
    if (parsed.kind === 'ok') return parsed.test
    report(place, 'BAD_VALUE', `invalid selector syntax for match stage: ${parsed.why}`)
    return NONE
  },
}

type Options = { readonly action: string; readonly stages: Inner; readonly pipeline_name: string }

/** The stages inside, and how many items the list has: an item may be empty. */
type Inner = { readonly count: number; readonly plans: readonly StagePlan[] }

const check = ({ action, stages, pipeline_name: name }: Options, section: Section): void => {
  if (name === '' && section.has('pipeline_name')) {
    section.report('pipeline_name', 'BAD_VALUE', 'pipeline name can be omitted but not be empty')
  }
  if (!section.has('selector')) {
    section.report('selector', 'MISSING_KEY', 'selector statement required for match stage')
  }
  if (action !== '' && action !== 'keep' && action !== 'drop') {
    section.report('action', 'BAD_VALUE', "match stage action should be 'keep' or 'drop'")
  } else if (action === 'drop' && stages.count > 0) {
    section.report('stages', 'CONFLICT', 'match stage configured to drop entries cannot contains stages')
  } else if (action !== 'drop' && stages.count === 0) {
    const message = "match stage requires at least one additional stage to be defined in 'stages'"
    section.report('stages', 'MISSING_KEY', message)
  }
}

const inner = (stages: Decoder<readonly StagePlan[]>): Decoder<Inner> => ({
  ...stages,
  read: (place) => ({ count: items(place).length, plans: stages.read(place) }),
})

/** `match`: the stages inside are for the entries that the selector selects; or it drops them. */
export const matchStage = (stages: Decoder<readonly StagePlan[]>): Decoder<StagePlan> =>
  stageOptions(
    {
      selector: documented(selector, {
        says: 'Which entries: matchers in braces, then line filters.',
        example: '\'{type="Warning"} |= "OOM"\'',
        type: 'selector',
        default: 'required',
      }),
      stages: documented(inner(stages), {
        says: 'What is done to them. Not with `action: drop`.',
        example: '[{ pack: { labels: [pod] } }]',
        type: 'list of stages',
        default: 'required with `keep`',
      }),
      action: documented(strictText(), {
        says: '`keep` runs the stages, `drop` drops the entries.',
        example: 'drop',
        type: 'keep, drop',
        default: 'keep',
      }),
      pipeline_name: documented(strictText(), { says: 'Accepted as in Promtail; nothing shows it.', example: 'noise' }),
      drop_counter_reason: documented(strictText(), {
        says: '`reason` in `logentry_dropped_lines_total`.',
        example: 'noise',
        default: 'match_stage',
      }),
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
          const inner = options.stages.plans.map((plan) => builtStage(plan, world))
          return (entry) => !isSelected(entry) || runStages(inner, entry)
        },
      }
    },
  )
