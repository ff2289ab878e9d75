import type { IncomingMessage } from 'node:http'

/** The whole body, or null when it is longer than `maxBytes` (the rest is discarded) or the client went away. */
export const readBody = (request: IncomingMessage, maxBytes: number): Promise<Buffer | null> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= maxBytes) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      resolve(null)
    })
    request.on('end', () => {
      resolve(Buffer.concat(chunks))
    })
    request.on('close', () => {
      resolve(null)
    })
    request.on('error', () => {
      resolve(null)
    })
  })
