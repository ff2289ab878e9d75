import type { Labels } from '../entry/entry.ts'
import type { ProcessedEntry, StoredEntry } from './pipeline.ts'

/** What a name gets that is taken already by a label from further outside. */
export const SUFFIX = '_extracted'

/** A plain object of pairs. Assigning is many times faster than `Object.fromEntries`, but for one name. */
export const labelsOf = (pairs: Iterable<readonly [string, string]>): Labels => {
  const labels: Record<string, string> = {}
  for (const [name, value] of pairs) {
    if (name === '__proto__') Object.defineProperty(labels, name, { value, enumerable: true })
    else labels[name] = value
  }
  return labels
}

/** A name that the stream has gets a suffix; the last one wins. */
export const renamed = (stream: Labels, metadata: StoredEntry['metadata']): Map<string, string> =>
  new Map(metadata.map(([name, value]) => [Object.hasOwn(stream, name) ? name + SUFFIX : name, value]))

type Sources = {
  readonly stream: Labels
  readonly parsed: Labels
  /** Null: as stored. */
  readonly metadata: ReadonlyMap<string, string> | null
  /** The labels of the stream as it is stored. */
  readonly base: Labels
}

/** Behind the stages. The metadata become an object when asked for, since a metric query may not ask. */
export class Processed implements ProcessedEntry {
  readonly stream: Labels
  readonly parsed: Labels
  readonly line: string
  readonly #entry: StoredEntry
  readonly #base: Labels
  readonly #kept: ReadonlyMap<string, string> | null
  #metadata: Labels | null = null

  constructor(entry: StoredEntry, line: string, sources: Sources) {
    this.stream = sources.stream
    this.parsed = sources.parsed
    this.line = line
    this.#entry = entry
    this.#base = sources.base
    this.#kept = sources.metadata
  }

  get timestampNs(): bigint {
    return this.#entry.timestampNs
  }

  get metadata(): Labels {
    this.#metadata ??= this.#made()
    return this.#metadata
  }

  label(name: string): string | undefined {
    if (Object.hasOwn(this.parsed, name)) return this.parsed[name]
    if (Object.hasOwn(this.stream, name)) return this.stream[name]
    if (this.#kept !== null) return this.#kept.get(name)
    if (name.endsWith(SUFFIX)) return Object.hasOwn(this.metadata, name) ? this.metadata[name] : undefined
    // Of the stream's own name, the metadata's has got its suffix, even if a stage took the stream's away.
    if (Object.hasOwn(this.#base, name)) return undefined
    let found: string | undefined
    for (const pair of this.#entry.metadata) if (pair[0] === name) found = pair[1]
    return found
  }

  #made(): Labels {
    if (this.#kept !== null) return labelsOf(this.#kept)
    const { metadata } = this.#entry
    for (const [name] of metadata) if (Object.hasOwn(this.#base, name)) return labelsOf(renamed(this.#base, metadata))
    return labelsOf(metadata)
  }
}
