import type { Readable } from 'node:stream'

/** Enough of a body to judge it by and to put into a message (as Prometheus and Promtail read it). */
const MAX_TEXT_BYTES = 1024
/** Read and thrown away, so that the connection can be used again. A longer body costs the connection instead. */
const MAX_DRAINED_BYTES = 64 * 1024

/** The beginning of a response's body as text; the rest is drained. */
export const readAnswerText = async (body: Readable): Promise<string> => {
  const kept: Buffer[] = []
  let total = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (total < MAX_TEXT_BYTES) kept.push(chunk.subarray(0, MAX_TEXT_BYTES - total))
    total += chunk.length
    // Leaving the loop destroys the stream and with it the connection.
    if (total > MAX_DRAINED_BYTES) break
  }
  return Buffer.concat(kept).toString('utf8').trim()
}
