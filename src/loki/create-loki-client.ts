import type { Clock } from '../clock.ts'
import type { Entry } from '../entry/entry.ts'
import type { Log } from '../log.ts'
import { BatchSizer } from './batch-sizer.ts'
import { Calm } from './calm.ts'
import { ClientMetrics } from './client-metrics.ts'
import type { ClientOptions } from './client-options.ts'
import { Endpoint } from './endpoint.ts'
import { Health } from './health.ts'
import type { LaneContext } from './lane-context.ts'
import { Ledger } from './ledger.ts'
import type { LokiClient, Settle } from './loki-client.ts'
import type { LokiMetrics } from './loki-metrics.ts'
import { Naps } from './naps.ts'
import { NewestSent } from './newest-sent.ts'
import { Pacer } from './pacer.ts'
import { pushAlone } from './push-alone.ts'
import { toQueuedEntry, type QueuedEntry } from './queued-entry.ts'
import { Sender } from './sender.ts'
import { Slots } from './slots.ts'
import { createStreamResolver, type ResolvedStream } from './stream-labels.ts'

export type LokiClientDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: LokiMetrics
  readonly settle: Settle
  /** `eventail/<version>`: Loki uses it as a metric label, so it holds nothing else. */
  readonly userAgent: string
  /** In [0, 1), for the jitter of backoffs. */
  readonly random: () => number
  /** Asked right before each push; false: it waits. Default: always true. */
  readonly mayPush?: () => boolean
}

/** Tenants pushed for at the same time. */
const MAX_CONCURRENT_PUSHES = 4

type Life = { readonly stop: AbortController; readonly draining: AbortController; readonly endpoint: Endpoint }

const createContext = (options: ClientOptions, deps: LokiClientDeps, life: Life): LaneContext => {
  const { clock, random } = deps
  const log = deps.log.with({ component: 'loki', client: options.name })
  const metrics = new ClientMetrics(deps.metrics, options, clock)
  return {
    options,
    clock,
    log,
    random,
    endpoint: life.endpoint,
    metrics,
    ledger: new Ledger(options, { settle: deps.settle, metrics }),
    health: new Health(log),
    slots: new Slots(MAX_CONCURRENT_PUSHES),
    calm: new Calm(options),
    pacer: new Pacer(options),
    naps: new Naps(clock),
    newestSent: new NewestSent(),
    sizer: new BatchSizer(options.batchSizeBytes),
    mayPush: deps.mayPush ?? ((): boolean => true),
    stop: life.stop.signal,
    draining: life.draining.signal,
  }
}

/** Takes the entry into the queue, or settles it at once if it cannot be sent or has no place. */
const admit = (
  context: LaneContext,
  resolved: ResolvedStream,
  offered: { entry: Entry; sequence: number },
): QueuedEntry | undefined => {
  const { ledger, options, clock } = context
  const { entry, sequence } = offered
  if (resolved.kind === 'refused') {
    context.log.warn('entry cannot be sent', { reason: resolved.reason })
    ledger.turnedAway(sequence, options.tenantId, resolved.reason)
    return undefined
  }
  const queued = toQueuedEntry(entry, { sequence, stream: resolved.stream, arrivedMs: clock.monotonicMs() })
  if (queued === undefined) {
    context.log.warn('entry cannot be sent', { reason: 'timestamp_invalid' })
    ledger.turnedAway(sequence, resolved.stream.tenant, 'timestamp_invalid')
    return undefined
  }
  if (!options.required && ledger.isFull) {
    context.log.error('queue is full, entry dropped', { reason: 'queue_full' })
    ledger.overflowed(queued)
    return undefined
  }
  if (queued.leftOutBytes > 0) context.metrics.mutated(queued.stream.tenant, queued.leftOutBytes)
  ledger.took(queued)
  return queued
}

const drain = async (sender: Sender, context: LaneContext, life: Life, deadlineMs: number): Promise<number> => {
  life.draining.abort()
  sender.hurry()
  const done = new AbortController()
  await Promise.race([sender.idle(), context.clock.sleep(deadlineMs, done.signal)])
  done.abort()
  life.stop.abort()
  sender.hurry()
  await sender.idle()
  await life.endpoint.close()
  return context.ledger.queued
}

/** A client at work on one item of `clients:`. Nothing is sent before `start`. */
export const createLokiClient = (options: ClientOptions, deps: LokiClientDeps): LokiClient => {
  const log = deps.log.with({ component: 'loki', client: options.name })
  const { clock, userAgent, mayPush } = deps
  const endpoint = new Endpoint(options, { clock, log, userAgent, ...(mayPush && { mayPush }) })
  const life: Life = { stop: new AbortController(), draining: new AbortController(), endpoint }
  const context = createContext(options, deps, life)
  const { ledger, health } = context
  const resolve = createStreamResolver(options)
  const sender = new Sender(context)
  deps.metrics.probes.set(options.name, () => ({
    queued: ledger.queued,
    heldBytes: ledger.heldBytes,
    capacityBytes: options.queueBytes,
    parkedStreams: sender.parkedStreams,
    ready: health.readiness().ready,
  }))
  return {
    name: options.name,
    required: options.required,
    offer: (entry, sequence) => {
      const queued = admit(context, resolve(entry.labels), { entry, sequence })
      if (queued !== undefined) sender.push(queued)
    },
    hasRoom: () => !options.required || !ledger.isFull,
    room: (signal) => ledger.room(signal),
    start: () => {
      sender.start()
    },
    pushAlone: (entry) => pushAlone(context, resolve(entry.labels), entry),
    drain: (deadlineMs) => drain(sender, context, life, deadlineMs),
    queued: () => ledger.queued,
    readiness: () => health.readiness(),
  }
}
