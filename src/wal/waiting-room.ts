/** Those who wait for room: all are woken together. */
export class WaitingRoom {
  #waiters: (() => void)[] = []

  get isEmpty(): boolean {
    return this.#waiters.length === 0
  }

  /** Resolves at the next `wake`, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiters.push(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  wake(): void {
    for (const wake of this.#waiters) wake()
  }
}
