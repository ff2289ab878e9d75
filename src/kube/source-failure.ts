import type { KubeFailure } from './client.ts'

/** Why a watch could not go on, or could not be opened. Label of `eventail_watch_restarts_total`. */
export const RESTART_REASONS = [
  'eof',
  'short',
  'reset',
  'deadline',
  'idle',
  'stalled',
  'expired',
  'bad_request',
  'unauthorized',
  'forbidden',
  'throttled',
  'internal_error',
  'server_error',
  'unreachable',
  'bad_frame',
  'bad_answer',
] as const
export type RestartReason = (typeof RESTART_REASONS)[number]

/** What a failed request asks for. */
export type Remedy = {
  readonly kind: 'expired' | 'bad_request' | 'auth' | 'denied' | 'retry' | 'aborted'
  readonly reason: RestartReason
  /** One line, without secrets. */
  readonly why: string
  readonly retryAfterMs: number | null
}

const httpWhy = (failure: Extract<KubeFailure, { kind: 'http' }>): string =>
  [`HTTP ${failure.status}`, failure.reason, failure.message].filter((part) => part !== '').join(': ')

/**
 * 410 Gone, or a Status with reason Expired or Gone: a revision or a continue token that was compacted away. "Expired"
 * since Kubernetes 1.12; "Gone" by older servers and some aggregated ones.
 */
const isExpired = (failure: Extract<KubeFailure, { kind: 'http' }>): boolean =>
  failure.status === 410 || failure.reason === 'Expired' || failure.reason === 'Gone'

const httpRemedy = (failure: Extract<KubeFailure, { kind: 'http' }>): Pick<Remedy, 'kind' | 'reason'> => {
  if (isExpired(failure)) return { kind: 'expired', reason: 'expired' }
  switch (failure.status) {
    case 400:
      return { kind: 'bad_request', reason: 'bad_request' }
    case 401:
      return { kind: 'auth', reason: 'unauthorized' }
    case 403:
      return { kind: 'denied', reason: 'forbidden' }
    case 429:
      return { kind: 'retry', reason: 'throttled' }
    case 500:
      return { kind: 'retry', reason: 'internal_error' }
    default:
      return { kind: 'retry', reason: failure.status >= 500 ? 'server_error' : 'bad_answer' }
  }
}

/** @returns what to do about a failure: asked in one place for probes, pages, watches and ERROR frames alike. */
export const remedyFor = (failure: KubeFailure): Remedy => {
  switch (failure.kind) {
    case 'http':
      return { ...httpRemedy(failure), why: httpWhy(failure), retryAfterMs: failure.retryAfterMs }
    case 'transport':
      return { kind: 'retry', reason: 'unreachable', why: failure.why, retryAfterMs: null }
    case 'too_large': {
      const why = `the answer is longer than ${failure.limitBytes} bytes`
      return { kind: 'retry', reason: 'bad_answer', why, retryAfterMs: null }
    }
    case 'malformed':
      return { kind: 'retry', reason: 'bad_answer', why: failure.why, retryAfterMs: null }
    case 'aborted':
      return { kind: 'aborted', reason: 'reset', why: 'stopped', retryAfterMs: null }
  }
}
