import { Counter, type Registry } from 'prom-client'
import { nextDelayMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { PositionsOptions } from './config/config.ts'
import type { CheckpointStore } from './kube/checkpoint.ts'
import { createFileCheckpointStore } from './kube/checkpoint-file.ts'
import { createLeaseCheckpointStore } from './kube/checkpoint-lease.ts'
import type { KubeClient } from './kube/client.ts'
import { type Cursor, type CursorScope, decodeCursor, scopeMismatch } from './kube/cursor.ts'
import type { LeaseName } from './kube/lease-access.ts'
import type { Log } from './log.ts'

/** An unreadable store is asked again after this, doubling. */
const RELOAD = { minMs: 500, maxMs: 15_000 }

/** What a store is opened with. */
export type StorePlace = {
  readonly client: KubeClient
  readonly inCluster: boolean
  /** The pod's own namespace; null outside of a cluster. */
  readonly ownNamespace: string | null
}

export type OpenedStore =
  { readonly kind: 'ok'; readonly store: CheckpointStore | null } | { readonly kind: 'error'; readonly why: string }

/** The agent's own Lease; null: outside of a cluster its namespace must be configured. */
export const leaseNameOf = ({ lease }: PositionsOptions, ownNamespace: string | null): LeaseName | null => {
  const namespace = lease.namespace === '' ? ownNamespace : lease.namespace
  return namespace === null ? null : { namespace, name: lease.name }
}

/** Why there is no Lease to use. */
export const NO_LEASE_NAMESPACE = 'positions.lease.namespace is needed outside of a cluster'

/** The store that the configuration asks for: by default the Lease in a cluster, the file outside. Null: none. */
export const openStore = (options: PositionsOptions, place: StorePlace): OpenedStore => {
  const kind = options.store === 'auto' ? (place.inCluster ? 'lease' : 'file') : options.store
  if (kind === 'none') return { kind: 'ok', store: null }
  if (kind === 'file') return { kind: 'ok', store: createFileCheckpointStore(options.filename) }
  const lease = leaseNameOf(options, place.ownNamespace)
  if (lease === null) return { kind: 'error', why: NO_LEASE_NAMESPACE }
  return { kind: 'ok', store: createLeaseCheckpointStore({ ...lease, client: place.client, identity: '' }) }
}

/** Counts checkpoints that were not used, by reason; each is also a line in the log. */
export const createRefusalCounter = (registry: Registry): Counter<'reason'> => {
  const counter = new Counter({
    name: 'eventail_checkpoint_refused_total',
    help: 'Checkpoints found and not used, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  })
  for (const reason of ['corrupt', 'scope']) counter.inc({ reason }, 0)
  return counter
}

export type Reading = {
  readonly clock: Clock
  readonly log: Log
  readonly refused: Counter<'reason'>
  readonly signal: AbortSignal
  /** Told each time the store could not be read; null once it could. */
  readonly onUnreadable: (why: string | null) => void
}

/**
 * The saved cursors by key. Asks until the store answers: an agent that takes "unreadable" for "none" would ship
 * everything again. A corrupt store is reported and counted, and then the start policy holds. Null: aborted.
 */
export const readCursors = async (
  store: CheckpointStore,
  { clock, log, refused, signal, onUnreadable }: Reading,
): Promise<Readonly<Record<string, string>> | null> => {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const outcome = await store.load(signal)
    if (outcome.kind === 'unreadable') {
      onUnreadable(outcome.why)
      log.warn('checkpoint cannot be read; nothing is watched until it can', { store: store.place, why: outcome.why })
      await clock.sleep(nextDelayMs(RELOAD, attempt), signal)
      continue
    }
    onUnreadable(null)
    if (outcome.kind === 'found') return outcome.cursors
    if (outcome.kind === 'corrupt') {
      refused.inc({ reason: 'corrupt' })
      log.error('checkpoint is corrupt and not used: starting as "start" says', {
        store: store.place,
        why: outcome.why,
      })
    } else {
      log.info('no checkpoint yet: starting as "start" says', { store: store.place })
    }
    return {}
  }
  return null
}

/** The job's saved cursor, when it is sound and of this scope; otherwise null, reported and counted. */
export const cursorFor = (
  text: string | undefined,
  scope: CursorScope,
  { log, refused }: Pick<Reading, 'log' | 'refused'>,
): Cursor | null => {
  if (text === undefined) return null
  const decoded = decodeCursor(text)
  if (decoded.kind === 'corrupt') {
    refused.inc({ reason: 'corrupt' })
    log.error('checkpoint is corrupt and not used: starting as "start" says', { job: scope.job, why: decoded.why })
    return null
  }
  const mismatch = scopeMismatch(decoded.cursor.scope, scope)
  if (mismatch === null) {
    const { savedAtMs, positions } = decoded.cursor
    const watched = Object.entries(positions).map(([name, { watched: rv }]) => `${name}:${rv}`)
    log.info('going on behind the checkpoint', {
      job: scope.job,
      saved: new Date(savedAtMs).toISOString(),
      positions: watched.slice(0, 10).join(' '),
    })
    return decoded.cursor
  }
  refused.inc({ reason: 'scope' })
  log.warn('checkpoint is not used: starting as "start" says', { job: scope.job, why: mismatch })
  return null
}
