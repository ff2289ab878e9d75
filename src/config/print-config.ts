import { stringify } from 'yaml'
import type {
  Authorization,
  ClientOptions,
  GrantOptions,
  OAuth2Options,
  PaceOptions,
  Secret,
  TlsOptions,
} from '../loki/client-options.ts'
import { formatSize } from './byte-size.ts'
import type {
  Config,
  LeaderElectionOptions,
  PositionsOptions,
  ScrapeConfig,
  ServerOptions,
  ServerTlsOptions,
  WalOptions,
} from './config.ts'
import { maskClient } from './finish-clients.ts'
import { MASK } from './secret-mask.ts'
import { formatDuration } from './go-duration.ts'

/** Keys as in the file; null and empty ones are left out. */
type Printed = Readonly<Record<string, unknown>>

const isEmpty = (value: unknown): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)

const compact = (printed: Printed): Printed =>
  Object.fromEntries(Object.entries(printed).filter(([, value]) => !isEmpty(value)))

const secretKeys = (key: string, secret: Secret | null): Printed => {
  if (secret === null) return {}
  return secret.kind === 'file' ? { [`${key}_file`]: secret.path } : { [key]: secret.value }
}

const tlsKeys = (tls: TlsOptions): Printed => ({
  tls_config: compact({
    ...secretKeys('ca', tls.ca),
    ...secretKeys('cert', tls.cert),
    ...secretKeys('key', tls.key),
    server_name: tls.serverName,
    insecure_skip_verify: tls.insecureSkipVerify,
    min_version: tls.minVersion,
    max_version: tls.maxVersion,
  }),
})

const proxyKeys = ({ proxy }: Pick<ClientOptions, 'proxy'>): Printed => {
  if (proxy.kind === 'none') return {}
  const connect = Object.entries(proxy.connectHeaders).map(([name, value]) => [name, [value]])
  return compact({
    ...(proxy.kind === 'environment'
      ? { proxy_from_environment: true }
      : { proxy_url: proxy.url, no_proxy: proxy.noProxy }),
    proxy_connect_header: Object.fromEntries(connect),
  })
}

const grantKeys = (grant: GrantOptions): Printed =>
  grant.kind === 'client_credentials'
    ? secretKeys('client_secret', grant.secret)
    : {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        ...secretKeys('client_certificate_key', grant.key),
        client_certificate_key_id: grant.keyId,
        signature_algorithm: grant.algorithm,
        iss: grant.issuer,
        audience: grant.audience,
        claims: grant.claims,
      }

const oauth2Keys = (options: OAuth2Options): Printed =>
  compact({
    client_id: options.clientId,
    ...grantKeys(options.grant),
    scopes: options.scopes,
    token_url: options.tokenUrl,
    endpoint_params: options.endpointParams,
    ...tlsKeys(options.tls),
    ...proxyKeys(options),
  })

const authorizationKeys = (authorization: Authorization): Printed => {
  switch (authorization.kind) {
    case 'none':
      return {}
    case 'basic': {
      const { username, password } = authorization
      return { basic_auth: compact({ ...secretKeys('username', username), ...secretKeys('password', password) }) }
    }
    case 'header': {
      const { type, credentials } = authorization
      return { authorization: compact({ type, ...secretKeys('credentials', credentials) }) }
    }
    case 'oauth2':
      return { oauth2: oauth2Keys(authorization) }
  }
}

const pace = ({ bytesPerSecond, burstBytes }: PaceOptions): Printed => ({
  bytes_per_second: formatSize(bytesPerSecond),
  burst_bytes: formatSize(burstBytes),
})

const fileHeaderKeys = (client: ClientOptions): Printed => {
  const headers = Object.entries(client.fileHeaders).map(([name, parts]) => [
    name,
    compact({
      secrets: parts.flatMap((part) => (part.kind === 'inline' ? [part.value] : [])),
      files: parts.flatMap((part) => (part.kind === 'file' ? [part.path] : [])),
    }),
  ])
  return { http_headers: Object.fromEntries(headers) as Printed }
}

const clientKeys = (client: ClientOptions): Printed =>
  compact({
    name: client.name,
    url: client.url,
    tenant_id: client.tenantId,
    external_labels: client.externalLabels,
    headers: client.headers,
    ...fileHeaderKeys(client),
    ...authorizationKeys(client.authorization),
    ...tlsKeys(client.tls),
    ...proxyKeys(client),
    follow_redirects: client.followRedirects,
    batchwait: formatDuration(client.batchWaitMs),
    batchsize: client.batchSizeBytes,
    timeout: formatDuration(client.timeoutMs),
    backoff_config: {
      min_period: formatDuration(client.backoff.minMs),
      max_period: formatDuration(client.backoff.maxMs),
      max_retries: client.maxRetries,
    },
    drop_rate_limited_batches: client.dropRateLimited,
    required: client.required,
    queue_bytes: formatSize(client.queueBytes),
    linger: formatDuration(client.lingerMs),
    max_pushes_per_second: client.maxPushesPerSecond,
    stream_rate: pace(client.streamPace),
    tenant_rate: pace(client.tenantPace),
    max_chunk_age: formatDuration(client.maxChunkAgeMs),
  })

/** One client as an item of `clients:`, secrets masked; for `-dry-run`, which lists them as Promtail does. */
export const printClient = (client: ClientOptions): string => stringify(clientKeys(maskClient(client)))

