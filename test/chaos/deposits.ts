import type { PushedEntry } from '../fixtures/push-decoder.ts'

/** An entry as Loki was given it: everything that must be the same whenever it is sent. */
const bytesOf = (tenant: string, labels: string, entry: PushedEntry): string =>
  JSON.stringify([tenant, labels, String(entry.timestampNs), entry.line, entry.metadata])

/** `uid rv` of a line in logfmt; null: it is not about an event revision. */
const idOf = (line: string): string | null => {
  const uid = / uid=(\S+)/.exec(line)?.[1]
  const rv = / rv=(\d+)/.exec(line)?.[1]
  return uid === undefined || rv === undefined ? null : `${uid} ${rv}`
}

/** What Loki has stored, by event revision. */
export class Deposits {
  readonly #bytes = new Map<string, string>()
  /** Revisions stored twice, not byte-identical, with both. */
  readonly doubled: { readonly id: string; readonly first: string; readonly second: string }[] = []
  /** Entries that are no revision of an event. */
  readonly strange: string[] = []
  /** Exact repeats, which Loki drops. */
  resent = 0
  /** Repeats that were enriched anew: the same but for metadata. Where that may not be, they are doubled. */
  enrichedAnew = 0
  readonly #mayEnrichAnew: boolean

  constructor(mayEnrichAnew = false) {
    this.#mayEnrichAnew = mayEnrichAnew
  }

  get size(): number {
    return this.#bytes.size
  }

  has(id: string): boolean {
    return this.#bytes.has(id)
  }

  ids(): IterableIterator<string> {
    return this.#bytes.keys()
  }

  store(tenant: string, labels: string, entry: PushedEntry): void {
    const id = idOf(entry.line)
    if (id === null) {
      this.strange.push(entry.line)
      return
    }
    const bytes = bytesOf(tenant, labels, entry)
    const before = this.#bytes.get(id)
    if (before === undefined) this.#bytes.set(id, bytes)
    else if (before === bytes) this.resent += 1
    else if (this.#mayEnrichAnew && withoutMetadata(before) === withoutMetadata(bytes)) this.enrichedAnew += 1
    else this.doubled.push({ id, first: before, second: bytes })
  }
}

const withoutMetadata = (bytes: string): string => JSON.stringify((JSON.parse(bytes) as readonly unknown[]).slice(0, 4))
