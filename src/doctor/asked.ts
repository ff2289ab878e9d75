import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import type { Clock } from '../clock.ts'
import { oneLine } from '../kube/failure-reason.ts'
import { timed } from '../loki/timed.ts'

/** `dateMs`: the server's clock minus ours, to about a second; null when it did not tell. */
export type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly aheadMs: number | null }
  | { readonly kind: 'unanswered'; readonly why: string }

export type Question = {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Uint8Array | null
  readonly dispatcher: Dispatcher
}

const TIMEOUT_MS = 10_000
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** At most so much of a body: what a server of any kind may answer. */
const readHead = async (body: Readable): Promise<string> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8')
}

/** Compares a Date header (whole seconds, RFC 9110, 6.6.1) with the middle of the request by our clock. */
const aheadOf = (date: string | undefined, askedMs: number, answeredMs: number): number | null => {
  const ms = date === undefined ? NaN : Date.parse(date)
  // The second that the header shows has on average half a second behind it.
  return Number.isNaN(ms) ? null : ms + 500 - (askedMs + answeredMs) / 2
}

/** One request within ten seconds; whatever goes wrong is a value. */
export const ask = async (question: Question, clock: Clock, stop: AbortSignal): Promise<Asked> => {
  const { url, ...options } = question
  const answer = await timed({ clock, timeoutMs: TIMEOUT_MS, stop }, async (signal): Promise<Asked> => {
    const askedMs = clock.now()
    const response = await request(url, { ...options, signal, headersTimeout: 0, bodyTimeout: 0 })
    const answeredMs = clock.now()
    const date = [response.headers['date']].flat()[0]
    const text = await readHead(response.body)
    return { kind: 'answered', status: response.statusCode, text, aheadMs: aheadOf(date, askedMs, answeredMs) }
  })
  return answer.kind === 'answered' ? answer : { kind: 'unanswered', why: oneLine(answer.why, 300) }
}

/** The beginning of a body, for a line. */
export const shownText = (text: string): string => oneLine(text, 200)
