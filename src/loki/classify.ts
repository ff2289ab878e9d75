import { rejectReasonIn, settingIn, withoutForeignText, type Setting } from './refusal-texts.ts'
import type { RejectReason } from './reasons.ts'

/** How one attempt to push ended, before anybody judges it. */
export type PushAnswer =
  /** `text`: the body, at most 64 KiB of it. `retryAfterMs`: what the header asks for. */
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly retryAfterMs: number | null }
  /** Time-out, reset, refused connection: whether Loki stored it is not known. */
  | { readonly kind: 'unanswered'; readonly why: string }
  /** Not even tried, or refused by TLS: something on our side is set wrongly. */
  | { readonly kind: 'unsent'; readonly setting: Setting; readonly why: string }

export type RetryCause = 'rate_limited' | 'stream_rate_limited' | 'server_error' | 'transport'

/** What an answer means for the batch. */
export type Verdict =
  | { readonly kind: 'sent' }
  /** Later, unchanged. `limitBytes`: the stated rate, which a batch above it may never get under. */
  | {
      readonly kind: 'retry'
      readonly cause: RetryCause
      readonly mayBeStored: boolean
      readonly afterMs: number | null
      readonly limitBytes: number | null
    }
  /** Some entries are refused for good, the others are stored (or will be, when sent without them). */
  | { readonly kind: 'partial'; readonly reason: RejectReason }
  /** Too large as it is. */
  | { readonly kind: 'too_large' }
  /** One or more streams may not be created. */
  | { readonly kind: 'stream_limit' }
  /** A 2xx that says the streams were thrown away. `wholeTenant`: all of them. */
  | { readonly kind: 'blocked'; readonly wholeTenant: boolean }
  /** No entry is to blame. Retried until the setting is right. */
  | { readonly kind: 'misconfigured'; readonly setting: Setting }
  /** A 400 in words we do not know. */
  | { readonly kind: 'unrecognised' }

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

const statedLimitBytes = (text: string): number | null => {
  const found = /\(limit: (\d+(?:\.\d+)?) ?(bytes|B|KB|MB|GB)\/sec\)/.exec(text)
  if (found === null) return null
  return Math.floor(Number(found[1]) * (UNITS[found[2] ?? ''] ?? 1))
}

const retry = (cause: RetryCause, afterMs: number | null, mayBeStored: boolean): Verdict => ({
  kind: 'retry',
  cause,
  mayBeStored,
  afterMs,
  limitBytes: null,
})

/**
 * 429 has three origins: the tenant's rate (nothing is stored), a stream's rate and the limit of active streams (the
 * other streams are stored). Without Loki's words it comes from something in between.
 */
const ofTooMany = (text: string, afterMs: number | null): Verdict => {
  if (/maximum active stream limit exceeded/i.test(text)) return { kind: 'stream_limit' }
  const ofStream = /stream rate limit exceeded/i.test(text)
  const cause = ofStream ? 'stream_rate_limited' : 'rate_limited'
  return { kind: 'retry', cause, mayBeStored: ofStream, afterMs, limitBytes: statedLimitBytes(text) }
}

/** Loki answers 204. Others stand in for it with an empty 2xx or a word of thanks; a page is somebody else's server. */
const ofSuccess = (status: number, text: string): Verdict => {
  if (text.includes('ingestion blocked for user')) return { kind: 'blocked', wholeTenant: !text.includes('(policy: ') }
  if (status === 204 || /^\s*(ok|\{\}|)\s*$/i.test(text)) return { kind: 'sent' }
  return { kind: 'misconfigured', setting: 'url' }
}

const ofBadRequest = (text: string): Verdict => {
  const setting = settingIn(text)
  if (setting !== undefined) return { kind: 'misconfigured', setting }
  const reason = rejectReasonIn(text)
  return reason === undefined ? { kind: 'unrecognised' } : { kind: 'partial', reason }
}

const ofServerError = (status: number, text: string, afterMs: number | null): Verdict => {
  if (status === 501 || status === 505) return { kind: 'misconfigured', setting: 'url' }
  // gRPC between distributor and ingester has a limit of its own (4 MiB by default).
  if (text.includes('received message larger than max')) return { kind: 'too_large' }
  if (rejectReasonIn(text) === 'metadata_name_invalid') return { kind: 'partial', reason: 'metadata_name_invalid' }
  return retry('server_error', afterMs, status !== 503)
}

const ofOther = (status: number, text: string, afterMs: number | null): Verdict => {
  if (status === 401 || status === 403) {
    return { kind: 'misconfigured', setting: settingIn(text) ?? 'authorization' }
  }
  if (status === 407) return { kind: 'misconfigured', setting: 'proxy_url' }
  if (status === 408 || status === 425) return retry('server_error', afterMs, true)
  if (status === 413) return { kind: 'too_large' }
  // 422 is Loki's answer to a push without streams, which is never sent.
  return status === 422 ? { kind: 'unrecognised' } : { kind: 'misconfigured', setting: 'url' }
}

/** The one place that judges an answer, from status and body (reference: Loki's pkg/distributor/http.go and push.go). */
export const classify = (answer: PushAnswer): Verdict => {
  if (answer.kind === 'unanswered') return retry('transport', null, true)
  if (answer.kind === 'unsent') return { kind: 'misconfigured', setting: answer.setting }
  const { status, retryAfterMs } = answer
  const text = withoutForeignText(answer.text)
  if (status >= 200 && status < 300) return ofSuccess(status, text)
  // Its status is the administrator's choice (`block_ingestion_status_code`), and it ends at a stated time.
  if (text.includes('ingestion blocked for user')) return retry('server_error', retryAfterMs, true)
  if (status === 400) return ofBadRequest(text)
  if (status === 429) return ofTooMany(text, retryAfterMs)
  if (status >= 500) return ofServerError(status, text, retryAfterMs)
  return ofOther(status, text, retryAfterMs)
}
