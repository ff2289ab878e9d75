import type { KubeEvent } from '../kube/event.ts'
import { compareInstants, type Instant, parseRfc3339, toNanoseconds } from './rfc3339.ts'

/** When an event revision happened. */
export type EventTime = {
  /** Nanoseconds since 1970, within a signed 64-bit integer as Loki counts. */
  readonly timestampNs: bigint
  /** The writer's time, verbatim, when it was too far ahead and the server's was taken; else ''. */
  readonly skewed: string
}

type Found = { readonly at: Instant; readonly text: string }

/** Go's zero time, 0001-01-01T00:00:00Z: Kubernetes means "not set" by it. */
const ZERO_TIME_SECONDS = -62_135_596_800
/** Loki refuses what is further ahead than this by default (`creation_grace_period`). */
const MAX_AHEAD_SECONDS = 600
/** A create gives `creationTimestamp` and the managedFields' times within one request, which may pass a slow webhook. */
const SAME_REQUEST_SECONDS = 60
const MAX_NS = 2n ** 63n - 1n
const MIN_NS = -(2n ** 63n)

const parse = (text: string): Instant | null => {
  if (text === '') return null
  const at = parseRfc3339(text)
  return at !== null && at.seconds > ZERO_TIME_SECONDS ? at : null
}

const later = (found: Found | null, text: string): Found | null => {
  if (text === '' || found?.text === text) return found
  const at = parse(text)
  if (at === null) return found
  return found === null || compareInstants(at, found.at) > 0 ? { at, text } : found
}

/** The latest of the times the writer gave; they describe one occurrence each, and a revision its latest one. */
const writtenTime = (event: KubeEvent): Found | null => {
  let found = later(null, event.lastTimestamp)
  found = later(found, event.firstTimestamp)
  found = later(found, event.eventTime)
  return event.series === null ? found : later(found, event.series.lastObservedTime)
}

const hexDigit = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}

/**
 * The nanoseconds since 1970 at the end of a recorder's event name, `<object>.<hex>`. Summed in three parts, because
 * the whole is beyond what a double holds exactly: 2^48 ns are 281474 s and 976710656 ns, 2^32 ns are 4 s and
 * 294967296 ns.
 */
const nameInstant = (name: string): Instant | null => {
  const start = name.lastIndexOf('.') + 1
  const digits = name.length - start
  if (start === 0 || digits === 0 || digits > 16) return null
  let upper = 0
  let middle = 0
  let lower = 0
  for (let i = start; i < name.length; i += 1) {
    const digit = hexDigit(name.charCodeAt(i))
    const place = name.length - 1 - i
    if (digit < 0) return null
    if (place >= 12) upper = upper * 16 + digit
    else if (place >= 8) middle = middle * 16 + digit
    else lower = lower * 16 + digit
  }
  const nanos = upper * 976_710_656 + middle * 294_967_296 + lower
  return { seconds: upper * 281_474 + middle * 4 + Math.floor(nanos / 1e9), nanos: nanos % 1e9 }
}

/**
 * Legacy recorders name an event by the nanoseconds of the very time that `firstTimestamp` gives in seconds (client-go
 * tools/record/event.go): a first occurrence gets its order within the second back.
 */
const lifted = (event: KubeEvent, written: Found): Instant => {
  if (event.count > 1 || event.series !== null || event.eventTime !== '') return written.at
  if (written.text !== event.firstTimestamp || written.at.nanos !== 0) return written.at
  const named = nameInstant(event.name)
  return named?.seconds === written.at.seconds ? named : written.at
}

const isAhead = (at: Instant, server: Instant): boolean => {
  const seconds = at.seconds - server.seconds
  return seconds > MAX_AHEAD_SECONDS || (seconds === MAX_AHEAD_SECONDS && at.nanos > server.nanos)
}

/**
 * The latest of `created` and the times of managedFields; null when those show that this is not the first revision.
 */
const createTime = (created: Instant, managedTimes: readonly string[]): Instant | null => {
  let latest = created
  for (const text of managedTimes) {
    const at = parse(text)
    if (at === null || Math.abs(at.seconds - created.seconds) > SAME_REQUEST_SECONDS) return null
    if (compareInstants(at, latest) > 0) latest = at
  }
  return latest
}

/**
 * The server's time of a first revision that claims to be more than ten minutes ahead of it; null for all others. What
 * may be a repeat is never redated: recorders change an event without touching the times in managedFields, so that the
 * server's time of a repeat is unknown.
 */
const serverTimeOfSkewed = (event: KubeEvent, at: Instant): Instant | null => {
  if (event.count > 1 || event.series !== null) return null
  const created = parse(event.creationTimestamp)
  if (created === null || !isAhead(at, created)) return null
  const server = createTime(created, event.managedTimes)
  return server !== null && isAhead(at, server) ? server : null
}

const inRange = (ns: bigint): bigint => {
  if (ns > MAX_NS) return MAX_NS
  return ns < MIN_NS ? MIN_NS : ns
}

/**
 * The time of an event revision: the latest of `series.lastObservedTime`, `lastTimestamp`, `eventTime` and
 * `firstTimestamp`, else `metadata.creationTimestamp`, else 1970. A first occurrence gets nanoseconds from its name. A
 * first revision whose writer's clock is more than ten minutes ahead of the server's gets the server's time. Never the
 * present: the same revision has the same time for ever.
 */
export const eventTime = (event: KubeEvent): EventTime => {
  const written = writtenTime(event)
  if (written === null) {
    const created = parse(event.creationTimestamp)
    return { timestampNs: created === null ? 0n : inRange(toNanoseconds(created)), skewed: '' }
  }
  const at = lifted(event, written)
  const server = serverTimeOfSkewed(event, at)
  if (server !== null) return { timestampNs: inRange(toNanoseconds(server)), skewed: written.text }
  return { timestampNs: inRange(toNanoseconds(at)), skewed: '' }
}

/** @returns nanoseconds since 1970 of a `creationTimestamp`; null when there is none or it is not RFC 3339. */
export const creationTime = (creationTimestamp: string): bigint | null => {
  const at = parse(creationTimestamp)
  return at === null ? null : inRange(toNanoseconds(at))
}
