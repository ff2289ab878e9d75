import type { Level, LogFormat } from '../log.ts'
import type { ServerOptions, ServerTlsOptions } from './config.ts'
import { documented, ignored, nameRule, optional, record, secret, unsupported } from './decoder.ts'
import { checkedText, duration, flag, integer, oneOf, text } from './scalars.ts'
import { secretPair } from './secret-pair.ts'

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
  'proxy_protocol_enabled',
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
]

/** As Go names them. */
const MIN_VERSIONS = {
  '': 'TLS12',
  VersionTLS10: 'TLS10',
  VersionTLS11: 'TLS11',
  VersionTLS12: 'TLS12',
  VersionTLS13: 'TLS13',
} as const
const minVersion = oneOf<keyof typeof MIN_VERSIONS>(
  ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'],
  '',
)

/** As crypto/tls names them. */
const CLIENT_AUTH: readonly ServerTlsOptions['clientAuth'][] = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
]

/** `http_tls_config`, as prometheus/exporter-toolkit has it. */
const httpTls = optional(
  record(
    {
      cert: documented(text(), {
        says: 'In place of the file.',
        example: '"-----BEGIN CERTIFICATE-----"',
        type: 'PEM',
      }),
      key: documented(secret(text()), {
        says: 'In place of the file. Shown nowhere.',
        example: '"-----BEGIN PRIVATE KEY-----"',
        type: 'secret PEM',
      }),
      client_ca: documented(text(), {
        says: 'In place of the file.',
        example: '"-----BEGIN CERTIFICATE-----"',
        type: 'PEM',
      }),
      cert_file: documented(text(), {
        says: 'The pages over HTTPS. Files are looked at every minute, and new certificates used.',
        example: '/etc/eventail/tls.crt',
        type: 'path',
      }),
      key_file: documented(text(), {
        says: 'The key of the certificate.',
        example: '/etc/eventail/tls.key',
        type: 'path',
      }),
      client_ca_file: documented(text(), {
        says: 'Whose certificates clients may show.',
        example: '/etc/eventail/clients.pem',
        type: 'path',
      }),
      client_auth_type: documented(oneOf<ServerTlsOptions['clientAuth']>(CLIENT_AUTH, 'NoClientCert'), {
        says: "Which certificate clients must show, as Go's crypto/tls has it; probes of the kubelet cannot show one.",
        example: 'RequireAndVerifyClientCert',
      }),
    },
    (values, section): Omit<ServerTlsOptions, 'minVersion'> | null => {
      const cert = secretPair(section, 'cert', values.cert, values.cert_file)
      const key = secretPair(section, 'key', values.key, values.key_file)
      const clientCa = secretPair(section, 'client_ca', values.client_ca, values.client_ca_file)
      const clientAuth = values.client_auth_type
      const verifies = clientAuth === 'RequireAndVerifyClientCert' || clientAuth === 'VerifyClientCertIfGiven'
      if (cert === null) section.report('cert_file', 'MISSING_KEY', 'expected cert_file or cert, got neither')
      if (key === null) section.report('key_file', 'MISSING_KEY', 'expected key_file or key, got neither')
      if (clientCa === null && verifies) {
        section.report('client_ca_file', 'MISSING_KEY', 'expected client_ca_file or client_ca, got neither')
      }
      return cert === null || key === null ? null : { cert, key, clientAuth, clientCa: verifies ? clientCa : null }
    },
  ),
)

const EXPECTED_PREFIX = 'a path such as /eventail'
const pathPrefix = checkedText(
  EXPECTED_PREFIX,
  nameRule('^[\\w.~/-]*$', { code: 'BAD_VALUE', expected: EXPECTED_PREFIX }),
)

/** With a leading and without a trailing slash; '' for none. */
const normalPrefix = (prefix: string): string => {
  const bare = prefix.replace(/^\/+|\/+$/g, '')
  return bare === '' ? '' : `/${bare}`
}

