import type { Batch, BatchLimits } from './batch.ts'

/** No batch is asked to be smaller than this. */
const MIN_BYTES = 64 * 1024
/** After each full batch that Loki took, so that about 35 of them double the size again. */
const GROWTH = 1.02

/** How large batches may be: `batchsize`, or less after Loki or a proxy found one too large. */
export class BatchSizer {
  readonly #configuredBytes: number
  #maxBytes: number

  constructor(batchSizeBytes: number) {
    this.#configuredBytes = batchSizeBytes
    this.#maxBytes = batchSizeBytes
  }

  /** The encoded push may be twice as large as its lines and metadata: labels, timestamps, lengths. */
  limits(): BatchLimits {
    return { maxBytes: this.#maxBytes, maxEncodedBytes: 2 * this.#maxBytes }
  }

  tooLarge(batch: Batch): void {
    const halfBytes = Math.floor(batch.sizeBytes / 2)
    this.#maxBytes = Math.min(this.#maxBytes, Math.max(halfBytes, Math.min(MIN_BYTES, this.#configuredBytes)))
  }

  sent(batch: Batch): void {
    if (batch.sizeBytes * 2 < this.#maxBytes) return
    this.#maxBytes = Math.min(this.#configuredBytes, Math.ceil(this.#maxBytes * GROWTH))
  }
}
