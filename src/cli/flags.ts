/** A command-line flag, named as Promtail names it, without dashes. */
export type Flag = {
  readonly name: string
  /** A switch takes a value only as `-name=false`; the others as `-name=x` or `-name x`. */
  readonly kind: 'switch' | 'value'
  readonly help: string
  /** The key of the configuration that it overrides, with dots. */
  readonly key?: string
}

const toggle = (name: string, help: string, key?: string): Flag => ({
  name,
  kind: 'switch',
  help,
  ...(key === undefined ? {} : { key }),
})
const value = (name: string, help: string, key?: string): Flag => ({ ...toggle(name, help, key), kind: 'value' })

/** What every command that reads a configuration takes. */
export const FILE_FLAGS: readonly Flag[] = [
  value('config.file', 'configuration file; of several names with commas, the first that exists'),
  toggle('config.expand-env', 'expand ${VAR} in the configuration file'),
]

export const LOG_FLAGS: readonly Flag[] = [
  value('log.level', 'debug, info, warn or error', 'server.log_level'),
  value('log.format', 'logfmt or json', 'server.log_format'),
]

export const SERVER_FLAGS: readonly Flag[] = [
  value('server.http-listen-address', 'address of the HTTP pages; empty for all', 'server.http_listen_address'),
  value('server.http-listen-port', 'port of the HTTP pages (9080)', 'server.http_listen_port'),
]

/** What only the demonstration takes. */
export const DEMO_FLAGS: readonly Flag[] = [
  value('duration', 'how long it plays, such as 20s; without it until Ctrl-C'),
  value('speed', 'how much faster than recorded (1)'),
  value('loki-port', 'port of the embedded Loki (3100 if free, else any)'),
  value('ui-port', 'port of the page with the dashboards (8090 if free, else any)'),
]

/** What only the comparison of Loki with the API server takes. */
export const VERIFY_FLAGS: readonly Flag[] = [
  value('since', 'how far back it looks, by the time of the events (1h)'),
  value('o', 'table or json'),
]

/** What only the look at everything that is needed takes. */
export const DOCTOR_FLAGS: readonly Flag[] = [value('o', 'table or json')]

/** What only the printing of roles takes. */
export const RBAC_FLAGS: readonly Flag[] = [
  toggle('config.expand-env', 'expand ${VAR} in the configuration file'),
  value('namespace', 'namespace of the agent’s service account; without it none is written, for kustomize'),
  value('service-account', 'name of the service account (eventail)'),
]

/** What only the look into a write-ahead log takes. */
export const WAL_INSPECT_FLAGS: readonly Flag[] = [
  value('entries', 'how many of the waiting entries to print (0)'),
  value('o', 'table or json'),
]

/** What only the look for mistakes in files of rules takes. */
export const RULES_CHECK_FLAGS: readonly Flag[] = [
  value('profile', 'eventail: rules on what the agent writes; generic: any rules for the ruler of Loki (eventail)'),
]

/** What only the look for mistakes in dashboards takes. */
export const DASHBOARDS_CHECK_FLAGS: readonly Flag[] = [
  value('profile', 'eventail: dashboards of what the agent writes; generic: any dashboards of Grafana (eventail)'),
]

const NO_METADATA_FLAG = toggle('no-structured-metadata', 'the variant for a Loki without structured metadata')

const GROUP_BY_FLAG = value(
  'group-by',
  'name, or owner: one alert for the owner of failing objects; needs enrich (name)',
)

/** What only the run of unit tests of rules takes. */
export const RULES_TEST_FLAGS: readonly Flag[] = [
  value('junit', 'file for the results as JUnit XML'),
  NO_METADATA_FLAG,
  GROUP_BY_FLAG,
]

const RUNBOOK_FLAG = value('runbook-url', 'what to put in front of a runbook_url that is a path')

/** Who asks a Loki that no configuration file names. */
const LOKI_ACCESS_FLAGS: readonly Flag[] = [
  value('tenant', 'tenant, for X-Scope-OrgID'),
  value('user', 'user name for basic authentication'),
  value('password-file', 'file with its password'),
  value('bearer-token-file', 'file with a bearer token'),
]

/** What only the comparison with a ruler, and the change of its rules, take. */
export const RULES_SYNC_FLAGS: readonly Flag[] = [
  value('url', 'URL of Loki, such as http://loki:3100'),
  value('namespace', 'namespace of the ruler that holds these rules and no others (eventail)'),
  ...LOKI_ACCESS_FLAGS,
  NO_METADATA_FLAG,
  RUNBOOK_FLAG,
]

/** What only the page with the dashboards takes. */
export const UI_FLAGS: readonly Flag[] = [
  value('loki', 'URL of Loki, such as http://loki:3100'),
  ...LOKI_ACCESS_FLAGS,
  value('listen-address', 'address of the page; empty for all (127.0.0.1)'),
  value('listen-port', 'port of the page (8090)'),
  value('allowed-host', 'names, with commas, under which the page may be opened besides localhost and addresses'),
]

/** What only the rendering of rules takes. */
export const RULES_RENDER_FLAGS: readonly Flag[] = [
  value('as', 'files, configmap, prometheusrule (Alloy) or alertingrule (Loki Operator) (files)'),
  NO_METADATA_FLAG,
  GROUP_BY_FLAG,
  value('out', 'folder to write to, instead of stdout'),
  value('namespace', 'namespace of the objects'),
  value('tenant', 'tenant of custom resources (application)'),
  RUNBOOK_FLAG,
]

/** What only the writing of dashboards takes. */
export const DASHBOARDS_RENDER_FLAGS: readonly Flag[] = [
  NO_METADATA_FLAG,
  value('group-by', 'name, or owner: panels that count by object count by its owner; needs enrich (name)'),
  value('as', 'files or configmap'),
  value('out', 'folder to write to, instead of stdout'),
  value('namespace', 'namespace of the ConfigMap'),
]

