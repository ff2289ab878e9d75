import type { Level, LogFormat } from '../log.ts'
import type { ServerOptions } from './config.ts'
import { ignored, record, unsupported } from './decoder.ts'
import { checkedText, duration, flag, integer, oneOf, text } from './scalars.ts'

const NO_MEANING = 'it has no meaning here'
const NO_GRPC = 'there is no gRPC server here'
const meaningless = (keys: readonly string[], why: string) => Object.fromEntries(keys.map((key) => [key, ignored(why)]))

const GRPC_KEYS = [
  'grpc_listen_network',
  'grpc_listen_address',
  'grpc_listen_port',
  'grpc_listen_conn_limit',
  'grpc_collect_max_streams_by_conn',
  'grpc_tls_config',
  'grpc_server_max_recv_msg_size',
  'grpc_server_max_send_msg_size',
  'grpc_server_max_concurrent_streams',
  'grpc_server_max_connection_idle',
  'grpc_server_max_connection_age',
  'grpc_server_max_connection_age_grace',
  'grpc_server_keepalive_time',
  'grpc_server_keepalive_timeout',
  'grpc_server_min_time_between_pings',
  'grpc_server_ping_without_stream_allowed',
  'grpc_server_num_workers',
  'grpc_server_stats_tracking_enabled',
  'grpc_server_recv_buffer_pools_enabled',
  'report_grpc_codes_in_instrumentation_label_enabled',
]

/** The rest of grafana/dskit's server configuration (server/server.go), and Promtail's own keys. */
const OTHER_KEYS = [
  'http_listen_network',
  'http_listen_conn_limit',
  'proxy_protocol_enabled',
  'register_instrumentation',
  'http_server_read_timeout',
  'http_server_read_header_timeout',
  'http_server_write_timeout',
  'http_server_idle_timeout',
  'http_log_closed_connections_without_response_enabled',
  'log_source_ips_enabled',
  'log_source_ips_full',
  'log_source_ips_header',
  'log_source_ips_regex',
  'log_request_headers',
  'log_request_at_info_level_enabled',
  'log_request_exclude_headers_list',
  'trace_request_headers',
  'trace_request_exclude_headers_list',
  'cluster_validation',
  'throughput_latency_cutoff',
  'throughput_unit',
  'external_url',
  'profiling_enabled',
  'enable_runtime_reload',
]

const EXPECTED_PREFIX = 'a path such as /eventail'
const pathPrefix = checkedText(EXPECTED_PREFIX, (value) =>
  /^[\w.~/-]*$/.test(value) ? null : { code: 'BAD_VALUE', expected: EXPECTED_PREFIX },
)

/** With a leading and without a trailing slash; '' for none. */
const normalPrefix = (prefix: string): string => {
  const bare = prefix.replace(/^\/+|\/+$/g, '')
  return bare === '' ? '' : `/${bare}`
}

/** `server:`. */
export const serverSection = record(
  {
    http_listen_address: text(),
    http_listen_port: integer(9080, { min: 0, max: 65_535 }),
    http_path_prefix: pathPrefix,
    log_level: oneOf<Level>(['debug', 'info', 'warn', 'error'], 'info'),
    log_format: oneOf<LogFormat>(['logfmt', 'json'], 'logfmt'),
    disable: flag(false),
    health_check_target: flag(true),
    graceful_shutdown_timeout: duration(30_000),
    http_tls_config: unsupported(
      'TLS on the HTTP pages is not supported: put a proxy in front, or listen on 127.0.0.1',
    ),
    tls_cipher_suites: unsupported('TLS on the HTTP pages is not supported'),
    tls_min_version: unsupported('TLS on the HTTP pages is not supported'),
    ...meaningless(GRPC_KEYS, NO_GRPC),
    ...meaningless(OTHER_KEYS, NO_MEANING),
  },
  (values): ServerOptions => ({
    disable: values.disable,
    httpListenAddress: values.http_listen_address,
    httpListenPort: values.http_listen_port,
    httpPathPrefix: normalPrefix(values.http_path_prefix),
    logLevel: values.log_level,
    logFormat: values.log_format,
    healthCheckTarget: values.health_check_target,
    gracefulShutdownTimeoutMs: values.graceful_shutdown_timeout,
  }),
)
