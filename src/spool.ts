import type { Registry } from 'prom-client'
import type { Clock } from './clock.ts'
import type { WalOptions } from './config/config.ts'
import type { Cursor, CursorScope } from './kube/cursor.ts'
import type { Log } from './log.ts'
import { DirectOutbox, type Outbox } from './outbox.ts'
import type { Sink } from './sinks.ts'

/** Why entries are let go before a client was offered them. */
export type UnofferedReason = 'malformed' | 'wal_full'

export type SpoolParts = {
  /** Null: entries go straight to the clients. */
  readonly options: WalOptions | null
  /** An entry goes to no client before it is on disk: it could not be made again as it was. */
  readonly isDurableFirst: boolean
  readonly sinks: readonly Sink[]
  readonly jobs: readonly { readonly scope: CursorScope; readonly saved: Cursor | null }[]
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly signal: AbortSignal
  readonly onDropped: (client: string, reason: UnofferedReason, entries: number) => void
  /** What is on disk cannot be gone on with as it is: everything must be opened again. */
  readonly onBroken: (why: string) => void
}

export type OpenedOutbox =
  | {
      readonly kind: 'ok'
      readonly outbox: Outbox
      /** The checkpoint must be written before anything is offered. */
      readonly isUnknown: boolean
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly why: string }

const openWalOutbox = async (options: WalOptions, parts: SpoolParts): Promise<OpenedOutbox> => {
  // Loaded when it is needed: most agents have no disk.
  const { openWal } = await import('./wal/open-wal.ts')
  const onDropped = (client: string, entries: number): void => {
    parts.onDropped(client, 'wal_full', entries)
  }
  const opened = await openWal({ ...parts, options, onDropped })
  switch (opened.kind) {
    case 'aborted':
      return { kind: 'stopped' }
    case 'failed':
      return opened
    case 'open':
      return { kind: 'ok', outbox: opened.outbox, isUnknown: opened.isNew }
  }
}

/** What stands between the sources and the clients: the write-ahead log where one is configured, else nothing. */
export const openOutbox = async (parts: SpoolParts): Promise<OpenedOutbox> => {
  if (parts.options !== null) return openWalOutbox(parts.options, parts)
  return { kind: 'ok', outbox: new DirectOutbox(parts.sinks), isUnknown: false }
}
