import type { PaceOptions } from '../loki/client-options.ts'
import { authorization, basicAuth } from './client-authorization.ts'
import { headerName, headerValue, httpHeader, httpHeaderName } from './client-headers.ts'
import { oauth2 } from './client-oauth2.ts'
import { proxyKeys, tlsConfig } from './client-transport.ts'
import { documented, ignored, mapOf, nameRule, record, secret } from './decoder.ts'
import { pushUrl } from './push-url.ts'
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
const tenant = checkedText(
  "a tenant of at most 150 letters, digits and !-_.*'()",
  nameRule("^(?!\\.{1,2}$)[A-Za-z0-9!\\-_.*'()]{0,150}$", {
    code: 'BAD_VALUE',
    expected: "a tenant of at most 150 letters, digits and !-_.*'()",
  }),
)

const backoffConfig = record(
  {
    min_period: documented(duration(500, { min: 1 }), {
      says: 'First wait before a retry; each next one is twice as long, with jitter.',
      example: '1s',
    }),
    max_period: documented(duration(300_000, { min: 1 }), { says: 'Longest wait before a retry.', example: '1m' }),
    max_retries: documented(integer(0, { min: 0, max: 1_000_000 }), {
      says: "Attempts before a batch is dropped. 0: never; the source is not read on meanwhile, and positions stay where they are. Promtail's default is 10, after which events are lost.",
      example: '20',
    }),
  },
  (values, section) => {
    if (values.min_period > values.max_period) {
      section.report('min_period', 'CONFLICT', 'expected min_period to be no longer than max_period, got a longer one')
    }
    return values
  },
)

const pace = (absent: PaceOptions, says: readonly [rate: string, burst: string]) =>
  record(
    {
      bytes_per_second: documented(size(absent.bytesPerSecond, { min: 0, max: MAX_QUEUE_BYTES }), {
        says: says[0],
        example: '1MB',
      }),
      burst_bytes: documented(size(absent.burstBytes, { min: 1, max: MAX_QUEUE_BYTES }), {
        says: says[1],
        example: '4MB',
      }),
    },
    (values): PaceOptions => ({ bytesPerSecond: values.bytes_per_second, burstBytes: values.burst_bytes }),
  )

const addressing = {
  name: documented(text(), {
    says: 'In logs and metrics. Must be unique: two clients with the same settings are refused.',
    example: 'prod-loki',
    default: 'six hex digits from a SHA-256 of the settings',
  }),
  url: documented(pushUrl, {
    says: "Used as it is: Loki's path is `/loki/api/v1/push`. `user:password@` in it becomes basic authorization and is shown nowhere.",
    example: 'http://loki:3100/loki/api/v1/push',
  }),
  tenant_id: documented(tenant, {
    says: "Sent as `X-Scope-OrgID`. At most 150 letters, digits and `!-_.*'()`.",
    example: 'prod',
  }),
  external_labels: documented(mapOf(text(), labelName), {
    says: "Added to each entry; the entry's own labels win. Put `cluster` here.",
    example: '{ cluster: prod-eu }',
    type: 'labels',
  }),
  headers: documented(mapOf(headerValue, headerName), {
    says: 'Added to each push. They never replace a header that is sent anyway. Their values are treated as secrets.',
    example: '{ X-Team: sre }',
  }),
  http_headers: documented(secret(mapOf(httpHeader, httpHeaderName)), {
    says: 'Headers of every push, each with `values`, `secrets` and `files`; shown nowhere, files read for each push. Those that HTTP or this program sets are refused.',
    example: '{ X-Team: { values: [sre] } }',
    default: 'none',
  }),
}

const pushing = {
  batchwait: documented(duration(1000, { min: 0, max: 600_000 }), {
    says: 'Longest wait of an entry for company. An entry after a pause waits only `linger`.',
    example: '2s',
  }),
  batchsize: documented(size(MIB, { min: 1, max: MAX_BATCH_BYTES }), {
    says: "Bytes of lines and metadata in a push. Above Loki's `ingestion_burst_size_mb` (6 MB), it can never be accepted.",
    example: '512KB',
  }),
  timeout: documented(duration(10_000, { min: 1, max: 3_600_000 }), { says: 'For one attempt.', example: '30s' }),
  backoff_config: backoffConfig,
  drop_rate_limited_batches: documented(flag(false), {
    says: '`true`: a batch is dropped at its first 429 instead of retried.',
    example: 'true',
  }),
  required: documented(flag(true), {
    says: '`false`: this client holds back neither the position nor the source; what it misses is dropped and counted.',
    example: 'false',
  }),
  queue_bytes: documented(size(16 * MIB, { min: 64 * KIB, max: MAX_QUEUE_BYTES }), {
    says: 'Entries that wait or are in flight. At this bound the source is not read. At least `batchsize`.',
    example: '32MB',
  }),
  linger: documented(duration(25, { min: 0, max: 600_000 }), {
    says: 'After a pause, how long the first entry waits for others. At most `batchwait`.',
    example: '100ms',
  }),
  max_pushes_per_second: documented(integer(20, { min: 1, max: 10_000 }), {
    says: 'In calm; a batch that is full is sent at once.',
    example: '5',
  }),
  stream_rate: pace(STREAM_PACE, [
    "Pace of one stream, kept below Loki's `per_stream_rate_limit` (3 MB). 0: no pacing.",
    "Below Loki's `per_stream_rate_limit_burst` (15 MB).",
  ]),
  tenant_rate: pace(TENANT_PACE, [
    "Pace of one tenant, kept below Loki's `ingestion_rate_mb` (4). 0: no pacing.",
    "Below Loki's `ingestion_burst_size_mb` (6).",
  ]),
  max_chunk_age: documented(duration(7_200_000, { min: 60_000 }), {
    says: "Loki's setting of that name: entries older than the stream's newest by half of it are refused there. Entries near that bound are sent alone, so that a refusal is seen.",
    example: '4h',
  }),
}

/** The keys of a client. */
export const clientFields = {
  ...addressing,
  ...pushing,
  basic_auth: basicAuth,
  authorization,
  bearer_token: documented(secret(text()), {
    says: 'Short for `authorization` of type Bearer.',
    example: 'eyJhbGciOi',
  }),
  bearer_token_file: documented(text(), {
    says: 'Read again when it changes.',
    example: '/var/run/secrets/loki/token',
    type: 'path',
  }),
  oauth2,
  tls_config: tlsConfig,
  ...proxyKeys,
  follow_redirects: documented(flag(true), {
    says: '307 and 308 are obeyed; 301, 302 and 303 never, because they would lose the push.',
    example: 'false',
  }),
  enable_http2: ignored('pushes use HTTP/1.1'),
  stream_lag_labels: ignored('Promtail dropped this key too'),
}
