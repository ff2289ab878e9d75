import type { KubeFailure } from './client.ts'

type HttpFailure = Extract<KubeFailure, { kind: 'http' }>

const MAX_MESSAGE_CHARS = 1024
const MAX_REASON_CHARS = 128
const MAX_TOKEN_CHARS = 16 * 1024
/** A longer wait is not honoured: nobody waits a day because a proxy said so. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000

/** @returns the object's own value of that name, or undefined for whatever is not an object. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined

const text = (value: unknown, maxChars: number): string =>
  typeof value === 'string' ? value.slice(0, maxChars).toWellFormed() : ''

/**
 * Retry-After of RFC 9110, section 10.2.3: seconds or an HTTP date, at most an hour; null when absent or neither.
 *
 * @param nowMs the wall clock, for a date.
 */
export const parseRetryAfter = (header: string | undefined, nowMs: number): number | null => {
  if (header === undefined) return null
  const trimmed = header.trim()
  if (/^\d{1,9}$/.test(trimmed)) return Math.min(Number(trimmed) * 1000, MAX_RETRY_AFTER_MS)
  const atMs = /^[A-Za-z]{3}/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
  return Number.isNaN(atMs) ? null : Math.min(Math.max(atMs - nowMs, 0), MAX_RETRY_AFTER_MS)
}

/**
 * A meta/v1 Status as a failure: the object of an ERROR frame, or a decoded body. Parts that are absent or of
 * another type are ''.
 *
 * @param status the HTTP status; `code` of the Status is taken when it is 0 (an ERROR frame has no HTTP status).
 */
export const failureOfStatus = (object: unknown, status: number, retryAfterMs: number | null): HttpFailure => {
  const code = member(object, 'code')
  const token = text(member(member(object, 'metadata'), 'continue'), MAX_TOKEN_CHARS + 1)
  return {
    kind: 'http',
    status: status !== 0 ? status : typeof code === 'number' && Number.isInteger(code) ? code : 500,
    reason: text(member(object, 'reason'), MAX_REASON_CHARS),
    message: text(member(object, 'message'), MAX_MESSAGE_CHARS),
    continueToken: token === '' || token.length > MAX_TOKEN_CHARS ? null : token,
    retryAfterMs,
  }
}

/** An answer that is not 2xx as a failure. Its body may be anything: proxies answer with HTML. */
export const failureOfAnswer = (status: number, body: string, retryAfterMs: number | null): HttpFailure => {
  const whole = { kind: 'Status', message: body.trim() }
  try {
    const parsed: unknown = JSON.parse(body)
    return failureOfStatus(member(parsed, 'kind') === 'Status' ? parsed : whole, status, retryAfterMs)
  } catch {
    return failureOfStatus(whole, status, retryAfterMs)
  }
}
