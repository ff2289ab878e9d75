import { occurrencesOf } from '../entry/event-fields.ts'
import { creationTime, eventTime } from '../entry/timestamp.ts'
import type { KubeEvent } from '../kube/event.ts'
import type { ThrottleOptions } from './throttle-options.ts'

/** When its writer saw it first; the API server's time where the writer does not tell. */
const firstTimeNs = ({ firstTimestamp, eventTime: seen, creationTimestamp }: KubeEvent): bigint | null => {
  for (const text of [firstTimestamp, seen, creationTimestamp]) {
    const at = text === '' ? null : creationTime(text)
    if (at !== null) return at
  }
  return null
}

/** Windows that have begun since the event was first seen, the first included. */
const windowsBegun = (event: KubeEvent, windowMs: number): number => {
  const firstNs = firstTimeNs(event)
  const { timestampNs } = eventTime(event)
  if (firstNs === null || timestampNs <= firstNs) return 1
  return 1 + Number((timestampNs - firstNs) / (BigInt(Math.max(1, Math.round(windowMs))) * 1_000_000n))
}

const powerOfTwoBelow = (value: number): number => 2 ** Math.floor(Math.log2(Math.max(1, value)))

/**
 * Whether a revision of a repeating event is sent, from that revision alone: its count, and how long ago it was first
 * seen. So the same revision is always judged in the same way, whoever reads it, however often, with no memory.
 *
 * Up to `lines` occurrences for each window begun are sent. Of an event that repeats faster than that, one occurrence in
 * 2^k is sent, so many that a steady pace gives one or two lines in each window, and a burst one line each time the
 * count doubles.
 *
 * @returns null: it is not sent. Else how many occurrences before it were not: at least so many, and exactly where no
 * window began in between.
 */
export const judgeRepeat = (
  event: KubeEvent,
  { lines, windowMs }: Pick<ThrottleOptions, 'lines' | 'windowMs'>,
): number | null => {
  const count = occurrencesOf(event)
  if (count <= lines) return 0
  const windows = windowsBegun(event, windowMs)
  const allowed = lines * windows
  if (count <= allowed) return 0
  const step = powerOfTwoBelow(count / windows)
  if (count % step !== 0) return null
  // Just below, the step was half of this one.
  const isBurst = (count - step / 2) / windows < step
  const before = Math.max(allowed, isBurst ? count - step / 2 : count - step)
  return Math.max(0, Math.ceil(count - before - 1))
}
