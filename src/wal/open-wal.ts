import type { Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { WalOptions } from '../config/config.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Log } from '../log.ts'
import type { LokiClient } from '../loki/loki-client.ts'
import { assemble } from './assemble.ts'
import { type Disk, realDisk } from './disk.ts'
import type { WalJob } from './judge.ts'
import { type DirectoryLock, lockDirectory } from './lock.ts'
import { type Processes, realProcesses } from './owner.ts'
import { recover } from './recovery.ts'
import { createWalMetrics } from './wal-metrics.ts'
import type { WalOutbox } from './wal-outbox.ts'

/** One client as the log feeds it. It is built as if it were required, so that it says when it is full. */
export type WalSink = { readonly client: LokiClient; readonly required: boolean }

export type OpenWalParts = {
  readonly options: WalOptions
  /** See `FeedParts`; absent: it is handed on at once. */
  readonly isDurableFirst?: boolean
  readonly jobs: readonly WalJob[]
  readonly sinks: readonly WalSink[]
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly signal: AbortSignal
  /** A client that is not required will never get so many entries. */
  readonly onDropped: (client: string, entries: number) => void
  /** It cannot go on as it is: everything must be opened again. */
  readonly onBroken: (why: string) => void
  /** Instead of the machine's. */
  readonly disk?: Disk
  readonly processes?: Processes
}

export type OpenedWal =
  | {
      readonly kind: 'open'
      readonly outbox: WalOutbox
      /** No checkpoint knows it: one should be written before anything goes into it. */
      readonly isNew: boolean
    }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'aborted' }

const openLocked = async (parts: OpenWalParts, disk: Disk, lock: DirectoryLock): Promise<OpenedWal> => {
  const { options, jobs, sinks, registry } = parts
  const { directory } = options
  const log = parts.log.with({ component: 'wal' })
  const metrics = createWalMetrics(registry, options.maxBytes)
  const clients = sinks.map(({ client, required }) => ({ name: client.name, required }))
  try {
    const recovered = await recover({ disk, directory, jobs, clients, log, metrics })
    const { scanned, isNew, id } = recovered
    const recoveredEntries = Math.max(0, ...[...scanned.places.values()].map(({ entries }) => entries))
    log.info('write-ahead log opened', {
      ...{ directory, id, is_new: isNew, segments: scanned.facts.length, entries: recoveredEntries },
      fsync: options.fsync,
    })
    return { kind: 'open', isNew, outbox: assemble({ ...parts, disk, log, metrics, lock }, recovered) }
  } catch (error) {
    await lock.release()
    if (codeOf(error) === '') throw error
    return { kind: 'failed', why: `write-ahead log in ${directory}: ${reasonOf(error)}` }
  }
}

/** Opens the log in its directory, or begins one. */
export const openWal = async (parts: OpenWalParts): Promise<OpenedWal> => {
  const { options, clock, signal, onBroken: onLost, disk = realDisk, processes = realProcesses() } = parts
  const { directory } = options
  try {
    await disk.makeDirectory(directory)
  } catch (error) {
    if (codeOf(error) === '') throw error
    return { kind: 'failed', why: `write-ahead log in ${directory}: ${reasonOf(error)}` }
  }
  const locked = await lockDirectory({ disk, directory, clock, processes, signal, onLost })
  if (locked.kind === 'aborted') return locked
  if (locked.kind === 'refused') return { kind: 'failed', why: `write-ahead log: ${locked.why}` }
  return openLocked(parts, disk, locked.lock)
}