/** A scraper, the kubelet and a few browsers. */
const MAX_CONNECTIONS = 100
const HEADERS_TIMEOUT_MS = 10_000
/** Longer than Prometheus' usual scrape interval. */
const KEEP_ALIVE_MS = 75_000
/** A connection on which nothing moves for this long, in mid-answer too. */
const STALLED_MS = 120_000

/** `server:`. */
export const serverSection = record(
  {
    http_listen_address: documented(text(), {
      says: '`127.0.0.1` hides the pages from the network.',
      example: '127.0.0.1',
      default: 'all addresses',
    }),
    http_listen_port: documented(integer(9080, { min: 0, max: 65_535 }), {
      says: "0 takes any free port and logs it. Promtail's built-in default is 80; 9080 is what its documentation uses, and it needs no privilege.",
      example: '3101',
    }),
    http_path_prefix: documented(pathPrefix, {
      says: 'Everything is below this path.',
      example: '/eventail',
      default: 'none',
    }),
    log_level: documented(oneOf<Level>(['debug', 'info', 'warn', 'error'], 'info'), {
      says: 'Debug is for developers.',
      example: 'debug',
    }),
    log_format: documented(oneOf<LogFormat>(['logfmt', 'json'], 'logfmt'), {
      says: 'Logs go to stderr.',
      example: 'json',
    }),
    disable: documented(flag(false), { says: 'No pages, so no metrics and no probes.', example: 'true' }),
    health_check_target: documented(flag(true), {
      says: '`false`: `/ready` answers 200 as soon as the process serves.',
      example: 'false',
    }),
    graceful_shutdown_timeout: documented(duration(30_000), {
      says: 'At a stop, how long open HTTP connections may take.',
      example: '10s',
    }),
    http_tls_config: httpTls,
    tls_cipher_suites: unsupported("the cipher suites are Node's: remove tls_cipher_suites"),
    tls_min_version: documented(minVersion, {
      says: 'An older version is not spoken.',
      example: 'VersionTLS13',
      default: 'VersionTLS12',
    }),
    enable_runtime_reload: documented(flag(false), {
      says: '`/reload` (any method) does what SIGHUP does: 200, or 500 when the file is not valid.',
      example: 'true',
    }),
    register_instrumentation: documented(flag(true), { says: '`false`: there is no `/metrics`.', example: 'false' }),
    http_listen_conn_limit: documented(integer(0, { min: 0, max: 1_000_000 }), {
      says: 'Connections at a time; 0 is the default.',
      example: '20',
      default: '100',
    }),
    http_server_read_timeout: documented(duration(30_000), {
      says: 'For a whole request; 0 is without end.',
      example: '10s',
    }),
    http_server_read_header_timeout: documented(duration(0), {
      says: 'For the head of a request; 0 is the default.',
      example: '5s',
      default: '10s',
    }),
    http_server_write_timeout: documented(duration(STALLED_MS), {
      says: 'A connection on which nothing moves for so long is ended, in mid-answer too.',
      example: '30s',
    }),
    http_server_idle_timeout: documented(duration(KEEP_ALIVE_MS), {
      says: 'Between two requests.',
      example: '1m',
    }),
    ...meaningless(GRPC_KEYS, NO_GRPC),
    ...meaningless(OTHER_KEYS, NO_MEANING),
  },
  (values): ServerOptions => ({
    tls: values.http_tls_config && { ...values.http_tls_config, minVersion: MIN_VERSIONS[values.tls_min_version] },
    enableRuntimeReload: values.enable_runtime_reload,
    registerInstrumentation: values.register_instrumentation,
    connectionLimit: values.http_listen_conn_limit || MAX_CONNECTIONS,
    readTimeoutMs: values.http_server_read_timeout,
    readHeaderTimeoutMs: values.http_server_read_header_timeout || HEADERS_TIMEOUT_MS,
    stalledTimeoutMs: values.http_server_write_timeout,
    idleTimeoutMs: values.http_server_idle_timeout,
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
