/** Bounds of an exponential backoff, as Promtail's `backoff_config` names them. */
export type BackoffOptions = {
  /** First wait before jitter. */
  readonly minMs: number
  /** No wait is longer than this. */
  readonly maxMs: number
}

/**
 * The wait before retry number `attempt` (0 for the first): uniform in [min * 2^attempt, min * 2^(attempt + 1)),
 * capped at `maxMs` (the arithmetic of grafana/dskit's backoff). `random` is in [0, 1).
 */
export const nextDelayMs = (options: BackoffOptions, attempt: number, random: () => number = Math.random): number => {
  const floor = options.minMs * 2 ** Math.min(attempt, 40)
  return Math.min(options.maxMs, floor + floor * random())
}
