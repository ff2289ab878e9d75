import type { ClassicDashboard } from './classic.ts'
import { curves, figure, quantileOf, rateOf, series, totalOf } from './agent-panels.ts'
import { layOut, type Row, TO_EVENTS } from './layout.ts'
import { steps } from './panels.ts'
import { agentVariables } from './variables.ts'

const MUST_BE_NONE = steps('green', [1, 'red'])

const health: Row = {
  title: 'Health',
  panels: [
    figure(
      ['Leaders', 'Replicas that ship: 1 for each cluster. No data without leader_election.'],
      'short',
      `sum(${series('eventail_leader')})`,
      steps('red', [1, 'green']),
    ),
    figure(
      [
        'Position age',
        'How old the oldest position is from which a restart would go on; up to 100 s in a quiet cluster.',
      ],
      's',
      `max(${series('eventail_position_age_seconds')})`,
      steps('green', [120, 'orange'], [300, 'red']),
    ),
    figure(
      [
        'Clients refused',
        'Clients whose pushes Loki refuses because of a setting; nothing is lost, and nothing is delivered.',
      ],
      'short',
      `sum(1 - ${series('eventail_client_ready')})`,
      MUST_BE_NONE,
    ),
    figure(
      ['Rejected', 'Entries that Loki refused for good within the time range.'],
      'short',
      totalOf('eventail_entries_rejected_total'),
      MUST_BE_NONE,
    ),
    figure(
      ['Dropped', 'Entries let go within the time range, because the configuration says so.'],
      'short',
      totalOf('eventail_entries_dropped_total'),
      MUST_BE_NONE,
    ),
    figure(
      [
        'Gaps',
        'Seconds within the time range in which the watch could not go on. What was superseded in them can be read by nobody.',
      ],
      's',
      totalOf('eventail_gap_seconds_total'),
      MUST_BE_NONE,
    ),
  ],
}

/** Per client and process, since its start: 0 at any moment. */
const UNACCOUNTED = [
  `(sum by (instance, client) (${series('eventail_events_recovered_total')})`,
  `- sum by (instance, client) (${series('eventail_entries_sent_total')})`,
  `- sum by (instance, client) (${series('eventail_entries_rejected_total')})`,
  `- sum by (instance, client) (${series('eventail_entries_dropped_total')})`,
  `- sum by (instance, client) (${series('eventail_entries_queued')}))`,
  `+ on (instance) group_left () (sum by (instance) (${series('eventail_events_received_total')})`,
  `- sum by (instance) (${series('eventail_events_filtered_total')}))`,
].join(' ')

const accounting: Row = {
  title: 'Accounting',
  panels: [
    curves(
      ['Received and sent', 'Event revisions taken from the API server or the write-ahead log, and where they went.'],
      'cps',
      [
        [rateOf('via', 'eventail_events_received_total'), 'received by {{via}}'],
        [rateOf('client', 'eventail_events_recovered_total'), 'recovered {{client}}'],
        [rateOf('instance', 'eventail_events_filtered_total'), 'filtered'],
        [rateOf('client', 'eventail_entries_sent_total'), 'sent {{client}}'],
      ],
    ),
    curves(['Rejected and dropped', 'Entries that Loki does not have, by the reason; see docs/operations.md.'], 'cps', [
      [rateOf('client, reason', 'eventail_entries_rejected_total'), 'rejected {{client}} {{reason}}'],
      [rateOf('client, reason', 'eventail_entries_dropped_total'), 'dropped {{client}} {{reason}}'],
      [rateOf('outcome', 'eventail_dead_letters_total'), 'no event: {{outcome}}'],
    ]),
    curves(
      [
        'Unaccounted',
        'received + recovered - filtered - sent - rejected - dropped - queued, for each client since the process started: 0 at any moment. Anything else is a fault of Eventail.',
      ],
      'short',
      [[UNACCOUNTED, '{{instance}} {{client}}']],
    ).min(-1),
    curves(['Sent again', 'Entries that Loki may have had already, and labels or lines that were bounded.'], 'cps', [
      [rateOf('client', 'eventail_entries_resent_total'), 'sent again {{client}}'],
      [rateOf('instance', 'eventail_stream_guard_overflow_total'), 'label became overflow'],
      [rateOf('instance', 'eventail_entries_truncated_total'), 'message cut'],
      [rateOf('instance', 'eventail_entries_skewed_total'), 'clock ahead'],
    ]),
  ],
}

