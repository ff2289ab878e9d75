/** One waits, many ring; a ring while nobody waits is remembered. */
export class Bell {
  #rung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves when it was rung since the last wait. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#rung = false
        this.#wake = null
        resolve()
      }
      if (this.#rung) this.#wake()
    })
  }
}
