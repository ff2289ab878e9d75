import { createConverter } from '../../src/entry/convert.ts'
import type { Entry } from '../../src/entry/entry.ts'
import type { KubeEvent } from '../../src/kube/event.ts'
import { readFrame } from '../../src/kube/frame.ts'
import { batchOf } from '../../src/loki/batch.ts'
import { encodePushRequest } from '../../src/loki/push-request.ts'
import { type QueuedEntry, toQueuedEntry } from '../../src/loki/queued-entry.ts'
import { compress } from '../../src/loki/snappy.ts'
import { createStreamResolver } from '../../src/loki/stream-labels.ts'
import { frameOf, loadTemplates } from './frames.ts'

/** Events per second of each stage on one core, and of all of them after each other. */
export type StageRates = Readonly<Record<'decode' | 'convert' | 'encode' | 'compress' | 'all', number>>

const EVENTS = 60_000
/** Kept alive at once: more of them cost collections that the agent, which keeps none, does not have. */
const STAGE_EVENTS = 6000
const BATCH_EVENTS = 2000

const entryOptions = {
  format: 'logfmt',
  job: '',
  labels: {},
  structuredMetadata: true,
  maxStreams: 5000,
  maxLineBytes: 262_144,
  maxLabelValueBytes: 2048,
} as const

const decode = (line: Buffer): KubeEvent => {
  const frame = readFrame({ kind: 'line', bytes: line })
  if (frame.kind !== 'event') throw new Error(frame.kind)
  return frame.event
}

const slices = <T>(all: readonly T[]): T[][] => {
  const parts: T[][] = []
  for (let at = 0; at < all.length; at += BATCH_EVENTS) parts.push(all.slice(at, at + BATCH_EVENTS))
  return parts
}

/** Best of three, because the first runs compile. */
const best = (run: () => void): number => {
  let rate = 0
  for (let i = 0; i < 3; i += 1) {
    const started = performance.now()
    run()
    rate = Math.max(rate, EVENTS / ((performance.now() - started) / 1000))
  }
  return Math.round(rate)
}

type Encoder = (entries: Iterable<Entry>) => Uint8Array

/** Entry by entry into a batch, as a client's lane takes them, and the batch into the bytes of a push. */
const createEncoder = (): Encoder => {
  const resolve = createStreamResolver({ tenantId: '', externalLabels: { cluster: 'bench' } })
  return (entries) => {
    const queued: QueuedEntry[] = []
    for (const entry of entries) {
      const resolved = resolve(entry.labels)
      if (resolved.kind !== 'stream') throw new Error(resolved.reason)
      const one = toQueuedEntry(entry, { sequence: queued.length, stream: resolved.stream, arrivedMs: 0 })
      if (one === undefined) throw new Error('a recorded event has no usable time')
      queued.push(one)
    }
    return encodePushRequest(batchOf(queued))
  }
}

/** Runs every stage over the recording, repeated to 60,000 events. */
export const measureStages = (): StageRates => {
  const templates = loadTemplates()
  const frames = Array.from({ length: EVENTS }, (_, i) => Buffer.from(frameOf(templates, 1000 + i)))
  const converter = createConverter(entryOptions)
  const encode = createEncoder()
  function* entriesOf(part: readonly Buffer[]): Generator<Entry> {
    for (const frame of part) yield converter.toEntry(decode(frame))
  }
  // First, while nothing else is in memory: what the other stages keep alive between them costs collections.
  const all = best(() => {
    for (const part of slices(frames)) compress(encode(entriesOf(part)))
  })

  const events = frames.slice(0, STAGE_EVENTS).map(decode)
  const entries = events.map((event) => converter.toEntry(event))
  const bodies = slices(entries).map(encode)
  const scale = EVENTS / STAGE_EVENTS
  const stage = (run: () => void): number => Math.round(best(run) / scale)
  return {
    decode: best(() => {
      for (const frame of frames) decode(frame)
    }),
    convert: stage(() => {
      for (const event of events) converter.toEntry(event)
    }),
    encode: stage(() => {
      for (const part of slices(entries)) encode(part)
    }),
    compress: stage(() => {
      for (const body of bodies) compress(body)
    }),
    all,
  }
}
