import { formatGoTime } from '../gotime/format.ts'
import { define } from './define.ts'
import { TemplateFailure, type CallableFunction, type ParameterType } from './functions.ts'
import { checkedLayout, timeText } from './time-value.ts'
import { int64, type TemplateValue, type TimeValue } from './values.ts'

const method = (
  call: (args: readonly TemplateValue[]) => TemplateValue,
  ...parameters: readonly ParameterType[]
): CallableFunction => ({ kind: 'function', parameters, call })

const floorDiv = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by

const MS = 1_000_000n
const SECOND = 1_000_000_000n

/** A number that a layout writes: `2006` for the year. */
const numberBy = (time: TimeValue, layout: string): bigint => BigInt(formatGoTime(layout, time.ns, time.zone))

const inZone = (time: TimeValue, zone: string): TimeValue => ({ ...time, zone })

const timeOf = (value: TemplateValue | undefined): TimeValue => {
  if (typeof value === 'object' && value?.kind === 'time') return value
  throw new TemplateFailure('not a time')
}

const durationOf = (value: TemplateValue | undefined): bigint =>
  typeof value === 'object' && value?.kind === 'duration' ? value.ns : 0n

/** Go's zero time, 1 January of the year 1. */
export const ZERO_TIME_NS = -62_135_596_800n * SECOND

const truncated = (time: TimeValue, by: bigint): TimeValue => {
  if (by <= 0n) return time
  const since = time.ns - ZERO_TIME_NS
  return { ...time, ns: time.ns - (((since % by) + by) % by) }
}

const METHODS: Readonly<Record<string, (time: TimeValue) => CallableFunction>> = {
  Format: (time) =>
    define(['string'], ([layout], { spend }) => formatGoTime(checkedLayout(layout, spend), time.ns, time.zone)),
  String: (time) => method(() => timeText(time)),
  Unix: (time) => method(() => int64(floorDiv(time.ns, SECOND))),
  UnixMilli: (time) => method(() => int64(floorDiv(time.ns, MS))),
  UnixMicro: (time) => method(() => int64(floorDiv(time.ns, 1000n))),
  UnixNano: (time) => method(() => int64(time.ns)),
  UTC: (time) => method(() => inZone(time, 'UTC')),
  Local: (time) => method(() => inZone(time, 'Local')),
  Year: (time) => method(() => numberBy(time, '2006')),
  Month: (time) => method(() => formatGoTime('January', time.ns, time.zone)),
  Day: (time) => method(() => numberBy(time, '2')),
  Hour: (time) => method(() => numberBy(time, '15')),
  Minute: (time) => method(() => numberBy(time, '4')),
  Second: (time) => method(() => numberBy(time, '5')),
  Nanosecond: (time) => method(() => time.ns - floorDiv(time.ns, SECOND) * SECOND),
  YearDay: (time) => method(() => BigInt(formatGoTime('002', time.ns, time.zone))),
  Weekday: (time) => method(() => formatGoTime('Monday', time.ns, time.zone)),
  IsZero: (time) => method(() => time.ns === ZERO_TIME_NS),
  Add: (time) => method(([by]) => ({ ...time, ns: time.ns + durationOf(by) }), 'time.Duration'),
  Sub: (time) => method(([other]) => ({ kind: 'duration', ns: time.ns - timeOf(other).ns }), 'time.Time'),
  Before: (time) => method(([other]) => time.ns < timeOf(other).ns, 'time.Time'),
  After: (time) => method(([other]) => time.ns > timeOf(other).ns, 'time.Time'),
  Equal: (time) => method(([other]) => time.ns === timeOf(other).ns, 'time.Time'),
  Truncate: (time) => method(([by]) => truncated(time, durationOf(by)), 'time.Duration'),
}

/** The methods of Go's time.Time that are of use in a template; null: none of that name. */
export const timeMethod = (time: TimeValue, name: string): CallableFunction | null =>
  Object.hasOwn(METHODS, name) ? (METHODS[name]?.(time) ?? null) : null
