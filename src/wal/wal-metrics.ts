import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { SetAsideReason } from './judge.ts'

/** What the log can be asked for at a scrape. */
export type WalProbe = () => {
  readonly sizeBytes: number
  readonly segments: number
  /** Milliseconds since 1970; null: nothing waits. */
  readonly oldestEntryMs: number | null
  readonly clients: readonly { readonly client: string; readonly backlog: number }[]
}

export type WalMetrics = {
  readonly recordsCorrupt: Counter
  readonly writeFailures: Counter
  readonly setAside: Counter<'reason'>
  /** The checkpoint knows a log that is not there. */
  readonly missing: Counter
  readonly fsyncDuration: Histogram
  readonly observe: (probe: WalProbe) => void
}

export const SET_ASIDE_REASONS: readonly SetAsideReason[] = [
  'another_id',
  'another_scope',
  'older',
  'unconfirmed',
  'unreadable',
]

type Probing = { readonly registers: Registry[]; readonly probe: WalProbe }

const registerGauges = ({ registers, probe }: Probing, capacityBytes: number): void => {
  const gauge = (name: string, help: string, read: (state: ReturnType<WalProbe>) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(probe()))
      },
    })
  }
  gauge('eventail_wal_bytes', 'Size of the segments.', (state) => state.sizeBytes)
  gauge('eventail_wal_segments', 'Segments on disk.', (state) => state.segments)
  gauge('eventail_wal_capacity_bytes', 'max_bytes: when it is reached, no more events are read.', () => capacityBytes)
  gauge(
    'eventail_wal_oldest_entry_timestamp_seconds',
    'Event time of the oldest entry in the segments that a required client still needs; 0: none.',
    (state) => (state.oldestEntryMs ?? 0) / 1000,
  )
  new Gauge({
    name: 'eventail_wal_backlog_entries',
    help: 'Entries in the log that were not handed to a client yet.',
    labelNames: ['client'],
    registers,
    collect() {
      for (const { client, backlog } of probe().clients) this.set({ client }, backlog)
    },
  })
}

/** Registers the metrics of the write-ahead log. */
export const createWalMetrics = (registry: Registry, capacityBytes: number): WalMetrics => {
  const registers = [registry]
  let asked: WalProbe = () => ({ sizeBytes: 0, segments: 0, oldestEntryMs: null, clients: [] })
  registerGauges({ registers, probe: () => asked() }, capacityBytes)
  const setAside = new Counter({
    name: 'eventail_wal_set_aside_total',
    help: 'Write-ahead logs that were found and not used, by reason.',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of SET_ASIDE_REASONS) setAside.inc({ reason }, 0)
  return {
    setAside,
    missing: new Counter({
      name: 'eventail_wal_missing_total',
      help: 'Starts at which the write-ahead log of the checkpoint was not there.',
      registers,
    }),
    recordsCorrupt: new Counter({
      name: 'eventail_wal_records_corrupt_total',
      help: 'Records found damaged or missing; they are read from the API server again if it still has them.',
      registers,
    }),
    writeFailures: new Counter({
      name: 'eventail_wal_write_failures_total',
      help: 'Attempts to write that the disk refused.',
      registers,
    }),
    fsyncDuration: new Histogram({
      name: 'eventail_wal_fsync_duration_seconds',
      help: 'Duration of a sync to disk.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    observe: (probe) => {
      asked = probe
    },
  }
}
