import type { Clock } from '../clock.ts'
import type { PushAnswer } from './classify.ts'
import { toFault } from './transport-fault.ts'

/** Why a request has no answer. */
export type Fault = Exclude<PushAnswer, { kind: 'answered' }>

export type TimedOptions = {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Aborts the request. */
  readonly stop: AbortSignal
}

/** Runs one request within its time; whatever the HTTP client throws becomes a value. */
export const timed = async <T>(
  { clock, timeoutMs, stop }: TimedOptions,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T | Fault> => {
  const attempt = new AbortController()
  const over = new AbortController()
  const cancel = (): void => {
    attempt.abort()
  }
  stop.addEventListener('abort', cancel, { once: true })
  if (stop.aborted) cancel()
  const timeout = new AbortController()
  void clock.sleep(timeoutMs, over.signal).then(() => {
    if (over.signal.aborted) return
    timeout.abort()
    cancel()
  })
  try {
    return await send(attempt.signal)
  } catch (error) {
    if (timeout.signal.aborted) return { kind: 'unanswered', why: `no answer within ${timeoutMs} ms` }
    return toFault(error)
  } finally {
    over.abort()
    stop.removeEventListener('abort', cancel)
  }
}
