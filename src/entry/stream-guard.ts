import { capped } from './bounded-text.ts'
import { GUARDED_LABELS, OVERFLOW } from './names.ts'

/** Values of the guarded labels, in the order of `GUARDED_LABELS`; '' where a stream lacks the label. */
export type GuardedValues = readonly [namespace: string, kind: string, type: string]

/**
 * What a guard has admitted, as plain JSON: under each label's name its values in order of admission; under `streams`
 * and `overflow_streams` the streams as positions in those lists, base 36, joined by dots.
 */
export type AdmittedStreams = Readonly<Record<string, readonly string[]>>

/** Values are remembered and saved up to this size; a longer one by its beginning and hash. */
const REMEMBERED_BYTES = 80
const STREAMS = 'streams'
const OVERFLOW_STREAMS = 'overflow_streams'
const BASE = 36

const ALL_OVERFLOW: GuardedValues = [OVERFLOW, OVERFLOW, OVERFLOW]

const remembered = (values: GuardedValues): GuardedValues => [
  capped(values[0], REMEMBERED_BYTES),
  capped(values[1], REMEMBERED_BYTES),
  capped(values[2], REMEMBERED_BYTES),
]

const keyOf = (values: GuardedValues): string => JSON.stringify(values)

const withOverflow = (values: GuardedValues, at: number): GuardedValues => {
  const replaced: [string, string, string] = [...values]
  if (replaced[at] !== '') replaced[at] = OVERFLOW
  return replaced
}

/** Values in order of admission and their positions. */
class ValueList {
  readonly #positions = new Map<string, number>()

  get values(): string[] {
    return [...this.#positions.keys()]
  }

  has(value: string): boolean {
    return this.#positions.has(value)
  }

  add(value: string): void {
    if (!this.#positions.has(value)) this.#positions.set(value, this.#positions.size)
  }

  position(value: string): number {
    return this.#positions.get(value) ?? 0
  }
}

/**
 * Bounds the number of streams that event texts, which anyone may write, can make in Loki. The first `maxStreams`
 * distinct streams are admitted as they are. After that, in a stream not known, each label with a value not known
 * becomes `overflow`; a new combination of known values loses its namespace; and if even those streams get too many
 * (a sixteenth of `maxStreams`), kind and type are given up too. So there are never more than
 * `maxStreams + max(1, ceil(maxStreams / 16))` streams per set of constant labels.
 *
 * The answer depends on what was admitted before, in order, and nothing else; `admitted` and `restore` carry it over a
 * restart.
 */
export class StreamGuard {
  readonly #maxStreams: number
  readonly #maxOverflowStreams: number
  readonly #values = [new ValueList(), new ValueList(), new ValueList()] as const
  readonly #streams = new Map<string, GuardedValues>()
  readonly #overflowStreams = new Map<string, GuardedValues>()

  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams
    this.#maxOverflowStreams = Math.max(1, Math.ceil(maxStreams / 16))
  }

  /** Streams known, overflow included. */
  get size(): number {
    return this.#streams.size + this.#overflowStreams.size
  }

  /** @returns `values` itself when the stream is admitted; else values some of which are `overflow`. */
  admit(values: GuardedValues): GuardedValues {
    const known = remembered(values)
    const key = keyOf(known)
    if (this.#streams.has(key)) return values
    if (this.#streams.size < this.#maxStreams) {
      this.#admitStream(key, known)
      return values
    }
    return this.#overflow(values, known)
  }

  admitted(): AdmittedStreams {
    const saved: Record<string, readonly string[]> = {}
    GUARDED_LABELS.forEach((label, at) => {
      saved[label] = this.#values[at]?.values ?? []
    })
    saved[STREAMS] = [...this.#streams.values()].map((stream) => this.#positions(stream))
    saved[OVERFLOW_STREAMS] = [...this.#overflowStreams.values()].map((stream) => this.#positions(stream))
    return saved
  }

  /** Takes over what an earlier guard admitted. What does not fit together, or is too much now, is left out. */
  restore(saved: AdmittedStreams): void {
    for (const values of savedStreams(saved, STREAMS)) {
      const known = remembered(values)
      if (this.#streams.size < this.#maxStreams) this.#admitStream(keyOf(known), known)
    }
    for (const values of savedStreams(saved, OVERFLOW_STREAMS)) this.#admitOverflow(remembered(values))
  }

  #admitStream(key: string, values: GuardedValues): void {
    this.#streams.set(key, values)
    values.forEach((value, at) => this.#values[at]?.add(value))
  }

  #overflow(values: GuardedValues, known: GuardedValues): GuardedValues {
    let reduced = values
    known.forEach((value, at) => {
      if (this.#values[at]?.has(value) === false) reduced = withOverflow(reduced, at)
    })
    if (reduced !== values && this.#admitOverflow(remembered(reduced))) return reduced
    for (const at of GUARDED_LABELS.keys()) {
      reduced = withOverflow(reduced, at)
      if (this.#admitOverflow(remembered(reduced))) return reduced
    }
    this.#admitOverflow(ALL_OVERFLOW)
    return ALL_OVERFLOW
  }

  /** The last place is kept for the stream in which everything is `overflow`. */
  #admitOverflow(values: GuardedValues): boolean {
    const key = keyOf(values)
    if (this.#overflowStreams.has(key)) return true
    const lastKey = keyOf(ALL_OVERFLOW)
    const reserved = key === lastKey || this.#overflowStreams.has(lastKey) ? 0 : 1
    if (this.#overflowStreams.size + reserved >= this.#maxOverflowStreams) return false
    this.#overflowStreams.set(key, values)
    values.forEach((value, at) => this.#values[at]?.add(value))
    return true
  }

  #positions(stream: GuardedValues): string {
    return stream.map((value, at) => (this.#values[at]?.position(value) ?? 0).toString(BASE)).join('.')
  }
}

const savedStreams = (saved: AdmittedStreams, name: string): GuardedValues[] => {
  const lists = GUARDED_LABELS.map((label) => saved[label] ?? [])
  const streams: GuardedValues[] = []
  for (const positions of saved[name] ?? []) {
    const values = positions.split('.').map((position, at) => lists[at]?.[Number.parseInt(position, BASE)])
    const [namespace, kind, type] = values
    if (namespace !== undefined && kind !== undefined && type !== undefined) streams.push([namespace, kind, type])
  }
  return streams
}
