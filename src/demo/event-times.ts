import { createHash } from 'node:crypto'
import type { EventObject } from './event-object.ts'

/** Where the past of a recording goes: `fromMs` becomes `toMs` (both whole seconds), later times run `speed` times as fast. */
export type TimeShift = { readonly fromMs: number; readonly toMs: number; readonly speed: number }

const SECOND_NS = 1_000_000_000n
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

type ParsedTime = { readonly ns: bigint; readonly digits: number }

const parseTime = (value: unknown): ParsedTime | null => {
  const match = typeof value === 'string' ? TIME.exec(value) : null
  if (match === null) return null
  const fraction = match[2] ?? ''
  return {
    ns: BigInt(Date.parse(`${match[1] ?? ''}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0')),
    digits: fraction.length,
  }
}

const formatTime = ({ ns, digits }: ParsedTime): string => {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = String(ns % SECOND_NS)
    .padStart(9, '0')
    .slice(0, digits)
  return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction}Z`
}

const shiftNs = (ns: bigint, { fromMs, toMs, speed }: TimeShift): bigint => {
  const from = BigInt(fromMs) * 1_000_000n
  const to = BigInt(toMs) * 1_000_000n
  if (ns <= from || speed === 1) return ns - from + to
  return to + BigInt(Math.round(Number(ns - from) / speed))
}

/** The recorder's suffix of an event's name: nanoseconds since 1970 in hex. */
const SUFFIX = /\.([0-9a-f]{16})$/

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every time that an event carries, but that in its name. */
const timesOf = (event: EventObject): readonly unknown[] => {
  const { creationTimestamp, managedFields } = event.metadata
  const managed = Array.isArray(managedFields) ? (managedFields as unknown[]) : []
  const series = isObject(event['series']) ? event['series']['lastObservedTime'] : null
  const own = [event['firstTimestamp'], event['lastTimestamp'], event['eventTime'], series]
  return [creationTimestamp, ...own, ...managed.map((entry) => (isObject(entry) ? entry['time'] : null))]
}

/** The newest time in an event, nanoseconds since 1970; 0 when it carries none. */
export const newestTimeNs = (event: EventObject): bigint =>
  timesOf(event).reduce<bigint>((newest, value) => {
    const time = parseTime(value)
    return time !== null && time.ns > newest ? time.ns : newest
  }, 0n)

/**
 * Moves every time of an event: creationTimestamp, managedFields, first and last timestamp, eventTime, series and the
 * suffix of its name. A time of whole seconds in the second of that suffix follows the suffix, so that both still tell
 * the same second.
 */
export const shiftEvent = (event: EventObject, shift: TimeShift): EventObject => {
  const hex = SUFFIX.exec(event.metadata.name)?.[1]
  const suffixNs = hex === undefined ? null : BigInt(`0x${hex}`)
  const moved = (value: unknown): unknown => {
    const time = parseTime(value)
    if (time === null) return value
    const same = time.digits === 0 && suffixNs !== null && suffixNs / SECOND_NS === time.ns / SECOND_NS
    return formatTime({ ...time, ns: shiftNs(same ? suffixNs : time.ns, shift) })
  }
  const { metadata, series } = { metadata: event.metadata, series: event['series'] }
  const managed = metadata['managedFields']
  const managedFields = Array.isArray(managed)
    ? (managed as unknown[]).map((entry) => (isObject(entry) ? { ...entry, time: moved(entry['time']) } : entry))
    : managed
  const suffix = suffixNs === null ? '' : `.${shiftNs(suffixNs, shift).toString(16)}`
  return {
    ...event,
    metadata: {
      ...metadata,
      name: metadata.name.replace(SUFFIX, suffix),
      creationTimestamp: String(moved(metadata.creationTimestamp)),
      ...(managedFields === undefined ? {} : { managedFields }),
    },
    firstTimestamp: moved(event['firstTimestamp']),
    lastTimestamp: moved(event['lastTimestamp']),
    eventTime: moved(event['eventTime']),
    ...(isObject(series) ? { series: { ...series, lastObservedTime: moved(series['lastObservedTime']) } } : {}),
  }
}

/** Another uid for the same event in a later round of the recording; round 0 keeps it. */
export const uidInRound = (uid: string, round: number): string => {
  if (round === 0) return uid
  const hex = createHash('sha256').update(`${round}/${uid}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
