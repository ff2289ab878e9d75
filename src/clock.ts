/**
 * The time a room lives by. Loops that wait on the world take one as an argument, so that tests move it by hand;
 * `Date.now` and `setTimeout` are called nowhere else.
 */
export type Clock = {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number
  /** Milliseconds from an arbitrary origin; never goes back. For durations. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node cuts longer timers to 1 ms, so a longer wait is cut to this and the caller's loop waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const wake = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.min(Math.max(ms, 0), MAX_TIMER_MS))
    signal?.addEventListener('abort', wake, { once: true })
  })

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
}
