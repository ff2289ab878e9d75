import { type Decoder, documented, optional, type Section } from '../config/decoder.ts'
import { isAbsent, items, report, scalarOf, type Place } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText, strictTexts, weakDuration, weakSize, weakText } from '../config/stage-scalars.ts'
import { remembered } from '../regexp/memo.ts'
import { compiled } from './options.ts'
import { compileGoRegExp } from '../regexp/go-regexp.ts'
import type { Stage, StagePlan, StageWorld, WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'

/** A name or a list of names of extracted values; null when absent. */
const sources: Decoder<readonly string[] | null> = {
  form: {
    type: 'text or list',
    schema: { type: ['string', 'array'], items: { type: 'string' } },
  },
  read: (place: Place) => {
    if (isAbsent(place)) return null
    if (scalarOf(place) !== null) return [strictText().read(place)]
    for (const item of items(place)) if (isAbsent(item)) report(item, 'BAD_TYPE', 'expected text, got nothing')
    return strictTexts.read(place)
  },
}

const expression: Decoder<string | null> = optional({
  ...weakText(),
  read: (place: Place) => {
    const pattern = weakText().read(place)
    const result = compileGoRegExp(pattern)
    if (result.kind === 'ok') return pattern
    report(place, 'BAD_VALUE', `drop stage regex compilation error: ${result.why}`)
    return ''
  },
})

const FIELDS = {
  source: documented(sources, {
    says: 'Names of extracted values, all of which must be there. With `value` or `expression`, what they say, joined.',
    example: 'reason',
    default: 'the line',
  }),
  separator: documented(optional(weakText()), {
    says: 'Between the joined values of `source`.',
    example: '/',
    default: '`;`',
  }),
  value: documented(optional(weakText()), {
    says: 'The text that `source` must have. Excludes `expression`.',
    example: 'Pulled',
  }),
  expression: documented(expression, {
    says: 'Must match somewhere in the values of `source`, else in the line.',
    example: '(?i)debug',
    type: 'RE2',
  }),
  older_than: documented(weakDuration, { says: 'Entries whose time is longer ago.', example: '24h' }),
  longer_than: documented(weakSize, { says: 'Lines of more bytes.', example: '8KB' }),
  drop_counter_reason: documented(weakText(), {
    says: '`reason` in `logentry_dropped_lines_total`.',
    example: 'noise',
    default: 'drop_stage',
  }),
}

type Options = {
  readonly source: readonly string[] | null
  readonly separator: string | null
  readonly value: string | null
  readonly expression: string | null
  readonly older_than: number | null
  readonly longer_than: number | null
}

const EMPTY = 'drop stage config must contain at least one of `source`, `expression`, `older_than` or `longer_than`'
const BOTH = 'drop stage config error, `value` and `expression` cannot both be defined at the same time.'
const NO_SOURCE = 'drop stage config error, `value` needs a `source`'

const check = (options: Options, section: Section): void => {
  const { source, value, older_than, longer_than } = options
  if (source === null && options.expression === null && older_than === null && longer_than === null) {
    section.report('source', 'MISSING_KEY', EMPTY)
  } else if (value !== null && options.expression !== null) section.reportKey('value', 'CONFLICT', BOTH)
  else if (value !== null && source === null) section.reportKey('value', 'CONFLICT', NO_SOURCE)
}

type Condition = (entry: WorkEntry) => boolean

/** The values of the sources that are there, joined; null when one of them is no text. */
const joinedSources = (names: readonly string[], separator: string, { extracted }: WorkEntry): string | null => {
  const texts: string[] = []
  for (const name of names) {
    if (!extracted.has(name)) continue
    const text = textOf(extracted.get(name))
    if (text === null) return null
    texts.push(text)
  }
  return texts.join(separator)
}

const sourceCondition = (options: Options): Condition | null => {
  const { source, separator, value } = options
  const pattern = options.expression
  if (source === null && pattern === null) return null
  const test = remembered(pattern === null ? (text) => text === value : testOf(pattern))
  if (source === null) return ({ line }) => test(line)
  if (pattern === null && value === null) return ({ extracted }) => source.every((name) => extracted.has(name))
  return (entry) => {
    const text = joinedSources(source, separator ?? ';', entry)
    return text !== null && test(text)
  }
}

const testOf = (pattern: string): ((text: string) => boolean) => {
  const regexp = compiled(pattern)
  return (text) => regexp.test(text)
}

const conditionsOf = (options: Options, world: StageWorld): readonly Condition[] => {
  const { older_than: olderThanMs, longer_than: maxBytes } = options
  const conditions: (Condition | null)[] = [
    maxBytes === null ? null : ({ line }) => Buffer.byteLength(line) > maxBytes,
    olderThanMs === null
      ? null
      : ({ timestampNs }) => timestampNs < BigInt(Math.floor(world.clock.now() - olderThanMs)) * 1_000_000n,
    sourceCondition(options),
  ]
  return conditions.filter((condition) => condition !== null)
}

/** `drop`: entries that meet all of the conditions. */
export const dropStage: Decoder<StagePlan> = stageOptions(FIELDS, (options, section) => {
  check(options, section)
  const reason = options.drop_counter_reason || 'drop_stage'
  return {
    name: 'drop',
    build: (world): Stage => {
      const conditions = conditionsOf(options, world)
      const count = world.metrics.dropped(reason)
      return (entry) => {
        if (!conditions.every((condition) => condition(entry))) return true
        count()
        return false
      }
    },
  }
})
