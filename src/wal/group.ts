import { ByteBuffer } from './byte-buffer.ts'

/** Bytes for one segment, contiguous both in the group's buffer and in the file. */
export type Chunk = {
  readonly segment: number
  /** Where they begin in the file. */
  readonly offset: number
  readonly from: number
  to: number
}

/** Memory kept for the next group: as large as groups become, because the collector runs for each large one that goes. */
const KEPT_BYTES = 4 * 1024 * 1024

/** What is written and synced together. */
export class Group {
  readonly bytes = new ByteBuffer()
  readonly #chunks: Chunk[] = []
  /** Of the newest record in it. */
  lastIndex = 0
  /** It holds something that should not wait long. */
  isUrgent = false

  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  /** What is appended to `bytes` from here on lies in this segment from `offset` on. */
  begin(segment: number, offset: number): void {
    const at = this.bytes.length
    const chunk = this.#chunks.at(-1)
    if (chunk?.segment === segment) chunk.to = at
    else this.#chunks.push({ segment, offset, from: at, to: at })
  }

  /** Everything appended belongs to the chunk begun last. */
  end(): void {
    const chunk = this.#chunks.at(-1)
    if (chunk !== undefined) chunk.to = this.bytes.length
  }

  /** Empty again. */
  clear(): void {
    this.bytes.clear(KEPT_BYTES)
    this.#chunks.length = 0
    this.isUrgent = false
  }
}
