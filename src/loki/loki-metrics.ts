import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What a client can be asked for at a scrape. */
export type QueueProbe = () => {
  readonly queued: number
  readonly heldBytes: number
  readonly capacityBytes: number
  readonly parkedStreams: number
  readonly ready: boolean
}

/** All metrics of delivery. Those of Promtail keep its names and labels (grafana/loki clients/pkg/promtail/client). */
export type LokiMetrics = {
  readonly encodedBytes: Counter<'host'>
  readonly sentBytes: Counter<'host'>
  readonly sentEntries: Counter<'host'>
  readonly droppedEntries: Counter<'host' | 'tenant' | 'reason'>
  readonly droppedBytes: Counter<'host' | 'tenant' | 'reason'>
  readonly mutatedEntries: Counter<'host' | 'tenant' | 'reason'>
  readonly mutatedBytes: Counter<'host' | 'tenant' | 'reason'>
  readonly requestDuration: Histogram<'status_code' | 'host'>
  readonly batchRetries: Counter<'host' | 'tenant'>
  readonly sent: Counter<'client'>
  readonly rejected: Counter<'client' | 'reason'>
  readonly dropped: Counter<'client' | 'reason'>
  readonly resent: Counter<'client'>
  readonly pushes: Counter<'client' | 'answer'>
  readonly deliveryLag: Histogram<'client'>
  /** Called at each scrape; one per client. */
  readonly probes: Map<string, QueueProbe>
}

const promtailCounters = (
  registers: Registry[],
): Pick<
  LokiMetrics,
  | 'encodedBytes'
  | 'sentBytes'
  | 'sentEntries'
  | 'droppedEntries'
  | 'droppedBytes'
  | 'mutatedEntries'
  | 'mutatedBytes'
  | 'batchRetries'
> => {
  const ofHost = (name: string, help: string): Counter<'host'> =>
    new Counter({ name, help, labelNames: ['host'], registers })
  const ofReason = (name: string, help: string): Counter<'host' | 'tenant' | 'reason'> =>
    new Counter({ name, help, labelNames: ['host', 'tenant', 'reason'], registers })
  return {
    encodedBytes: ofHost('promtail_encoded_bytes_total', 'Bytes encoded and ready to send, each push once.'),
    sentBytes: ofHost('promtail_sent_bytes_total', 'Encoded bytes that Loki took.'),
    sentEntries: ofHost('promtail_sent_entries_total', 'Entries that Loki took.'),
    droppedEntries: ofReason('promtail_dropped_entries_total', 'Entries refused by Loki or let go.'),
    droppedBytes: ofReason('promtail_dropped_bytes_total', 'Bytes of entries refused by Loki or let go.'),
    mutatedEntries: ofReason('promtail_mutated_entries_total', 'Entries sent other than they came.'),
    mutatedBytes: ofReason('promtail_mutated_bytes_total', 'Bytes taken from entries before they were sent.'),
    batchRetries: new Counter({
      name: 'promtail_batch_retries_total',
      help: 'Failed attempts to send a batch.',
      labelNames: ['host', 'tenant'],
      registers,
    }),
  }
}

const accountingCounters = (
  registers: Registry[],
): Pick<LokiMetrics, 'sent' | 'rejected' | 'dropped' | 'resent' | 'pushes'> => {
  const ofClient = (name: string, help: string): Counter<'client'> =>
    new Counter({ name, help, labelNames: ['client'], registers })
  const ofReason = (name: string, help: string): Counter<'client' | 'reason'> =>
    new Counter({ name, help, labelNames: ['client', 'reason'], registers })
  return {
    sent: ofClient('eventail_entries_sent_total', 'Entries that Loki took.'),
    rejected: ofReason('eventail_entries_rejected_total', 'Entries that Loki refused for good.'),
    dropped: ofReason('eventail_entries_dropped_total', 'Entries let go because the configuration says so.'),
    resent: ofClient(
      'eventail_entries_resent_total',
      'Entries sent again that Loki may already have; it drops repeats.',
    ),
    pushes: new Counter({
      name: 'eventail_pushes_total',
      help: 'Attempts to push, by what the answer meant.',
      labelNames: ['client', 'answer'],
      registers,
    }),
  }
}

/** Gauges that ask each client when they are read. */
const registerGauges = (registers: Registry[], probes: ReadonlyMap<string, QueueProbe>): void => {
  const gauge = (name: string, help: string, read: (state: ReturnType<QueueProbe>) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['client'],
      registers,
      collect() {
        for (const [client, probe] of probes) this.set({ client }, read(probe()))
      },
    })
  }
  gauge('eventail_entries_queued', 'Entries offered to a client and without a fate yet.', (state) => state.queued)
  gauge('eventail_queue_bytes', 'Memory of waiting entries and encoded pushes.', (state) => state.heldBytes)
  gauge('eventail_queue_capacity_bytes', 'Bound of eventail_queue_bytes.', (state) => state.capacityBytes)
  gauge('eventail_streams_parked', 'Streams Loki refuses to create.', (state) => state.parkedStreams)
  gauge('eventail_client_ready', '0 while Loki refuses pushes because of a setting.', (state) => (state.ready ? 1 : 0))
}

/** Creates and registers all metrics of delivery; once per registry. */
export const createLokiMetrics = (registry: Registry): LokiMetrics => {
  const registers = [registry]
  const probes = new Map<string, QueueProbe>()
  registerGauges(registers, probes)
  return {
    ...promtailCounters(registers),
    ...accountingCounters(registers),
    requestDuration: new Histogram({
      name: 'promtail_request_duration_seconds',
      help: 'Duration of push requests; status_code -1 is a request without an answer.',
      labelNames: ['status_code', 'host'],
      registers,
    }),
    deliveryLag: new Histogram({
      name: 'eventail_delivery_lag_seconds',
      help: 'Time from the timestamp of an entry to its acknowledgement by Loki.',
      labelNames: ['client'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
      registers,
    }),
    probes,
  }
}
