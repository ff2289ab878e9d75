import { randomOf } from '../fixtures/random.ts'

/** Choices that a seed decides. */
export class Dice {
  readonly #random: () => number

  /** `strand` keeps the choices of one cycle apart from how many were made before it. */
  constructor(seed: number, strand = 0) {
    this.#random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(strand + 1, 0x85ebca6b))
  }

  /** In [0, 1). */
  next(): number {
    return this.#random()
  }

  /** Whole, from `least` to `most`, both possible. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** One of the names, each as likely as its weight says. */
  pick<K extends string>(weights: Readonly<Record<K, number>>): K {
    const pairs = Object.entries(weights) as [K, number][]
    let rest = this.#random() * pairs.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of pairs) {
      rest -= weight
      if (rest < 0) return name
    }
    const last = pairs.at(-1)
    if (last === undefined) throw new Error('nothing to choose from')
    return last[0]
  }
}
