/** Counters and gauges of the agent, as docs/metrics.md has them. */
const PLAIN = `
  eventail_events_received_total
  eventail_events_recovered_total
  eventail_events_filtered_total
  eventail_entries_sent_total
  eventail_entries_rejected_total
  eventail_entries_dropped_total
  eventail_dead_letters_total
  logentry_dropped_lines_total
  logentry_dropped_lines_by_label_total
  loki_process_truncated_fields_total
  eventail_pushes_total
  eventail_entries_resent_total
  eventail_heartbeats_total
  eventail_stream_guard_overflow_total
  eventail_entries_truncated_total
  eventail_entries_skewed_total
  promtail_sent_entries_total
  promtail_sent_bytes_total
  promtail_encoded_bytes_total
  promtail_dropped_entries_total
  promtail_dropped_bytes_total
  promtail_mutated_entries_total
  promtail_mutated_bytes_total
  promtail_batch_retries_total
  promtail_config_reload_success_total
  promtail_config_reload_fail_total
  eventail_watch_restarts_total
  eventail_gaps_total
  eventail_gap_seconds_total
  eventail_collapsed_possible_total
  eventail_backfill_pages_total
  eventail_malformed_frames_total
  eventail_kube_requests_total
  eventail_checkpoint_writes_total
  eventail_checkpoint_refused_total
  eventail_leader_transitions_total
  eventail_lease_renew_failures_total
  eventail_wal_write_failures_total
  eventail_wal_records_corrupt_total
  eventail_wal_set_aside_total
  eventail_wal_missing_total
  eventail_entries_queued
  eventail_queue_bytes
  eventail_queue_capacity_bytes
  eventail_streams_parked
  eventail_client_ready
  eventail_watch_up
  eventail_source_state
  eventail_watch_last_activity_timestamp_seconds
  eventail_owed_intervals
  eventail_store_epoch
  eventail_position_age_seconds
  eventail_checkpoint_timestamp_seconds
  eventail_leader
  eventail_lease_last_renewal_timestamp_seconds
  eventail_wal_bytes
  eventail_wal_capacity_bytes
  eventail_wal_segments
  eventail_wal_backlog_entries
  eventail_wal_oldest_entry_timestamp_seconds
  eventail_build_info
  eventail_config_last_reload_successful
`

const HISTOGRAMS = `
  eventail_delivery_lag_seconds
  promtail_request_duration_seconds
  eventail_wal_fsync_duration_seconds
`

/** Those of prom-client that its dashboards need, and what Prometheus itself writes of each target. */
const OF_PROCESS = `
  process_resident_memory_bytes
  process_cpu_seconds_total
  process_start_time_seconds
  process_open_fds
  nodejs_heap_size_used_bytes
  nodejs_heap_size_total_bytes
  nodejs_eventloop_lag_p99_seconds
  up
`

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Names of series that the agent exports. A test holds them to docs/metrics.md. */
export const AGENT_SERIES: ReadonlySet<string> = new Set([
  ...words(PLAIN),
  ...words(HISTOGRAMS).flatMap((name) => ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)),
  ...words(OF_PROCESS),
])
