/** At most `n` pieces of work at a time; the others wait in line. */
export class Slots {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(n: number) {
    this.#free = n
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else
      await new Promise<void>((resolve) => {
        this.#line.push(resolve)
      })
    try {
      return await work()
    } finally {
      // The slot is handed to the next in line without becoming free in between.
      const next = this.#line.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
