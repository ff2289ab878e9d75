import { AGENT_METRICS } from './agent-metrics.generated.ts'

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
  ...words(AGENT_METRICS.plain),
  ...words(AGENT_METRICS.histograms).flatMap((name) => ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)),
  ...words(OF_PROCESS),
])
