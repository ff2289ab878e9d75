import type { ClientOptions, PaceOptions } from '../loki/client-options.ts'
import { authorization, basicAuth, chosenAuthorization } from './client-authorization.ts'
import { fileHeaders, headerName, headerValue, httpHeader, httpHeaderName, inlineHeaders } from './client-headers.ts'
import { oauth2 } from './client-oauth2.ts'
import { chosenProxy, proxyKeys, tlsConfig } from './client-transport.ts'
import { ignored, mapOf, record, required, secret, type Section } from './decoder.ts'
import { pushUrl, type PushUrl } from './push-url.ts'
import { checkedText, duration, flag, integer, labelName, size, text } from './scalars.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Loki takes bodies up to 100 MiB, and by default 6 MB per second and burst. */
const MAX_BATCH_BYTES = 100 * MIB
const MAX_QUEUE_BYTES = 4096 * MIB

/** Loki's per_stream_rate_limit and its burst are 3 MB and 15 MB by default: a little below. */
const STREAM_PACE: PaceOptions = { bytesPerSecond: 2816 * KIB, burstBytes: 12 * MIB }
/** Loki's ingestion_rate_mb and ingestion_burst_size_mb are 4 and 6 by default: a little below. */
const TENANT_PACE: PaceOptions = { bytesPerSecond: 3840 * KIB, burstBytes: 5 * MIB }

/** Legal tenants: dskit tenant/tenant.go. */
const tenant = checkedText("a tenant of at most 150 letters, digits and !-_.*'()", (value) =>
  /^[A-Za-z0-9!\-_.*'()]{0,150}$/.test(value) && value !== '.' && value !== '..'
    ? null
    : { code: 'BAD_VALUE', expected: "a tenant of at most 150 letters, digits and !-_.*'()" },
)

const backoffConfig = record(
  {
    min_period: duration(500, { min: 1 }),
    max_period: duration(300_000, { min: 1 }),
    max_retries: integer(0, { min: 0, max: 1_000_000 }),
  },
  (values, section) => {
    if (values.min_period > values.max_period) {
      section.report('min_period', 'CONFLICT', 'expected min_period to be no longer than max_period, got a longer one')
    }
    return values
  },
)

const pace = (absent: PaceOptions) =>
  record(
    {
      bytes_per_second: size(absent.bytesPerSecond, { min: 0, max: MAX_QUEUE_BYTES }),
      burst_bytes: size(absent.burstBytes, { min: 1, max: MAX_QUEUE_BYTES }),
    },
    (values): PaceOptions => ({ bytesPerSecond: values.bytes_per_second, burstBytes: values.burst_bytes }),
  )

const fields = {
  name: text(),
  url: pushUrl,
  tenant_id: tenant,
  external_labels: mapOf(text(), labelName),
  headers: mapOf(headerValue, headerName),
  batchwait: duration(1000, { min: 0, max: 600_000 }),
  batchsize: size(MIB, { min: 1, max: MAX_BATCH_BYTES }),
  timeout: duration(10_000, { min: 1, max: 3_600_000 }),
  backoff_config: backoffConfig,
  drop_rate_limited_batches: flag(false),
  basic_auth: basicAuth,
  authorization,
  bearer_token: secret(text()),
  bearer_token_file: text(),
  oauth2,
  tls_config: tlsConfig,
  ...proxyKeys,
  http_headers: secret(mapOf(httpHeader, httpHeaderName)),
  follow_redirects: flag(true),
  enable_http2: ignored('pushes use HTTP/1.1'),
  stream_lag_labels: ignored('Promtail dropped this key too'),
  required: flag(true),
  queue_bytes: size(16 * MIB, { min: 64 * KIB, max: MAX_QUEUE_BYTES }),
  linger: duration(25, { min: 0, max: 600_000 }),
  max_pushes_per_second: integer(20, { min: 1, max: 10_000 }),
  stream_rate: pace(STREAM_PACE),
  tenant_rate: pace(TENANT_PACE),
  max_chunk_age: duration(7_200_000, { min: 60_000 }),
}

const lingerMs = (values: { readonly linger: number; readonly batchwait: number }, section: Section): number => {
  if (values.linger > values.batchwait && section.has('linger')) {
    section.report('linger', 'CONFLICT', 'expected linger to be no longer than batchwait, got a longer one')
  }
  return Math.min(values.linger, values.batchwait)
}

const checkUrl = (url: PushUrl, section: Section): void => {
  if (url.host !== '' && !/[^/]/.test(url.path)) {
    section.warn('url', "has no path, and is used as it is: Loki's push API is at /loki/api/v1/push")
  }
}

const checkQueue = (values: { readonly queue_bytes: number; readonly batchsize: number }, section: Section): void => {
  if (values.queue_bytes < values.batchsize) {
    const key = section.has('queue_bytes') ? 'queue_bytes' : 'batchsize'
    section.report(key, 'CONFLICT', 'expected queue_bytes to be at least batchsize, got less')
  }
}

const client = (clientFields: typeof fields) =>
  record(clientFields, (values, section): ClientOptions => {
    checkUrl(values.url, section)
    checkQueue(values, section)
    return {
      name: values.name,
      url: values.url.url,
      host: values.url.host,
      tenantId: values.tenant_id,
      externalLabels: values.external_labels,
      headers: { ...inlineHeaders(values.http_headers), ...values.headers },
      fileHeaders: fileHeaders(values.http_headers),
      authorization: chosenAuthorization(values, section),
      tls: values.tls_config,
      proxy: chosenProxy(values, section),
      followRedirects: values.follow_redirects,
      batchWaitMs: values.batchwait,
      batchSizeBytes: values.batchsize,
      lingerMs: lingerMs(values, section),
      maxPushesPerSecond: values.max_pushes_per_second,
      queueBytes: values.queue_bytes,
      timeoutMs: values.timeout,
      backoff: { minMs: values.backoff_config.min_period, maxMs: values.backoff_config.max_period },
      maxRetries: values.backoff_config.max_retries,
      dropRateLimited: values.drop_rate_limited_batches,
      required: values.required,
      streamPace: values.stream_rate,
      tenantPace: values.tenant_rate,
      maxChunkAgeMs: values.max_chunk_age,
    }
  })

/** One item of `clients:`; without a name it has '' until `finishClient` gives it one. */
export const clientItem = client({ ...fields, url: required(pushUrl) })

/** The deprecated `client:`, which the flags `-client.*` fill: without a URL (`url` is '') it only gives external labels. */
export const deprecatedClient = client(fields)
