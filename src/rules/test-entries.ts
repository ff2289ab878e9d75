import { parseConfig } from '../config/parse-config.ts'
import { report } from '../config/place.ts'
import { createConverter, type Converter } from '../entry/convert.ts'
import type { EntryOptions, Labels } from '../entry/entry.ts'
import { decodeEvent } from '../kube/decode-event.ts'
import type { StoredEntry } from '../logql/pipeline.ts'
import type { EventInput, Occurrences, RuleTest } from './test-file.ts'

/** An entry and when Loki has it, in milliseconds since the start of the test. */
export type Arrival = { readonly atMs: number; readonly labels: Labels; readonly entry: StoredEntry }

/** When tests start: 2026-01-01T00:00:00Z. */
export const START_MS = 1_767_225_600_000

const DEFAULTS =
  'clients: [{ url: http://localhost }]\nscrape_configs: [{ job_name: kubernetes-events, kubernetes_events: {} }]\n'

/** What the agent makes of events with the default configuration. */
const entryOptions = (structuredMetadata: boolean): EntryOptions => {
  const parsed = parseConfig(DEFAULTS, 'defaults')
  const job = parsed.kind === 'valid' ? parsed.config.scrapeConfigs[0] : undefined
  if (job === undefined) throw new Error('the default configuration is invalid')
  return { ...job.entry, structuredMetadata }
}

const nanoseconds = (ms: number): bigint => BigInt(START_MS + ms) * 1_000_000n

const seconds = (ms: number): string => `${new Date(START_MS + ms).toISOString().slice(0, 19)}Z`
const microseconds = (ms: number): string => new Date(START_MS + ms).toISOString().replace('Z', '000Z')

/** The times of each occurrence and of its arrival. */
const timesOf = ({ atMs, times, everyMs, arrivesMs }: Occurrences): readonly { atMs: number; arrivesMs: number }[] =>
  Array.from({ length: times }, (_, index) => {
    const at = atMs + index * everyMs
    return { atMs: at, arrivesMs: Math.max(at, arrivesMs ?? 0) }
  })

type Json = Readonly<Record<string, unknown>>

const isObject = (json: unknown): json is Json => typeof json === 'object' && json !== null && !Array.isArray(json)
const objectAt = (json: Json, key: string): Json => {
  const value = Object.hasOwn(json, key) ? json[key] : undefined
  return isObject(value) ? value : {}
}

/** As the older recorder writes times, which names itself in `source`, or as the newer one. */
const timesWritten = (event: Json, startMs: number, occurrence: { atMs: number; count: number }): Json => {
  const { atMs, count } = occurrence
  if (typeof objectAt(event, 'source')['component'] === 'string') {
    return { firstTimestamp: seconds(startMs), lastTimestamp: seconds(atMs), count }
  }
  const series = count > 1 ? { series: { count, lastObservedTime: microseconds(atMs) } } : {}
  return { eventTime: microseconds(startMs), ...series }
}

/** Makes the entries of one test; events that are none are reported. */
class EntryMaker {
  readonly #converter: Converter
  readonly #external: Labels
  readonly #structuredMetadata: boolean
  #resourceVersion = 1000

  constructor(external: Labels, structuredMetadata: boolean) {
    this.#converter = createConverter(entryOptions(structuredMetadata))
    this.#external = external
    this.#structuredMetadata = structuredMetadata
  }

  ofEvent(input: EventInput, index: number): readonly Arrival[] {
    return timesOf(input).flatMap(({ atMs, arrivesMs }, occurrence) => {
      const decoded = decodeEvent(this.#whole(input, index, { atMs, count: occurrence + 1 }))
      if (decoded.kind === 'invalid') {
        report(input.place, 'BAD_VALUE', `expected an event: ${decoded.why}`)
        return []
      }
      const { labels, timestampNs, line, metadata } = this.#converter.toEntry(decoded.event)
      const arrival = {
        atMs: arrivesMs,
        labels: { ...this.#external, ...labels },
        entry: { timestampNs, line, metadata },
      }
      return Array.from({ length: input.copies }, () => arrival)
    })
  }

  ofStream({ labels, entries }: RuleTest['streams'][number]): readonly Arrival[] {
    return entries.flatMap((input) =>
      timesOf(input).flatMap(({ atMs, arrivesMs }) => {
        const metadata = this.#structuredMetadata ? Object.entries(input.metadata) : []
        const entry = { timestampNs: nanoseconds(atMs), line: input.line, metadata }
        return Array.from({ length: input.copies }, () => ({ atMs: arrivesMs, labels, entry }))
      }),
    )
  }

  #whole({ json, atMs: startMs }: EventInput, index: number, occurrence: { atMs: number; count: number }): Json {
    this.#resourceVersion += 1
    const { namespace } = objectAt(json, 'involvedObject')
    const metadata = {
      name: `event-${index}`,
      namespace: typeof namespace === 'string' && namespace !== '' ? namespace : 'default',
      uid: `uid-${index}`,
      resourceVersion: String(this.#resourceVersion),
      creationTimestamp: seconds(startMs),
      ...objectAt(json, 'metadata'),
    }
    return { kind: 'Event', apiVersion: 'v1', ...timesWritten(json, startMs, occurrence), ...json, metadata }
  }
}

/** What a test puts into Loki, in the order in which it arrives. */
export const entriesOf = (
  test: RuleTest,
  external: Labels,
  options: { readonly structuredMetadata: boolean },
): readonly Arrival[] => {
  const maker = new EntryMaker(external, options.structuredMetadata)
  const arrivals = [
    ...test.events.flatMap((event, index) => maker.ofEvent(event, index)),
    ...test.streams.flatMap((stream) => maker.ofStream(stream)),
  ]
  return arrivals.sort((a, b) => a.atMs - b.atMs)
}
