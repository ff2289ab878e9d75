import { createConverter } from '../../src/entry/convert.ts'
import type { Entry } from '../../src/entry/entry.ts'
import type { KubeEvent } from '../../src/kube/event.ts'
import { readFrame } from '../../src/kube/frame.ts'
import { batchOf } from '../../src/loki/batch.ts'
import { encodePushRequest } from '../../src/loki/push-request.ts'
import { toQueuedEntry } from '../../src/loki/queued-entry.ts'
import { compress } from '../../src/loki/snappy.ts'
import { createStreamResolver } from '../../src/loki/stream-labels.ts'
import { frameOf, loadTemplates } from './frames.ts'

/** Events per second of each stage on one core, and of all of them after each other. */
export type StageRates = Readonly<Record<'decode' | 'convert' | 'encode' | 'compress' | 'all', number>>

const EVENTS = 60_000
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

/** Runs every stage over the recording, repeated to 60,000 events. */
export const measureStages = (): StageRates => {
  const templates = loadTemplates()
  const frames = Array.from({ length: EVENTS }, (_, i) => Buffer.from(frameOf(templates, 1000 + i)))
  const resolve = createStreamResolver({ tenantId: '', externalLabels: { cluster: 'bench' } })
  const batch = (entries: readonly Entry[]): ReturnType<typeof batchOf> =>
    batchOf(
      entries.map((entry, sequence) => {
        const resolved = resolve(entry.labels)
        if (resolved.kind !== 'stream') throw new Error(resolved.reason)
        const queued = toQueuedEntry(entry, { sequence, stream: resolved.stream, arrivedMs: 0 })
        if (queued === undefined) throw new Error('a recorded event has no usable time')
        return queued
      }),
    )

  const events = frames.map(decode)
  const converter = createConverter(entryOptions)
  const entries = events.map((event) => converter.toEntry(event))
  const bodies = slices(entries).map((part) => encodePushRequest(batch(part)))
  return {
    decode: best(() => {
      for (const frame of frames) decode(frame)
    }),
    convert: best(() => {
      for (const event of events) converter.toEntry(event)
    }),
    encode: best(() => {
      for (const part of slices(entries)) encodePushRequest(batch(part))
    }),
    compress: best(() => {
      for (const body of bodies) compress(body)
    }),
    all: best(() => {
      for (const part of slices(frames)) {
        compress(encodePushRequest(batch(part.map((frame) => converter.toEntry(decode(frame))))))
      }
    }),
  }
}
