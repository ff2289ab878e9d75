/** Keys and windows counted at once, some 20 MB; the oldest are forgotten, and begin anew. */
const MAX_COUNTED = 65_536

/** One key in one window. */
export type Slot = {
  readonly key: string
  /** Lines let through so far. */
  readonly lines: number
}

/**
 * Lines of each key in each window, by the events' own times, so that a back-fill of an hour is not taken for a burst. It
 * begins anew with the process, and then lets through rather more.
 */
export class WindowLimit {
  readonly #windowNs: bigint
  readonly #lines = new Map<string, number>()

  constructor(windowMs: number) {
    this.#windowNs = windowNsOf(windowMs)
  }

  /** @param key it is kept: at most some hundred characters. */
  slot(key: string, timestampNs: bigint): Slot {
    const at = `${windowOf(timestampNs, this.#windowNs)} ${key}`
    return { key: at, lines: this.#lines.get(at) ?? 0 }
  }

  /** A line of it is let through. */
  count({ key, lines }: Slot): void {
    if (lines === 0 && this.#lines.size >= MAX_COUNTED) this.#lines.delete(this.#lines.keys().next().value ?? '')
    this.#lines.set(key, lines + 1)
  }
}

export const windowNsOf = (windowMs: number): bigint => BigInt(Math.max(1, Math.round(windowMs))) * 1_000_000n

/** Which window a time lies in; windows are counted from 1970. */
export const windowOf = (timestampNs: bigint, windowNs: bigint): bigint =>
  timestampNs / windowNs - (timestampNs < 0n && timestampNs % windowNs !== 0n ? 1n : 0n)
