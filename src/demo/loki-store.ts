import { systemClock, type Clock } from '../clock.ts'
import type { Labels } from '../entry/entry.ts'
import type { StreamSource } from '../logql/store.ts'
import { LOKI_LIMITS, TokenBucket, type LokiLimits } from './loki-limits.ts'
import { formatLabels, LabelSyntaxError, parseLabels, type LabelPairs } from './loki-labels.ts'
import { LokiStream } from './loki-stream.ts'
import type { PushedStream } from './push-decode.ts'
import { entryRefusal, groupedErrors, labelRefusal, normalized, truncated, type LokiEntry } from './push-validation.ts'

export type LokiStoreOptions = {
  readonly clock?: Clock
  readonly limits?: Partial<LokiLimits>
  /** Lines and metadata kept over all tenants; above it the entries that came first are forgotten. */
  readonly maxBytes?: number
  /** Which streams are counted in `storedApart`; default: none. */
  readonly apart?: (labels: LabelPairs) => boolean
}

export type PushAnswer = { readonly status: number; readonly text: string }

/** Counted since the start, over all tenants. */
export type LokiCounts = {
  /** Entries of all pushes that could be read. */
  readonly received: number
  /** Distinct entries taken, whether or not they are still kept. */
  readonly stored: number
  /** Those of the streams that are counted apart; not in `stored`. */
  readonly storedApart: number
  readonly duplicates: number
  readonly refused: number
  /** Taken and forgotten since. */
  readonly forgotten: number
}

export type StoredListener = (tenant: string, labels: Labels, entries: readonly LokiEntry[]) => void

type Tenant = { readonly streams: Map<string, LokiStream>; readonly bucket: TokenBucket | null }
type Accepted = { readonly labels: LabelPairs; readonly entries: readonly LokiEntry[] }
type Kept = { readonly tenant: Tenant; readonly stream: LokiStream; readonly entry: LokiEntry }

const lineAndMetadataBytes = (entry: LokiEntry): number =>
  entry.metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), Buffer.byteLength(entry.line))

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024

/** Streams in memory that answer a push as Loki does: partly, and word for word. */
export class LokiStore {
  readonly #clock: Clock
  readonly #limits: LokiLimits
  readonly #maxBytes: number
  readonly #isApart: (labels: LabelPairs) => boolean
  readonly #tenants = new Map<string, Tenant>()
  readonly #listeners = new Set<StoredListener>()
  /** In the order of arrival, from `#oldest` on. */
  #kept: Kept[] = []
  #oldest = 0
  #keptBytes = 0
  readonly #counts = { received: 0, stored: 0, storedApart: 0, duplicates: 0, refused: 0, forgotten: 0 }

  constructor(options: LokiStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#limits = { ...LOKI_LIMITS, ...options.limits }
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
    this.#isApart = options.apart ?? ((): boolean => false)
  }

