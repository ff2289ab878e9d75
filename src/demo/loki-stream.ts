import type { Labels } from '../entry/entry.ts'
import type { QueriedStream } from '../logql/store.ts'
import { TokenBucket, type LokiLimits } from './loki-limits.ts'
import { formatLabels, type LabelPairs } from './loki-labels.ts'
import { rfc3339, type LokiEntry } from './push-validation.ts'

/** What an ingester says to the entries of one stream of one push. */
export type StreamOutcome = {
  readonly stored: readonly LokiEntry[]
  /** Entries it has already. */
  readonly duplicates: number
  readonly refused: number
  /** Null when nothing was refused. */
  readonly error: { readonly status: 400 | 429; readonly text: string } | null
}

const MAX_ERROR_LINES = 10

const sizeOf = (entry: LokiEntry): number =>
  entry.metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), Buffer.byteLength(entry.line))

const sameEntry = (a: LokiEntry, b: LokiEntry): boolean =>
  a.line === b.line && JSON.stringify(a.metadata) === JSON.stringify(b.metadata)

/** Go's `time.Time.String()` in UTC. */
const goTime = (timestampNs: bigint): string => {
  const [day, time] = rfc3339(timestampNs).slice(0, 19).split('T')
  const fraction = String(timestampNs % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${day ?? ''} ${time ?? ''}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

/** Bytes as c2h5oh/datasize writes them: the largest unit that divides them. */
const byteSize = (bytes: number): string => {
  for (const [unit, size] of [
    ['GB', 1_073_741_824],
    ['MB', 1_048_576],
    ['KB', 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return `${bytes}B`
}

/** One stream in the memory of an ingester, as queries read it. Entries may come out of order within half of `max_chunk_age`. */
export class LokiStream implements QueriedStream {
  readonly labels: Labels
  readonly name: string
  readonly #limits: LokiLimits
  readonly #bucket: TokenBucket | null
  readonly #entries = new Map<bigint, LokiEntry[]>()
  /** Null: to be sorted anew. */
  #sorted: LokiEntry[] | null = null
  #newestNs: bigint | null = null

  constructor(labels: LabelPairs, limits: LokiLimits, nowMs: number) {
    this.labels = Object.fromEntries(labels)
    this.name = formatLabels(labels)
    this.#limits = limits
    this.#bucket =
      limits.streamRateBytes === null ? null : new TokenBucket(limits.streamRateBytes, limits.streamBurstBytes, nowMs)
  }

  /** True when nothing of it is kept any more. */
  get empty(): boolean {
    return this.#entries.size === 0
  }

  /** Sorted by time; of equal times the first to come is first. */
  get entries(): readonly LokiEntry[] {
    this.#sorted ??= [...this.#entries.values()]
      .flat()
      .sort((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0))
    return this.#sorted
  }

  /** Takes the good entries and says why it refused others (loki pkg/ingester/stream.go). */
  push(tenant: string, entries: readonly LokiEntry[], nowMs: number): StreamOutcome {
    const halfChunkNs = BigInt(this.#limits.maxChunkAgeMs) * 500_000n
    const refused: { readonly entry: LokiEntry; readonly why: string }[] = []
    const fresh: LokiEntry[] = []
    const freshAt = new Map<bigint, LokiEntry[]>()
    let duplicates = 0
    let newestNs = this.#newestNs
    for (const entry of entries) {
      const { timestampNs } = entry
      const known = [...(this.#entries.get(timestampNs) ?? []), ...(freshAt.get(timestampNs) ?? [])]
      const oldestNs = newestNs === null ? null : newestNs - halfChunkNs
      if (known.some((other) => sameEntry(other, entry))) {
        duplicates += 1
      } else if (oldestNs !== null && timestampNs < oldestNs) {
        refused.push({ entry, why: tooFarBehind(timestampNs, oldestNs) })
      } else {
        fresh.push(entry)
        freshAt.set(timestampNs, [...(freshAt.get(timestampNs) ?? []), entry])
        if (newestNs === null || timestampNs > newestNs) newestNs = timestampNs
      }
    }
    const limited = this.#limited(fresh, nowMs)
    const rejected = limited ? [...refused, ...fresh.map((entry) => ({ entry, why: this.#tooFast(entry) }))] : refused
    if (!limited) this.#keep(fresh, newestNs)
    const text = this.#refusalText(tenant, rejected, entries.length)
    const error = rejected.length === 0 ? null : { status: limited ? (429 as const) : (400 as const), text }
    return { stored: limited ? [] : fresh, duplicates, refused: rejected.length, error }
  }

  /** Forgets an entry that it stored. */
  drop(entry: LokiEntry): void {
    this.#sorted = null
    const rest = (this.#entries.get(entry.timestampNs) ?? []).filter((other) => other !== entry)
    if (rest.length === 0) this.#entries.delete(entry.timestampNs)
    else this.#entries.set(entry.timestampNs, rest)
  }

  /** A stream is limited as a whole: with shard_streams (the default) all of it passes or nothing. */
  #limited(entries: readonly LokiEntry[], nowMs: number): boolean {
    if (this.#bucket === null || entries.length === 0) return false
    return !this.#bucket.allows(
      entries.reduce((sum, entry) => sum + sizeOf(entry), 0),
      nowMs,
    )
  }

  #keep(entries: readonly LokiEntry[], newestNs: bigint | null): void {
    for (const entry of entries) {
      const there = this.#entries.get(entry.timestampNs)
      if (there === undefined) this.#entries.set(entry.timestampNs, [entry])
      else there.push(entry)
      this.#appendSorted(entry)
    }
    this.#newestNs = newestNs
  }

  /** What comes in order, as most does, needs no sorting. */
  #appendSorted(entry: LokiEntry): void {
    const last = this.#sorted?.at(-1)
    if (last !== undefined && last.timestampNs > entry.timestampNs) this.#sorted = null
    else this.#sorted?.push(entry)
  }

  #tooFast(entry: LokiEntry): string {
    const limit = byteSize(this.#limits.streamRateBytes ?? 0)
    return (
      `Per stream rate limit exceeded (limit: ${limit}/sec) while attempting to ingest for stream '${this.name}' ` +
      `totaling ${byteSize(sizeOf(entry))}, consider splitting a stream via additional labels or contact your Loki ` +
      'administrator to see if the limit can be increased'
    )
  }

  #refusalText(
    tenant: string,
    refused: readonly { readonly entry: LokiEntry; readonly why: string }[],
    total: number,
  ): string {
    const lines = refused
      .slice(0, MAX_ERROR_LINES)
      .map(({ entry, why }) => `entry with timestamp ${goTime(entry.timestampNs)} ignored, reason: '${why}',`)
    lines.push(`user '${tenant}', total ignored: ${refused.length} out of ${total} for stream: ${this.name}`)
    return lines.join('\n')
  }
}

const tooFarBehind = (timestampNs: bigint, oldestNs: bigint): string =>
  `entry too far behind, entry timestamp is: ${rfc3339(timestampNs)}, ` +
  `oldest acceptable timestamp is: ${rfc3339(oldestNs)}`
