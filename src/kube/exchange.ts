import type { Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import type { KubeFailure, RequestOptions } from './client.ts'
import { transportReason } from './failure-reason.ts'
import { failureOfAnswer, parseRetryAfter } from './status.ts'

/** A non-2xx body is kept up to this. */
const MAX_FAILURE_BYTES = 64 * 1024

/**
 * One request under its caller's signal and a timeout. `signal` aborts when either does; `release` must be called when
 * the request is over, so that a long-lived caller's signal does not collect listeners.
 */
export class Deadline {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly #caller: AbortSignal
  readonly #request = new AbortController()
  readonly #timer = new AbortController()
  #timedOut = false

  constructor(options: RequestOptions, clock: Clock) {
    this.signal = this.#request.signal
    this.timeoutMs = options.timeoutMs
    this.#caller = options.signal
    if (options.signal.aborted) this.abort()
    else options.signal.addEventListener('abort', this.abort, { once: true })
    void clock.sleep(options.timeoutMs, this.#timer.signal).then(() => {
      if (this.#timer.signal.aborted) return
      this.#timedOut = true
      this.abort()
    })
  }

  readonly abort = (): void => {
    this.#request.abort()
  }

  /** The timeout no longer applies; the caller's signal does. */
  stopTimer(): void {
    this.#timer.abort()
  }

  release(): void {
    this.stopTimer()
    this.#caller.removeEventListener('abort', this.abort)
  }

  /** What to answer for `error`: the caller's abort and the timeout explain whatever was thrown. */
  explain(error: unknown): KubeFailure {
    if (this.#caller.aborted) return { kind: 'aborted' }
    if (this.#timedOut) return { kind: 'transport', why: `no answer within ${this.timeoutMs / 1000} s` }
    return { kind: 'transport', why: transportReason(error) }
  }

  /** `promise`, or a rejection as soon as the signal aborts. */
  race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(new Error('aborted'))
      }
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      promise.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort)
      })
    })
  }
}

export type Body = Dispatcher.ResponseData['body']

/** Must be done to every body: an error while nobody reads it (its own destruction is one) would end the process. */
export const tame = (body: Body): void => {
  body.on('error', () => undefined)
}

/** The beginning of a body, at most `maxBytes`, and nothing more is read. Never rejects: what came is what there is. */
const readHead = async (body: Body, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      sizeBytes += chunk.length
      if (sizeBytes >= maxBytes) break
    }
  } catch (error) {
    if (chunks.length === 0) return Buffer.from(transportReason(error))
  }
  return Buffer.concat(chunks, sizeBytes).subarray(0, maxBytes)
}

const oneHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

/** Reads an answer that is not 2xx, as much of it as is worth it. */
export const readFailure = async (response: Dispatcher.ResponseData, clock: Clock): Promise<KubeFailure> => {
  const retryAfterMs = parseRetryAfter(oneHeader(response.headers['retry-after']), clock.now())
  const head = await readHead(response.body, MAX_FAILURE_BYTES)
  return failureOfAnswer(response.statusCode, head.toString('utf8'), retryAfterMs)
}

/** Content-Length of an answer; 0 when unknown. */
export const announcedBytes = (response: Dispatcher.ResponseData): number => {
  const header = oneHeader(response.headers['content-length']) ?? ''
  return /^\d{1,15}$/.test(header) ? Number(header) : 0
}
