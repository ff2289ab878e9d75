import type { KubeEvent } from './event.ts'

/**
 * When a revision happened, milliseconds since 1970: the newest of its occurrence times, else its creation. Coarse, for
 * `start: <duration>` only; an entry's own timestamp is made elsewhere, to the nanosecond. NaN when there is no time.
 */
export const eventTimeMs = (event: KubeEvent): number => {
  const { series, lastTimestamp, eventTime, firstTimestamp, creationTimestamp } = event
  let newestMs = Number.NaN
  for (const text of [series?.lastObservedTime ?? '', lastTimestamp, eventTime, firstTimestamp]) {
    const ms = Date.parse(text)
    if (!Number.isNaN(ms) && !(ms <= newestMs)) newestMs = ms
  }
  return Number.isNaN(newestMs) ? Date.parse(creationTimestamp) : newestMs
}