/** What only the conversion of another agent's file takes. */
export const CONVERT_FLAGS: readonly Flag[] = [
  value('from', 'promtail, alloy or event-exporter'),
  value('job', 'of several scrape configs of Promtail, the one whose stages and rules are for the events'),
  value('receiver', 'of several that have entries of their own, the loki.write or receiver that the file is for'),
]

const MODE_FLAGS: readonly Flag[] = [
  toggle('dry-run', 'print entries to stdout instead of sending them; positions are read and not written'),
  toggle('inspect', 'show on stderr what each rule and pipeline stage changes'),
  toggle('stdin', 'read events as JSON from stdin, one on a line, instead of from the API server'),
  toggle('check-syntax', 'check the configuration file and exit'),
  toggle('print-config-stderr', 'print the configuration in effect to stderr, secrets masked'),
  toggle('log-config-reverse-order', 'log the configuration in effect, last line first'),
  toggle('version', 'print the version and exit'),
]

const CLIENT_FLAGS: readonly Flag[] = [
  value('client.url', 'push URL of Loki, for a client besides those in the file', 'client.url'),
  value('client.tenant-id', 'its tenant', 'client.tenant_id'),
  value('client.external-labels', 'labels for every entry, such as cluster=a,env=b', 'client.external_labels'),
  value('client.batch-wait', 'longest wait of an entry for its batch', 'client.batchwait'),
  value('client.batch-size-bytes', 'bytes of a batch', 'client.batchsize'),
  value('client.timeout', 'longest wait for an answer', 'client.timeout'),
  value('client.min-backoff', 'first wait before a retry', 'client.backoff_config.min_period'),
  value('client.max-backoff', 'longest wait before a retry', 'client.backoff_config.max_period'),
  value('client.max-retries', 'attempts before a batch is dropped; 0 = never', 'client.backoff_config.max_retries'),
  toggle(
    'client.drop-rate-limited-batches',
    'drop a batch that Loki rate-limits instead of retrying it',
    'client.drop_rate_limited_batches',
  ),
]

const OTHER_FLAGS: readonly Flag[] = [
  value('positions.file', 'file that holds the positions', 'positions.filename'),
  value('positions.sync-period', 'how often positions are written', 'positions.sync_period'),
  value('max-line-size', 'longest line, such as 256KB', 'limits_config.max_line_size'),
  toggle(
    'limit.readline-rate-enabled',
    'limit lines per second, of all pipelines together',
    'limits_config.readline_rate_enabled',
  ),
  value('limit.readline-rate', 'lines per second (10000)', 'limits_config.readline_rate'),
  value('limit.readline-burst', 'lines at once (10000)', 'limits_config.readline_burst'),
  toggle(
    'limit.readline-rate-drop',
    'drop what is too much instead of waiting (true)',
    'limits_config.readline_rate_drop',
  ),
  toggle(
    'max-line-size-truncate',
    'cut longer lines; they are never dropped (true)',
    'limits_config.max_line_size_truncate',
  ),
  toggle('server.disable', 'no HTTP pages', 'server.disable'),
  value('server.path-prefix', 'path before all HTTP pages', 'server.http_path_prefix'),
  toggle('server.enable-runtime-reload', '/reload reads the configuration again', 'server.enable_runtime_reload'),
  toggle('server.register-instrumentation', '/metrics is served (true)', 'server.register_instrumentation'),
  value('server.http-conn-limit', 'connections at a time (100)', 'server.http_listen_conn_limit'),
  value('server.http-read-timeout', 'longest wait for a whole request (30s)', 'server.http_server_read_timeout'),
  value(
    'server.http-read-header-timeout',
    'longest wait for the head of a request (10s)',
    'server.http_server_read_header_timeout',
  ),
  value('server.http-write-timeout', 'longest pause of a connection in use (2m)', 'server.http_server_write_timeout'),
  value('server.http-idle-timeout', 'longest pause between two requests (1m15s)', 'server.http_server_idle_timeout'),
  value('server.graceful-shutdown-timeout', 'wait for open connections', 'server.graceful_shutdown_timeout'),
]

const NONE = 'accepted, without effect'

/** Flags of Promtail that existing deployments carry: each overrides a key that is accepted without effect. */
const MEANINGLESS_FLAGS: readonly Flag[] = [
  toggle('positions.ignore-invalid-yaml', NONE, 'positions.ignore_invalid_yaml'),
  value('target.sync-period', NONE, 'target_config.sync_period'),
  toggle('tracing.enabled', NONE, 'tracing.enabled'),
  value('max-streams', NONE, 'limits_config.max_streams'),
  toggle('server.profiling_enabled', NONE, 'server.profiling_enabled'),
  value('server.http-listen-network', NONE, 'server.http_listen_network'),
  value('server.grpc-listen-network', NONE, 'server.grpc_listen_network'),
  value('server.grpc-listen-address', NONE, 'server.grpc_listen_address'),
  value('server.grpc-listen-port', NONE, 'server.grpc_listen_port'),
  value('server.grpc-conn-limit', NONE, 'server.grpc_listen_conn_limit'),
]

export const RUN_FLAGS: readonly Flag[] = [
  ...FILE_FLAGS,
  ...MODE_FLAGS,
  ...CLIENT_FLAGS,
  ...OTHER_FLAGS,
  ...SERVER_FLAGS,
  ...LOG_FLAGS,
  ...MEANINGLESS_FLAGS,
]

/** Whether it only exists so that a command line written for Promtail works. */
export const isMeaningless = (flag: Flag): boolean => MEANINGLESS_FLAGS.includes(flag)
