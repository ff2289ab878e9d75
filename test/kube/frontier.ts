import fc from 'fast-check'
import t from 'tap'
import { Frontier } from '../../src/kube/frontier.ts'

/** What a frontier means, without any regard to speed. */
class NaiveFrontier {
  readonly #entries: { position: string; left: number }[] = []
  #before: string | null = null

  open(position: string, parties: number): number {
    return this.#entries.push({ position, left: parties }) - 1
  }

  settle(sequence: number): void {
    this.#entries[sequence]!.left -= 1
  }

  moved(position: string): void {
    const last = this.#entries.at(-1)
    if (last === undefined || this.outstanding() === 0) this.#before = position
    else last.position = position
    if (this.outstanding() === 0 && last !== undefined) last.position = position
  }

  position(): string | null {
    const settled = this.#entries.slice(0, this.#entries.length - this.outstanding())
    return settled.at(-1)?.position ?? this.#before
  }

  outstanding(): number {
    const first = this.#entries.findIndex((entry) => entry.left > 0)
    return first === -1 ? 0 : this.#entries.length - first
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('open' as const), parties: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const) }) },
)

t.test('a frontier agrees with its naive model in any order of settlement', (t) => {
  const agrees = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const real = new Frontier<string>()
    const model = new NaiveFrontier()
    const owed: number[] = []
    for (const [i, each] of steps.entries()) {
      if (each.do === 'open') {
        const sequence = real.open(`p${i}`, each.parties)
        if (sequence !== model.open(`p${i}`, each.parties)) return false
        for (let party = 0; party < each.parties; party += 1) owed.push(sequence)
      } else if (each.do === 'move') {
        real.moved(`m${i}`)
        model.moved(`m${i}`)
      } else if (owed.length > 0) {
        const [sequence] = owed.splice(each.pick % owed.length, 1)
        real.settle(sequence!)
        model.settle(sequence!)
      }
      if (real.position() !== model.position() || real.outstanding() !== model.outstanding()) return false
    }
    return true
  })
  t.doesNotThrow(() => {
    fc.assert(agrees, { numRuns: 1000 })
  })
  t.end()
})

t.test('the position waits for the slowest of the oldest events', (t) => {
  const frontier = new Frontier<string>()
  t.equal(frontier.position(), null)
  const [a, b, c] = [frontier.open('a', 2), frontier.open('b', 1), frontier.open('c', 1)]
  t.strictSame([a, b, c], [0, 1, 2])
  frontier.settle(b)
  frontier.settle(c)
  frontier.settle(a)
  t.equal(frontier.position(), null)
  t.equal(frontier.outstanding(), 3)
  frontier.settle(a)
  t.equal(frontier.position(), 'c')
  t.equal(frontier.outstanding(), 0)
  t.end()
})

t.test('a move without an event is reached with the newest open event, or at once', (t) => {
  const frontier = new Frontier<string>()
  frontier.moved('start')
  t.equal(frontier.position(), 'start')
  const a = frontier.open('a', 1)
  frontier.moved('deleted behind a')
  t.equal(frontier.position(), 'start')
  frontier.settle(a)
  t.equal(frontier.position(), 'deleted behind a')
  t.end()
})

t.test('settling too often, too early or too late is a bug and throws', (t) => {
  const frontier = new Frontier<string>()
  t.throws(() => {
    frontier.settle(0)
  }, RangeError)
  const blocking = frontier.open('a', 1)
  const settled = frontier.open('b', 1)
  frontier.settle(settled)
  t.throws(() => {
    frontier.settle(settled)
  }, RangeError)
  frontier.settle(blocking)
  t.throws(() => {
    frontier.settle(blocking)
  }, RangeError)
  t.end()
})

t.test('a million outstanding events are settled backwards, and the ring is used again', (t) => {
  const frontier = new Frontier<number>()
  for (let round = 0; round < 2; round += 1) {
    const sequences: number[] = []
    for (let i = 0; i < 1_000_000; i += 1) sequences.push(frontier.open(i, 1))
    const first = sequences[0]!
    for (let i = sequences.length - 1; i > 0; i -= 1) frontier.settle(sequences[i]!)
    t.equal(frontier.outstanding(), 1_000_000)
    frontier.settle(first)
    t.equal(frontier.position(), 999_999)
    t.equal(frontier.outstanding(), 0)
  }
  t.end()
})
