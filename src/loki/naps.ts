import type { Clock } from '../clock.ts'

/** A sleep that can be cut short. */
export type Nap = { readonly ended: Promise<void>; readonly wake: () => void }

/** The sleeps of one client, so that a drain or a stop can end all of them at once. */
export class Naps {
  readonly #clock: Clock
  readonly #pending = new Set<AbortController>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(ms: number): Nap {
    const controller = new AbortController()
    this.#pending.add(controller)
    const ended = this.#clock.sleep(ms, controller.signal).then(() => {
      this.#pending.delete(controller)
    })
    return {
      ended,
      wake: () => {
        controller.abort()
      },
    }
  }

  wakeAll(): void {
    for (const controller of this.#pending) controller.abort()
  }
}
