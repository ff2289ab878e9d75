import { type Decoder, documented, listOf, optional, type Section } from '../config/decoder.ts'
import { report } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictFlag, strictText, strictNumber, weakDuration } from '../config/stage-scalars.ts'
import type { MetricDefinition } from './custom-metric.ts'

export type MetricAction = 'inc' | 'add' | 'set' | 'dec' | 'sub' | 'observe'

/** One metric of a `metrics` stage, without its name. */
export type MetricOptions = {
  readonly kind: MetricDefinition['kind']
  readonly help: string
  readonly prefix: string
  /** null = the metric's own name. */
  readonly source: string | null
  readonly maxIdleMs: number
  readonly action: MetricAction
  /** Only entries whose source has this text; null: all that have the source. */
  readonly value: string | null
  /** Every entry counts, whether it has the source or not. */
  readonly matchAll: boolean
  readonly countBytes: boolean
  readonly buckets: readonly number[]
}

type Recording = Pick<MetricOptions, 'action' | 'value' | 'matchAll' | 'countBytes' | 'buckets'>

const value = documented(optional(strictText()), {
  says: 'Only entries whose source has this text.',
  example: 'Warning',
  default: 'any',
})

/** Prometheus' DefBuckets. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const action = documented(strictText(), {
  says: 'What is done: `inc` and `add` for a counter, also `set`, `dec` and `sub` for a gauge.',
  example: 'inc',
  type: 'set, inc, dec, add, sub',
  default: 'required',
})

const COUNTER_FIELDS = {
  action,
  value,
  match_all: documented(strictFlag(false), {
    says: 'Of a counter; `true`: every entry counts. Excludes `value`.',
    example: 'true',
  }),
  count_entry_bytes: documented(strictFlag(false), {
    says: 'Of a counter; `true`: the bytes of the line are added. With `match_all` and `add` only.',
    example: 'true',
  }),
}

const counter: Decoder<Recording> = stageOptions(
  COUNTER_FIELDS,
  ({ action: word, value: wanted, match_all: matchAll, count_entry_bytes: countBytes }, section) => {
    const action = word.toLowerCase()
    const bad = (key: string, message: string): void => {
      section.report(key, 'BAD_VALUE', message)
    }
    if (action === '') bad('action', 'counter action must be defined as either `inc` or `add`')
    else if (action !== 'inc' && action !== 'add') {
      bad('action', `action ${word} is not valid, action must be either \`inc\` or \`add\``)
    }
    if (matchAll && wanted !== null) {
      bad('value', '`match_all: true` cannot be combined with `value`, please remove `match_all` or `value`')
    }
    if (countBytes && !matchAll) bad('match_all', '`count_entry_bytes: true` can only be set with `match_all: true`')
    if (countBytes && action !== 'add') bad('action', '`count_entry_bytes: true` can only be used with `action: add`')
    return { action: action === 'add' ? 'add' : 'inc', value: wanted, matchAll, countBytes, buckets: [] }
  },
)

const GAUGE_ACTIONS: readonly MetricAction[] = ['set', 'inc', 'dec', 'add', 'sub']

const gauge: Decoder<Recording> = stageOptions({ action, value }, (options, section) => {
  const action = GAUGE_ACTIONS.find((known) => known === options.action.toLowerCase())
  if (options.action === '') {
    section.report('action', 'MISSING_KEY', 'gauge action must be defined as `set`, `inc`, `dec`, `add`, or `sub`')
  } else if (action === undefined) {
    const message = `action ${options.action} is not valid, action must be \`set\`, \`inc\`, \`dec\`, \`add\`, or \`sub\``
    section.report('action', 'BAD_VALUE', message)
  }
  return { action: action ?? 'set', value: options.value, matchAll: false, countBytes: false, buckets: [] }
})

const buckets = documented(optional(listOf(strictNumber(0))), {
  says: 'Upper bounds of a histogram, ascending.',
  example: '[1, 10, 100]',
  default: "Prometheus' own",
})

const histogram: Decoder<Recording> = stageOptions(
  { value, buckets },
  ({ value: wanted, buckets: written }, section) => {
    const given = written === null || written.length === 0 ? DEFAULT_BUCKETS : written
    // The last one is there anyway.
    const bounds = given.at(-1) === Infinity ? given.slice(0, -1) : given
    if (bounds.some((bound, index) => index > 0 && !(bound > (bounds[index - 1] ?? 0)))) {
      section.report('buckets', 'BAD_VALUE', 'expected buckets that ascend')
    }
    return { action: 'observe', value: wanted, matchAll: false, countBytes: false, buckets: bounds }
  },
)

const RECORDINGS = { counter, gauge, histogram } as const

const kindOf = (type: string, section: Section): MetricDefinition['kind'] | null => {
  const lower = type.toLowerCase()
  if (lower === 'counter' || lower === 'gauge' || lower === 'histogram') return lower
  const message = `invalid metric type '${lower}', metric type must be one of 'counter', 'gauge', or 'histogram'`
  section.report('type', 'BAD_VALUE', message)
  return null
}

const DEFAULT_IDLE_MS = 300_000

const NOTHING: Recording = { action: 'inc', value: null, matchAll: false, countBytes: false, buckets: [] }

/** What is known of the keys of one metric before its type is. */
const FIELDS = {
  type: documented(strictText(), {
    says: 'The kind of metric.',
    example: 'Counter',
    type: 'counter, gauge, histogram',
    default: 'required',
  }),
  description: documented(strictText(), { says: 'Its HELP.', example: 'Events by reason', default: 'the name' }),
  source: documented(strictText(), {
    says: 'Name of the extracted value.',
    example: 'reason',
    default: "the metric's name",
  }),
  prefix: documented(strictText(), { says: 'Before its name.', example: 'team_', default: 'promtail_custom_' }),
  max_idle_duration: documented(weakDuration, {
    says: 'A series that has not changed for so long is forgotten. At least 1s.',
    example: '1h',
    default: '5m',
  }),
  /** Read when the type is known. */
  config: { fields: { ...COUNTER_FIELDS, buckets }, read: (place) => place } satisfies Decoder<
    Parameters<typeof report>[0]
  >,
}

/** One metric. */
export const metricOptions: Decoder<MetricOptions> = stageOptions(FIELDS, (values, section) => {
  const kind = kindOf(values.type, section)
  const maxIdleMs = values.max_idle_duration ?? DEFAULT_IDLE_MS
  if (maxIdleMs < 1000) {
    section.report('max_idle_duration', 'BAD_DURATION', 'max_idle_duration less than 1s not allowed')
  }
  const recording = kind === null ? NOTHING : RECORDINGS[kind].read(values.config)
  return {
    ...recording,
    kind: kind ?? 'counter',
    help: values.description,
    prefix: values.prefix || 'promtail_custom_',
    source: values.source,
    maxIdleMs,
  }
})
