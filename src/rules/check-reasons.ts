import { closest } from '../config/closest.ts'
import type { LogQuery, Matcher } from '../logql/ast.ts'
import { formatDuration } from '../config/go-duration.ts'
import { valueTest } from '../logql/matchers.ts'
import type { QueryFault } from './check-labels.ts'
import { matchersOn, type RangeQuery } from './query-parts.ts'
import { KNOWN_REASONS, type KnownReason } from './reasons.ts'

const ALTERNATIVES = /^\^?\(?\w+(?:\|\w+)*\)?\$?$/

/** The reasons that a matcher spells out; null: a pattern. */
const spelledOut = ({ op, value }: Matcher): readonly string[] | null => {
  if (op === '=' || op === '!=') return value === '' ? [] : [value]
  return ALTERNATIVES.test(value) ? value.replaceAll(/[()^$]/g, '').split('|') : null
}

const isPositive = ({ op }: Matcher): boolean => op === '=' || op === '=~'

const unknown = (matcher: Matcher, from: number): readonly QueryFault[] => {
  const reasons = spelledOut(matcher)
  if (reasons === null) {
    const matches = valueTest({ ...matcher, op: '=~' })
    if ([...KNOWN_REASONS.keys()].some(matches)) return []
    return [{ from, message: `no known reason matches ${JSON.stringify(matcher.value)}` }]
  }
  return reasons
    .filter((reason) => !KNOWN_REASONS.has(reason))
    .map((reason) => {
      const meant = closest(reason, KNOWN_REASONS.keys())
      const hint = meant === null ? '' : `: did you mean ${meant}?`
      return { from, message: `${JSON.stringify(reason)} is no known reason of an event${hint}` }
    })
}

/** The known reasons that a selection lets through by name. */
const wantedReasons = (log: LogQuery): readonly KnownReason[] =>
  matchersOn(log, 'reason')
    .filter(isPositive)
    .flatMap((matcher) => spelledOut(matcher) ?? [])
    .flatMap((reason) => KNOWN_REASONS.get(reason) ?? [])

const wrongType = (log: LogQuery): readonly QueryFault[] => {
  const type = matchersOn(log, 'type').find(({ op, value }) => op === '=' && value !== '')?.value
  if (type === undefined) return []
  return wantedReasons(log)
    .filter(({ types }) => !types.some((known) => known === type))
    .map(({ reason, types }) => ({
      from: log.from,
      message: `events of reason ${reason} have the type ${types.join(' or ')}: type=${JSON.stringify(type)} never finds them`,
    }))
}

/** Whether the reasons that a query names exist, and can have the type that it asks for. */
export const reasonFaults = (log: LogQuery): readonly QueryFault[] => [
  ...matchersOn(log, 'reason').flatMap((matcher) => unknown(matcher, log.from)),
  ...wrongType(log),
]

/** Whether a lasting state is written again within the window, by what is known of the recorders. */
export const windowFaults = ({ log, rangeNs, from }: RangeQuery): readonly QueryFault[] => {
  const seconds = Number(rangeNs / 1_000_000_000n)
  return wantedReasons(log)
    .filter(({ gapSeconds }) => gapSeconds !== null && gapSeconds > seconds)
    .map(({ reason, gapSeconds }) => ({
      from,
      message: `a state of reason ${reason} may be written again only after ${formatDuration((gapSeconds ?? 0) * 1000)}: expected a longer window than ${formatDuration(seconds * 1000)}`,
    }))
}
