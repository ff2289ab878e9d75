import { formatGoDuration, parseGoDuration } from '../gotime/duration.ts'
import { formatGoTime } from '../gotime/format.ts'
import { parseGoTime } from '../gotime/parse.ts'
import { isZone } from '../gotime/zone.ts'
import { define } from './define.ts'
import { TemplateFailure, type CallableFunction, type Invocation, type TemplateFunctions } from './functions.ts'
import { parseInt64 } from './cast.ts'
import { ZERO_TIME_NS } from './time-methods.ts'
import { checkedLayout } from './time-value.ts'
import type { TemplateValue, TimeValue } from './values.ts'

const ANY = 'interface {}'
const SECOND = 1_000_000_000n

/**
 * Go's time.Local. Always UTC here, as it is in the images of Promtail and Loki: what a template makes of a time must not
 * depend on the machine.
 */
const PROCESS_ZONE = 'UTC'

/** The present, which only the caller knows. @throws TemplateFailure when it was not told */
export const nowOf = ({ facts }: Invocation): bigint => {
  if (facts.nowNs === undefined) throw new TemplateFailure('the present time is not known here')
  return facts.nowNs
}

/** What sprig takes for a time: a time, or seconds since 1970; anything else is the present. */
const timeNs = (value: TemplateValue, invocation: Invocation): bigint => {
  if (typeof value === 'bigint') return value * SECOND
  if (typeof value === 'object' && value?.kind === 'time') return value.ns
  if (typeof value === 'object' && value?.kind === 'integer' && value.type.startsWith('int'))
    return value.value * SECOND
  return nowOf(invocation)
}

const zoneOr = (zone: string): string => (isZone(zone) && !/^[+-]/.test(zone) ? zone : 'UTC')

const timeOf = (ns: bigint, zone = PROCESS_ZONE): TimeValue => ({ kind: 'time', ns, zone })

/** The time of a text; Go's zero time when it is none. */
const parsedOr = (layout: string, text: string, zone: string): TimeValue => {
  const parsed = parseGoTime(layout, text, { zone })
  return parsed.kind === 'ok' ? timeOf(parsed.ns, zone) : timeOf(ZERO_TIME_NS, 'UTC')
}

const parsedStrictly = (layout: string, text: string): TimeValue => {
  const parsed = parseGoTime(layout, text, { zone: PROCESS_ZONE })
  if (parsed.kind === 'error') throw new TemplateFailure(parsed.why)
  return timeOf(parsed.ns)
}

/** Division that rounds towards the past. */
const floorDiv = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by

const epoch = (unitNs: bigint): CallableFunction => define(['time.Time'], ([time]) => String(floorDiv(time.ns, unitNs)))

/** The functions of sprig on times that Loki offers too. */
export const dateFunctions: TemplateFunctions = {
  date: define(['string', ANY], ([layout, value], invocation) =>
    formatGoTime(checkedLayout(layout, invocation.spend), timeNs(value, invocation), PROCESS_ZONE),
  ),
  toDate: define(['string', 'string'], ([layout, text], { spend }) =>
    parsedOr(checkedLayout(layout, spend), text, PROCESS_ZONE),
  ),
  now: define([], (_, invocation) => timeOf(nowOf(invocation))),
  unixEpoch: epoch(SECOND),
}

const EPOCH_UNITS: ReadonlyMap<number, bigint> = new Map([
  [5, 86_400n * SECOND],
  [10, SECOND],
  [13, 1_000_000n],
  [16, 1000n],
  [19, 1n],
])

