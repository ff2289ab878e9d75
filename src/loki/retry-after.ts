/** No server may hold us back longer than this at a time. */
const MAX_RETRY_AFTER_MS = 10 * 60_000

/** `Retry-After` in milliseconds from now: seconds, or an HTTP date (RFC 9110, 10.2.3). `null` if there is none. */
export const parseRetryAfter = (value: string | undefined, nowMs: number): number | null => {
  if (value === undefined) return null
  const text = value.trim()
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS)
}
