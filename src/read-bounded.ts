import type { Readable } from 'node:stream'

/** The whole body; null: it is longer than `maxBytes`, and its connection was closed. */
export const readBounded = async (body: Readable, maxBytes: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    // Leaving the loop destroys the stream and with it the connection.
    if (sizeBytes > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, sizeBytes)
}
