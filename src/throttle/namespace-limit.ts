/** Namespaces and windows counted at once; the oldest are forgotten, and begin anew. */
const MAX_COUNTED = 16_384

/**
 * Lines of one namespace in one window. By the events' own times, so that a back-fill of an hour is not taken for a
 * burst. It remembers, and begins anew with the process: what is read again after a crash may be let through in another
 * choice, though never as other bytes.
 */
export class NamespaceLimit {
  readonly #lines: number
  readonly #windowNs: bigint
  readonly #counts = new Map<string, number>()

  constructor(lines: number, windowMs: number) {
    this.#lines = lines
    this.#windowNs = BigInt(Math.max(1, Math.round(windowMs))) * 1_000_000n
  }

  /** Counts one line. @returns whether it is within the limit. */
  admits(namespace: string, timestampNs: bigint): boolean {
    const key = `${timestampNs / this.#windowNs} ${namespace}`
    const count = (this.#counts.get(key) ?? 0) + 1
    if (count > this.#lines) return false
    if (count === 1 && this.#counts.size >= MAX_COUNTED) this.#counts.delete(this.#counts.keys().next().value ?? '')
    this.#counts.set(key, count)
    return true
  }
}