const serverTlsKeys = (tls: ServerTlsOptions | null): Printed =>
  tls === null
    ? {}
    : {
        tls_min_version: tls.minVersion.replace('TLS', 'VersionTLS'),
        http_tls_config: compact({
          ...secretKeys('cert', tls.cert),
          ...secretKeys('key', tls.key.kind === 'inline' ? { ...tls.key, value: MASK } : tls.key),
          ...secretKeys('client_ca', tls.clientCa),
          client_auth_type: tls.clientAuth,
        }),
      }

const serverKeys = (server: ServerOptions): Printed =>
  compact({
    http_listen_address: server.httpListenAddress,
    http_listen_port: server.httpListenPort,
    http_path_prefix: server.httpPathPrefix,
    log_level: server.logLevel,
    log_format: server.logFormat,
    disable: server.disable,
    health_check_target: server.healthCheckTarget,
    graceful_shutdown_timeout: formatDuration(server.gracefulShutdownTimeoutMs),
    enable_runtime_reload: server.enableRuntimeReload,
    register_instrumentation: server.registerInstrumentation,
    http_listen_conn_limit: server.connectionLimit,
    http_server_read_timeout: formatDuration(server.readTimeoutMs),
    http_server_read_header_timeout: formatDuration(server.readHeaderTimeoutMs),
    http_server_write_timeout: formatDuration(server.stalledTimeoutMs),
    http_server_idle_timeout: formatDuration(server.idleTimeoutMs),
    ...serverTlsKeys(server.tls),
  })

const positionsKeys = (positions: PositionsOptions): Printed => ({
  store: positions.store,
  filename: positions.filename,
  sync_period: formatDuration(positions.syncPeriodMs),
  lease: compact(positions.lease),
})

const leaderElectionKeys = ({ enabled, timing }: LeaderElectionOptions): Printed => ({
  enabled,
  lease_duration: formatDuration(timing.leaseDurationMs),
  renew_deadline: formatDuration(timing.renewDeadlineMs),
  retry_period: formatDuration(timing.retryPeriodMs),
})

const namespaceKeys = ({ source }: ScrapeConfig): Printed =>
  source.namespaces.kind === 'only'
    ? { namespaces: source.namespaces.names }
    : { exclude_namespaces: source.namespaces.except }

const enrichKeys = (enrich: ScrapeConfig['enrich']): Printed =>
  enrich === null
    ? {}
    : {
        enrich: compact({
          labels: enrich.labels,
          annotations: enrich.annotations,
          owners: enrich.owners,
          namespace_labels: enrich.namespaceLabels,
          node_labels: enrich.nodeLabels,
          resources: enrich.resources,
          wait: formatDuration(enrich.waitMs),
          max_names: enrich.maxNames,
          max_value_length: formatSize(enrich.maxValueBytes),
          cache_size: formatSize(enrich.cacheBytes),
          cache_ttl: formatDuration(enrich.cacheTtlMs),
          requests_per_second: enrich.requestsPerSecond,
        }),
      }

const throttleKeys = (throttle: ScrapeConfig['throttle']): Printed =>
  throttle === null
    ? {}
    : {
        throttle: {
          lines: throttle.lines,
          window: formatDuration(throttle.windowMs),
          namespace_lines: throttle.namespaceLines,
          namespace_window: formatDuration(throttle.namespaceWindowMs),
        },
      }

const jobKeys = (job: ScrapeConfig): Printed => ({
  job_name: job.jobName,
  kubernetes_events: compact({
    ...namespaceKeys(job),
    field_selector: job.source.fieldSelector,
    label_selector: job.source.labelSelector,
    start: job.source.start.kind === 'since' ? formatDuration(job.source.start.durationMs) : job.source.start.kind,
    format: job.entry.format,
    job: job.entry.job,
    labels: job.entry.labels,
    structured_metadata: job.entry.structuredMetadata,
    max_streams: job.entry.maxStreams,
    max_line_size: formatSize(job.entry.maxLineBytes),
    max_label_value_length: formatSize(job.entry.maxLabelValueBytes),
    kubeconfig: job.connection.kubeconfig,
    context: job.connection.context,
    ...enrichKeys(job.enrich),
    ...throttleKeys(job.throttle),
  }),
  ...(job.written.stages !== null && { pipeline_stages: job.written.stages }),
  ...(job.written.relabel !== null && { relabel_configs: job.written.relabel }),
})

const walKeys = (wal: WalOptions | null): Printed =>
  wal === null
    ? { enabled: false }
    : {
        enabled: true,
        dir: wal.directory,
        max_bytes: formatSize(wal.maxBytes),
        segment_bytes: formatSize(wal.segmentBytes),
        fsync: wal.fsync,
      }

const limitKeys = (rate: Config['lineRate']): Printed =>
  rate === null
    ? {}
    : {
        limits_config: {
          readline_rate_enabled: true,
          readline_rate: rate.perSecond,
          readline_burst: rate.burst,
          readline_rate_drop: rate.drop,
        },
      }

/** The configuration in effect as YAML that this program reads, with every secret masked as `<secret>`. */
export const printConfig = (config: Config): string =>
  stringify(
    {
      server: serverKeys(config.server),
      clients: config.clients.map((client) => clientKeys(maskClient(client))),
      positions: positionsKeys(config.positions),
      wal: walKeys(config.wal),
      leader_election: leaderElectionKeys(config.leaderElection),
      scrape_configs: config.scrapeConfigs.map(jobKeys),
      ...limitKeys(config.lineRate),
      drain_timeout: formatDuration(config.drainTimeoutMs),
      heartbeat: formatDuration(config.heartbeatMs),
    },
    // Quotes what YAML 1.1 would not take for text.
    { version: '1.1', lineWidth: 0 },
  )
