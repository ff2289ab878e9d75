import { matches, type LogQuery } from './log-query.ts'
import type { LabelPairs } from './loki-labels.ts'
import type { LokiStream } from './loki-stream.ts'
import type { LokiEntry } from './push-validation.ts'

export type Selection = {
  readonly query: LogQuery
  /** Inclusive. */
  readonly startNs: bigint
  /** Exclusive. */
  readonly endNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  /** Entries closer than this to the one before are left out; 0: none are. */
  readonly intervalNs: bigint
  /** Metadata beside the line (`X-Loki-Response-Encoding-Flags: categorize-labels`) instead of among the labels. */
  readonly categorize: boolean
}

type Value = readonly [timestampNs: string, line: string, rest?: { structuredMetadata?: Record<string, string> }]

/** One stream of an answer. */
export type SelectedStream = { readonly stream: Readonly<Record<string, string>>; readonly values: Value[] }

type Hit = { readonly labels: LabelPairs; readonly entry: LokiEntry }

const asRecord = (pairs: LabelPairs): Record<string, string> => Object.fromEntries(pairs)

/** Metadata named as a stream label is shown as `<name>_extracted`. */
const shownMetadata = ({ labels, entry }: Hit): LabelPairs => {
  const taken = new Set(labels.map(([name]) => name))
  return entry.metadata.map(([name, value]) => [taken.has(name) ? `${name}_extracted` : name, value] as const)
}

const thinned = (hits: readonly Hit[], intervalNs: bigint): readonly Hit[] => {
  if (intervalNs === 0n) return hits
  let last: bigint | null = null
  return hits.filter(({ entry: { timestampNs } }) => {
    const distance = last === null ? intervalNs : timestampNs - last
    if ((distance < 0n ? -distance : distance) < intervalNs) return false
    last = timestampNs
    return true
  })
}

const grouped = (hits: readonly Hit[], categorize: boolean): readonly SelectedStream[] => {
  const streams = new Map<string, SelectedStream>()
  for (const hit of hits) {
    const metadata = shownMetadata(hit)
    const labels = asRecord(categorize ? hit.labels : [...hit.labels, ...metadata])
    const key = JSON.stringify(Object.entries(labels).sort())
    const stream = streams.get(key) ?? { stream: labels, values: [] }
    streams.set(key, stream)
    const { timestampNs, line } = hit.entry
    const structured = metadata.length === 0 ? {} : { structuredMetadata: asRecord(metadata) }
    stream.values.push(categorize ? [String(timestampNs), line, structured] : [String(timestampNs), line])
  }
  return [...streams.values()]
}

/** Answers a log query: the first `limit` entries over all streams, grouped by what they are labelled with. */
export const select = (streams: Iterable<LokiStream>, selection: Selection): readonly SelectedStream[] => {
  const { query, startNs, endNs, direction } = selection
  const hits: Hit[] = []
  for (const stream of streams) {
    if (!matches(query.matchers, stream.labels)) continue
    const own: Hit[] = []
    for (const entry of stream.between(startNs, endNs)) {
      if (query.filters.every((filter) => filter(entry.line))) own.push({ labels: stream.labels, entry })
    }
    // Of equal times, backward shows the last of a stream first; streams keep their order.
    if (direction === 'backward') own.reverse()
    for (const hit of own) hits.push(hit)
  }
  const sign = direction === 'forward' ? 1 : -1
  hits.sort((a, b) => sign * Number(a.entry.timestampNs - b.entry.timestampNs))
  return grouped(thinned(hits, selection.intervalNs).slice(0, selection.limit), selection.categorize)
}
