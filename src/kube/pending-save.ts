import type { SaveOutcome } from './checkpoint.ts'

type Waiting = { readonly text: string; readonly resolve: (outcome: SaveOutcome) => void }

/** Cursors taken for the next write, with the one who waits for its outcome. */
export type TakenSave = { readonly text: string | undefined; readonly settle: (outcome: SaveOutcome) => void }

/** Cursors that wait for the next write of the Lease. Newer ones take the place of older ones; all waiters are told. */
export class PendingSave {
  #waiting: readonly Waiting[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Resolves with the outcome of the write that carried these cursors, or newer ones. */
  offer(text: string): Promise<SaveOutcome> {
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, { text, resolve }]
    })
  }

  /** What the next write carries; undefined: nothing new. `settle` must be called with its outcome. */
  take(): TakenSave {
    const taken = this.#waiting
    this.#waiting = []
    return {
      text: taken.at(-1)?.text,
      settle: (outcome) => {
        for (const { resolve } of taken) resolve(outcome)
      },
    }
  }
}