/** Loki tells the unit of a number by how many digits it has. */
const unixToTime = (text: string): TimeValue => {
  const fail = (why: string): never => {
    throw new TemplateFailure(`unable to parse time '${text}': ${why}`)
  }
  if (!/^[+-]?\d+$/.test(text)) return fail(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const unit = EPOCH_UNITS.get(text.length)
  return unit === undefined ? fail('unknown format') : timeOf(BigInt(text) * unit)
}

/** Loki's own. */
export const lokiDateFunctions: TemplateFunctions = {
  unixEpochMillis: epoch(1_000_000n),
  unixEpochNanos: epoch(1n),
  toDateInZone: define(['string', 'string', 'string'], ([layout, zone, text], { spend }) =>
    parsedOr(checkedLayout(layout, spend), text, zoneOr(zone)),
  ),
  unixToTime: define(['string'], ([text]) => unixToTime(text)),
}

const dateInZone = define(['string', ANY, 'string'], ([layout, value, zone], invocation) =>
  formatGoTime(checkedLayout(layout, invocation.spend), timeNs(value, invocation), zoneOr(zone)),
)

/** A bad duration leaves the time as it is. */
const dateModify = define(['string', 'time.Time'], ([text, time]) => {
  const parsed = parseGoDuration(text)
  return parsed.kind === 'ok' ? { ...time, ns: time.ns + parsed.ns } : time
})

const mustDateModify = define(['string', 'time.Time'], ([text, time]) => {
  const parsed = parseGoDuration(text)
  if (parsed.kind === 'error') throw new TemplateFailure(parsed.why)
  return { ...time, ns: time.ns + parsed.ns }
})

/** Text or an int64 of seconds; an `int` is neither in Go. */
const durationSeconds = (value: TemplateValue): bigint => {
  if (typeof value === 'string') return parseInt64(value.replace(/^([+-]?)0+(?=\d)/, '$1')) ?? 0n
  return typeof value === 'object' && value?.kind === 'integer' && value.type === 'int64' ? value.value : 0n
}

const roundedNs = (value: TemplateValue, invocation: Invocation): bigint => {
  if (typeof value === 'string') {
    const parsed = parseGoDuration(value)
    return parsed.kind === 'ok' ? parsed.ns : 0n
  }
  if (typeof value !== 'object' || value === null) return 0n
  if (value.kind === 'time') return nowOf(invocation) - value.ns
  return value.kind === 'integer' && value.type === 'int64' ? value.value : 0n
}

const HOUR = 3600n * SECOND
const ROUND_UNITS: readonly (readonly [bigint, string])[] = [
  [HOUR * 24n * 365n, 'y'],
  [HOUR * 24n * 30n, 'mo'],
  [HOUR * 24n, 'd'],
  [HOUR, 'h'],
  [60n * SECOND, 'm'],
  [SECOND, 's'],
]

/** The largest unit that it is more than one of. */
const durationRound = (ns: bigint): string => {
  const magnitude = ns < 0n ? -ns : ns
  const found = ROUND_UNITS.find(([unit]) => magnitude > unit)
  return found === undefined ? '0s' : `${magnitude / found[0]}${found[1]}`
}

/** Rounded to the second, half up. */
const agoText = (ns: bigint): string => formatGoDuration(floorDiv(ns + SECOND / 2n, SECOND) * SECOND)

/** sprig's functions on times. */
export const sprigDateFunctions: TemplateFunctions = {
  ...dateFunctions,
  ago: define([ANY], ([value], invocation) => agoText(nowOf(invocation) - timeNs(value, invocation))),
  dateInZone,
  date_in_zone: dateInZone,
  dateModify,
  date_modify: dateModify,
  mustDateModify,
  must_date_modify: mustDateModify,
  duration: define([ANY], ([value]) => formatGoDuration(durationSeconds(value) * SECOND)),
  durationRound: define([ANY], ([value], invocation) => durationRound(roundedNs(value, invocation))),
  htmlDate: define([ANY], ([value], invocation) => formatGoTime('2006-01-02', timeNs(value, invocation), PROCESS_ZONE)),
  htmlDateInZone: define([ANY, 'string'], ([value, zone], invocation) =>
    formatGoTime('2006-01-02', timeNs(value, invocation), zoneOr(zone)),
  ),
  mustToDate: define(['string', 'string'], ([layout, text], { spend }) =>
    parsedStrictly(checkedLayout(layout, spend), text),
  ),
}
