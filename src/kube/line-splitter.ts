import type { StreamLine } from './client.ts'

/** How much of a line that is longer than the limit is kept. */
export const OVERSIZE_HEAD_BYTES = 64 * 1024

const NEWLINE = 0x0a
const FIRST_ALLOCATION_BYTES = 4096

/**
 * Cuts the body of a watch into lines at byte 0x0A, which JSON never contains inside a string, so that characters of
 * several bytes are never torn. Empty lines are skipped. Holds at most `maxBytes` and one chunk, whatever the size of
 * the chunks; every byte is copied at most twice.
 */
export class LineSplitter {
  readonly #maxBytes: number
  /** The line begun by earlier chunks: the first `#length` bytes. */
  #pending: Buffer = Buffer.alloc(0)
  #length = 0
  /** Whole size of the line begun, more than `#length` once it is over the limit. */
  #sizeBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes the next chunk; gives the lines that end in it. A line may be a view of the chunk. */
  push(chunk: Uint8Array): StreamLine[] {
    const lines: StreamLine[] = []
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const line = this.#finish(bytes.subarray(start, end))
      if (line !== null) lines.push(line)
      start = end + 1
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start))
    return lines
  }

  #finish(rest: Buffer): StreamLine | null {
    if (this.#sizeBytes === 0 && rest.length <= this.#maxBytes) {
      return rest.length === 0 ? null : { kind: 'line', bytes: rest }
    }
    this.#keep(rest)
    const bytes = this.#pending.subarray(0, this.#length)
    const sizeBytes = this.#sizeBytes
    this.#pending = Buffer.alloc(0)
    this.#length = 0
    this.#sizeBytes = 0
    return sizeBytes > this.#maxBytes ? { kind: 'oversize', head: bytes, sizeBytes } : { kind: 'line', bytes }
  }

  #keep(part: Buffer): void {
    const wasOver = this.#sizeBytes > this.#maxBytes
    this.#sizeBytes += part.length
    if (wasOver) return
    if (this.#sizeBytes > this.#maxBytes) this.#keepHead(part)
    else this.#append(part)
  }

  #keepHead(part: Buffer): void {
    const begun = this.#pending.subarray(0, Math.min(this.#length, OVERSIZE_HEAD_BYTES))
    this.#pending = Buffer.concat([begun, part.subarray(0, OVERSIZE_HEAD_BYTES - begun.length)])
    this.#length = this.#pending.length
  }

  #append(part: Buffer): void {
    const needed = this.#length + part.length
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_ALLOCATION_BYTES, needed, 2 * this.#pending.length))
      this.#pending.copy(grown, 0, 0, this.#length)
      this.#pending = grown
    }
    part.copy(this.#pending, this.#length)
    this.#length = needed
  }
}
