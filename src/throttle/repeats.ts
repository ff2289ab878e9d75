import { capped } from '../entry/bounded-text.ts'
import { namespaceOf, occurrencesOf } from '../entry/event-fields.ts'
import { creationTime, eventTime } from '../entry/timestamp.ts'
import type { KubeEvent } from '../kube/event.ts'
import type { ThrottleOptions } from './throttle-options.ts'
import { windowNsOf, windowOf } from './window-limit.ts'

/** Longer ones are cut, with a digest: the text is written by anyone who may create an event. */
const MAX_KEY_BYTES = 256

/**
 * What `lines` counts for: an involved object, of one life, and a reason. The namespace is the event's own, and comes
 * first: nobody can use up the lines of an object of another namespace.
 */
export const repeatKey = ({ namespace, involved: { kind, name, uid }, reason }: KubeEvent): string =>
  capped(`${namespace} ${kind} ${name} ${uid} ${reason}`, MAX_KEY_BYTES)

/** What `namespace_lines` counts for. */
export const namespaceKey = (event: KubeEvent): string => capped(namespaceOf(event), MAX_KEY_BYTES)

/**
 * The time by which windows are told: the event's, but not before the API server created it. Else a writer could have a
 * window for each event, by dating them back.
 */
export const throttleTimeNs = (event: KubeEvent): bigint => {
  const { timestampNs } = eventTime(event)
  const createdNs = event.creationTimestamp === '' ? null : creationTime(event.creationTimestamp)
  return createdNs !== null && createdNs > timestampNs ? createdNs : timestampNs
}

/** When its writer saw it first; the API server's time where the writer does not tell. */
const firstTimeNs = ({ firstTimestamp, eventTime: seen, creationTimestamp }: KubeEvent): bigint | null => {
  for (const text of [firstTimestamp, seen, creationTimestamp]) {
    const at = text === '' ? null : creationTime(text)
    if (at !== null) return at
  }
  return null
}

/**
 * How many of an event's occurrences were too many, by its own counters and nothing else: its count, less what the
 * windows since it was first seen may let through, `lines` and one more each. So it is the same whoever reads the
 * revision, however often. An agent that ran all along did not send so many at least, and just so many while each of
 * these windows was full and no other event had a part in them.
 */
export const suppressedOf = (
  event: KubeEvent,
  { lines, windowMs }: Pick<ThrottleOptions, 'lines' | 'windowMs'>,
): number => {
  const count = occurrencesOf(event)
  if (count <= lines) return 0
  const firstNs = firstTimeNs(event)
  if (firstNs === null) return 0
  const windowNs = windowNsOf(windowMs)
  const windows = 1 + Math.max(0, Number(windowOf(throttleTimeNs(event), windowNs) - windowOf(firstNs, windowNs)))
  return Math.max(0, count - (lines + 1) * windows)
}
