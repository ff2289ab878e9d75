import type { Readable } from 'node:stream'

/**
 * Of a body, at most this is read. Loki's refusals quote the stream's labels before they say what is wrong with it, so
 * the 1 KiB that Promtail reads is not always enough to judge by. A longer body costs the connection.
 */
const MAX_TEXT_BYTES = 64 * 1024

/** The beginning of a response's body as text. */
export const readAnswerText = async (body: Readable): Promise<string> => {
  const kept: Buffer[] = []
  let total = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    kept.push(chunk.subarray(0, MAX_TEXT_BYTES - total))
    total += chunk.length
    // Leaving the loop destroys the stream and with it the connection.
    if (total > MAX_TEXT_BYTES) break
  }
  return Buffer.concat(kept).toString('utf8').trim()
}