  get counts(): LokiCounts {
    return { ...this.#counts }
  }

  /** The streams of a tenant. */
  streams(tenant: string): IterableIterator<LokiStream> {
    return (this.#tenants.get(tenant)?.streams ?? new Map<string, LokiStream>()).values()
  }

  /** What the queries of a tenant run on. */
  source(tenant: string): StreamSource {
    return { streams: () => this.streams(tenant) }
  }

  /** Calls `listener` with what is stored from now on; returns how to stop that. */
  listen(listener: StoredListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One push through distributor and ingester. */
  push(tenant: string, streams: readonly PushedStream[]): PushAnswer {
    if (streams.length === 0) {
      return { status: 422, text: 'error at least one valid stream is required for ingestion' }
    }
    const parsed: { readonly labels: LabelPairs; readonly stream: PushedStream }[] = []
    try {
      for (const stream of streams) parsed.push({ labels: parseLabels(stream.labels), stream })
    } catch (error) {
      if (!(error instanceof LabelSyntaxError)) throw error
      return { status: 400, text: `couldn't parse labels: ${error.message}` }
    }
    const errors: string[] = []
    const accepted: Accepted[] = []
    let received = 0
    for (const { labels, stream } of parsed) {
      received += stream.entries.length
      const entries = this.#accept(labels, stream, errors)
      if ('error' in entries) return { status: 500, text: entries.error }
      if (entries.length > 0) accepted.push({ labels, entries })
    }
    this.#counts.received += received
    this.#counts.refused += received - accepted.reduce((sum, { entries }) => sum + entries.length, 0)
    const owner = this.#tenant(tenant)
    return this.#overRate(tenant, owner, accepted) ?? this.#ingest(tenant, owner, { accepted, errors })
  }

  /** The distributor's part: entries that pass its checks; texts of refusals go to `errors`. */
  #accept(
    labels: LabelPairs,
    stream: PushedStream,
    errors: string[],
  ): readonly LokiEntry[] | { readonly error: string } {
    if (stream.entries.length === 0) return []
    const refusal = labelRefusal(labels, this.#limits)
    if (refusal !== null) {
      errors.push(refusal)
      return []
    }
    const name = formatLabels(labels)
    const nowMs = this.#clock.now()
    const taken: LokiEntry[] = []
    for (const raw of stream.entries) {
      const entry = truncated(raw, this.#limits)
      const why = entryRefusal(name, entry, this.#limits, nowMs)
      if (why !== null) {
        errors.push(why)
        continue
      }
      const good = normalized(entry)
      if ('error' in good) return good
      taken.push(good)
    }
    return taken
  }

  /** 429 for the whole push: nothing of it is stored. */
  #overRate(tenant: string, owner: Tenant, accepted: readonly Accepted[]): PushAnswer | null {
    let lines = 0
    let sizeBytes = 0
    for (const { entries } of accepted) {
      lines += entries.length
      for (const entry of entries) sizeBytes += lineAndMetadataBytes(entry)
    }
    if (owner.bucket === null || owner.bucket.allows(sizeBytes, this.#clock.now())) return null
    this.#counts.refused += lines
    const limit = Math.floor(this.#limits.rateBytes ?? 0)
    const text =
      `ingestion rate limit exceeded for user ${tenant} (limit: ${limit} bytes/sec) while attempting to ingest ` +
      `'${lines}' lines totaling '${sizeBytes}' bytes, reduce log volume or contact your Loki administrator to see ` +
      'if the limit can be increased'
    return { status: 429, text }
  }

  /** The ingester's part. Only the result of the last stream is answered (loki pkg/ingester/instance.go). */
  #ingest(
    tenant: string,
    owner: Tenant,
    { accepted, errors }: { readonly accepted: readonly Accepted[]; readonly errors: readonly string[] },
  ): PushAnswer {
    let last: PushAnswer | null = null
    for (const { labels, entries } of accepted) {
      const stream = this.#stream(owner, labels)
      if (stream === null) {
        this.#counts.refused += entries.length
        last = { status: 429, text: tooManyStreams(formatLabels(labels), tenant) }
        continue
      }
      const outcome = stream.push(tenant, entries, this.#clock.now())
      for (const listener of this.#listeners) listener(tenant, stream.labels, outcome.stored)
      for (const entry of outcome.stored) this.#keep({ tenant: owner, stream, entry })
      this.#counts[this.#isApart(labels) ? 'storedApart' : 'stored'] += outcome.stored.length
      this.#counts.duplicates += outcome.duplicates
      this.#counts.refused += outcome.refused
      last = outcome.error
    }
    if (last !== null) return last
    return errors.length > 0 ? { status: 400, text: groupedErrors(errors) } : { status: 204, text: '' }
  }

  #tenant(name: string): Tenant {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      const { rateBytes, burstBytes } = this.#limits
      const bucket = rateBytes === null ? null : new TokenBucket(rateBytes, burstBytes, this.#clock.now())
      tenant = { streams: new Map(), bucket }
      this.#tenants.set(name, tenant)
    }
    return tenant
  }

  /** Null: the tenant has as many streams as it may. */
  #stream(owner: Tenant, labels: LabelPairs): LokiStream | null {
    const key = formatLabels(labels)
    const found = owner.streams.get(key)
    if (found !== undefined) return found
    if (this.#limits.maxStreams > 0 && owner.streams.size >= this.#limits.maxStreams) return null
    const stream = new LokiStream(labels, this.#limits, this.#clock.now())
    owner.streams.set(key, stream)
    return stream
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept)
    this.#keptBytes += lineAndMetadataBytes(kept.entry)
    while (this.#keptBytes > this.#maxBytes && this.#oldest < this.#kept.length) this.#forgetOldest()
    if (this.#oldest > 10_000 && this.#oldest * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#oldest)
      this.#oldest = 0
    }
  }

  #forgetOldest(): void {
    const gone = this.#kept[this.#oldest]
    this.#oldest += 1
    if (gone === undefined) return
    gone.stream.drop(gone.entry)
    if (gone.stream.empty) gone.tenant.streams.delete(gone.stream.name)
    this.#keptBytes -= lineAndMetadataBytes(gone.entry)
    this.#counts.forgotten += 1
  }
}

const tooManyStreams = (stream: string, tenant: string): string =>
  `maximum active stream limit exceeded when trying to create stream ${stream}, reduce the number of active streams ` +
  '(reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, ' +
  `user: '${tenant}'`