const source: Row = {
  title: 'Source',
  panels: [
    curves(['Lag', 'From the timestamp of an entry to the answer of Loki; old events of a back-fill are in it.'], 's', [
      [quantileOf(0.5, 'client', 'eventail_delivery_lag_seconds'), 'half of them {{client}}'],
      [quantileOf(0.99, 'client', 'eventail_delivery_lag_seconds'), '99 of 100 {{client}}'],
    ]),
    curves(['Age of the position', 'Since when there is an event that a required client has not settled.'], 's', [
      [`max by (instance) (${series('eventail_position_age_seconds')})`, '{{instance}}'],
      [`time() - max by (instance) (${series('eventail_checkpoint_timestamp_seconds')})`, 'written {{instance}}'],
    ]),
    curves(
      ['Watches', 'Open watches; how often they ended, by reason (eof is normal); intervals that are still owed.'],
      'short',
      [
        [`sum by (instance) (${series('eventail_watch_up')})`, 'open {{instance}}'],
        [
          `sum by (reason) (increase(${series('eventail_watch_restarts_total')}[$__rate_interval]))`,
          'ended: {{reason}}',
        ],
        [`sum by (instance) (${series('eventail_owed_intervals')})`, 'owed {{instance}}'],
        [`sum by (reason) (increase(${series('eventail_gaps_total')}[$__rate_interval]))`, 'gap: {{reason}}'],
      ],
    ),
    curves(['Requests to the API server', 'By verb and status; "transport": no answer came.'], 'reqps', [
      [rateOf('verb, code', 'eventail_kube_requests_total'), '{{verb}} {{code}}'],
    ]),
  ],
}

const delivery: Row = {
  title: 'Delivery',
  panels: [
    curves(['Queue', 'Memory of waiting entries and encoded pushes; at its bound the source is not read.'], 'bytes', [
      [`sum by (client) (${series('eventail_queue_bytes')})`, 'queued {{client}}'],
      [`sum by (client) (${series('eventail_queue_capacity_bytes')})`, 'bound {{client}}'],
    ]),
    curves(['Pushes', 'Attempts to push, by what the answer of Loki meant; retries.'], 'ops', [
      [rateOf('client, answer', 'eventail_pushes_total'), '{{client}} {{answer}}'],
      [rateOf('host', 'promtail_batch_retries_total'), 'retries {{host}}'],
    ]),
    curves(['Duration of pushes', 'By status; -1 is a request without an answer.'], 's', [
      [quantileOf(0.99, 'status_code', 'promtail_request_duration_seconds'), '99 of 100, status {{status_code}}'],
    ]),
    curves(
      [
        'Entries that wait',
        'In memory or in the write-ahead log, or on their way; streams that Loki refuses to create.',
      ],
      'short',
      [
        [`sum by (client) (${series('eventail_entries_queued')})`, 'entries {{client}}'],
        [`sum by (client) (${series('eventail_streams_parked')})`, 'streams parked {{client}}'],
      ],
    ),
  ],
}

const stored: Row = {
  title: 'Write-ahead log and leader',
  panels: [
    curves(
      ['Write-ahead log', 'Size on disk; shortly before its bound no more events are read. No data without wal.'],
      'bytes',
      [
        [`sum by (instance) (${series('eventail_wal_bytes')})`, 'size {{instance}}'],
        [`sum by (instance) (${series('eventail_wal_capacity_bytes')})`, 'bound {{instance}}'],
      ],
    ),
    curves(
      ['Oldest entry in the log', 'Event time of the oldest entry that a required client still needs, until now.'],
      's',
      [
        [
          `time() - max by (instance) (${series('eventail_wal_oldest_entry_timestamp_seconds')} > 0)`,
          'age {{instance}}',
        ],
        [quantileOf(0.99, 'instance', 'eventail_wal_fsync_duration_seconds'), 'sync to disk {{instance}}'],
      ],
    ),
    curves(['Leader', 'Which replica ships, how often that changed, and renewals of the Lease that failed.'], 'short', [
      [`max by (instance) (${series('eventail_leader')})`, 'leader {{instance}}'],
      [`max(${series('eventail_leader_transitions_total')})`, 'changes'],
      [
        `sum by (instance) (increase(${series('eventail_lease_renew_failures_total')}[$__rate_interval]))`,
        'failed {{instance}}',
      ],
    ]),
    curves(['Position writes', 'Writes of the position by outcome, and of the log that the disk refused.'], 'ops', [
      [rateOf('outcome', 'eventail_checkpoint_writes_total'), '{{outcome}}'],
      [rateOf('instance', 'eventail_wal_write_failures_total'), 'refused by the disk {{instance}}'],
    ]),
  ],
}

const processes: Row = {
  title: 'Process',
  panels: [
    curves(['Memory', 'Resident memory and used heap.'], 'bytes', [
      [`sum by (instance) (${series('process_resident_memory_bytes')})`, 'resident {{instance}}'],
      [`sum by (instance) (${series('nodejs_heap_size_used_bytes')})`, 'heap {{instance}}'],
    ]),
    curves(['CPU', 'Cores in use.'], 'percentunit', [
      [rateOf('instance', 'process_cpu_seconds_total'), '{{instance}}'],
    ]),
  ],
}

/** How the agent does, by its own metrics. */
export const agent = (): ClassicDashboard =>
  layOut({
    uid: 'eventail-agent',
    title: 'Eventail / Agent',
    description: 'How the agents do that tail Kubernetes events into Loki, by their own metrics in Prometheus.',
    tags: ['kubernetes', 'events', 'eventail-agent'],
    from: 'now-6h',
    variables: agentVariables(),
    annotations: [],
    links: [TO_EVENTS],
    rows: [health, accounting, source, delivery, stored, processes],
  })
