import type { ClientOptions } from '../loki/client-options.ts'
import { chosenAuthorization } from './client-authorization.ts'
import { clientFields } from './client-fields.ts'
import { fileHeaders, inlineHeaders } from './client-headers.ts'
import { chosenProxy } from './client-transport.ts'
import { record, required, type Section } from './decoder.ts'
import type { PushUrl } from './push-url.ts'

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

const client = (fields: typeof clientFields) =>
  record(fields, (values, section): ClientOptions => {
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
export const clientItem = client({ ...clientFields, url: required(clientFields.url) })

/** The deprecated `client:`, which the flags `-client.*` fill: without a URL (`url` is '') it only gives external labels. */
export const deprecatedClient = client(clientFields)
