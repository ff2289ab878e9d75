import type { LineFormat } from '../entry/entry.ts'
import type { StartPolicy } from '../kube/source.ts'
import type { ScrapeConfig } from './config.ts'
import { ignored, listOf, mapOf, optional, record, scalar, wrong, type Decoder, type Section } from './decoder.ts'
import { enrichSection } from './enrich-section.ts'
import { parseDuration } from './go-duration.ts'
import { kubernetesName } from './positions-section.ts'
import { relabelConfigs } from './relabel-section.ts'
import { fieldSelector, labelSelector } from './selectors.ts'
import { flag, integer, labelName, oneOf, size, text } from './scalars.ts'
import { throttleSection } from './throttle-section.ts'
import { written } from './written.ts'
import { pipelineStages } from '../stages/pipeline-stages.ts'

const KIB = 1024

/** Loki's max_line_size, max_label_value_length and (5000) max_global_streams_per_user, as they are by default. */
export const LOKI_MAX_LINE_BYTES = 256 * KIB
const LOKI_MAX_LABEL_VALUE_BYTES = 2048
const MAX_STREAMS = 4000

const EXPECTED_START = 'all, new or a duration such as 30m'
const start: Decoder<StartPolicy> = scalar<StartPolicy>({ kind: 'all' }, EXPECTED_START, (value) => {
  if (value === 'all' || value === 'new') return { value: { kind: value } }
  const durationMs = parseDuration(value)
  return durationMs === null ? wrong('BAD_VALUE', EXPECTED_START) : { value: { kind: 'since', durationMs } }
})

const FORMATS: readonly LineFormat[] = ['logfmt', 'json', 'alloy', 'agent', 'exporter']

const namespaceList = listOf(kubernetesName(''), (name, earlier) =>
  name !== '' && earlier.includes(name) ? `expected each namespace once, got ${name} again` : null,
)

const kubernetesEvents = record(
  {
    namespaces: namespaceList,
    exclude_namespaces: namespaceList,
    field_selector: fieldSelector,
    label_selector: labelSelector,
    start,
    format: oneOf(FORMATS, 'logfmt'),
    job: text(),
    labels: mapOf(text(), labelName),
    structured_metadata: flag(true),
    max_streams: integer(MAX_STREAMS, { min: 1, max: 1_000_000 }),
    /** 0 here: what limits_config says. */
    max_line_size: size(0, { min: KIB, max: 64 * KIB * KIB }),
    max_label_value_length: size(LOKI_MAX_LABEL_VALUE_BYTES, { min: 16, max: 64 * KIB }),
    kubeconfig: text(),
    context: text(),
    enrich: optional(enrichSection),
    throttle: optional(throttleSection),
  },
  (values, section): Pick<ScrapeConfig, 'connection' | 'source' | 'entry' | 'enrich' | 'throttle'> => {
    const { namespaces: names, exclude_namespaces: except } = values
    if (names.length > 0 && except.length > 0) {
      section.report('exclude_namespaces', 'CONFLICT', 'expected one of namespaces and exclude_namespaces, got both')
    }
    return {
      connection: { kubeconfig: values.kubeconfig, context: values.context },
      source: {
        namespaces: names.length > 0 ? { kind: 'only', names } : { kind: 'all', except },
        fieldSelector: values.field_selector,
        labelSelector: values.label_selector,
        start: values.start,
      },
      entry: {
        format: values.format,
        job: values.job,
        labels: Object.fromEntries(Object.entries(values.labels).filter(([, value]) => value !== '')),
        structuredMetadata: values.structured_metadata,
        maxStreams: values.max_streams,
        maxLineBytes: values.max_line_size,
        maxLabelValueBytes: values.max_label_value_length,
      },
      enrich: values.enrich,
      throttle: values.throttle,
    }
  },
)

/** Sources of Promtail (scrapeconfig/scrapeconfig.go): no key of ours, and no slip of the pen either. */
const OTHER_SOURCES = [
  'static_configs',
  'journal',
  'syslog',
  'gcplog',
  'loki_push_api',
  'windows_events',
  'kafka',
  'azure_event_hubs',
  'gelf',
  'cloudflare',
  'heroku_drain',
  ...['docker', 'dns', 'file', 'consul', 'digitalocean', 'dockerswarm', 'serverset', 'nerve', 'marathon'].map(
    (service) => `${service}_sd_configs`,
  ),
  ...['consulagent', 'kubernetes', 'gce', 'ec2', 'openstack', 'azure', 'triton'].map(
    (service) => `${service}_sd_configs`,
  ),
] as const

/** Its content is not looked at; that it is there is reported by the item. */
const otherSource: Decoder<null> = { read: () => null }
const NOT_OURS = 'expected kubernetes_events, got a source of Promtail that is not read here'

const checkSource = (jobName: string, section: Section): void => {
  const others = OTHER_SOURCES.filter((source) => section.names(source))
  for (const source of others) section.reportKey(source, 'UNSUPPORTED', NOT_OURS)
  if (section.names('kubernetes_events') || others.length > 0) return
  const why = `no valid target scrape config defined for ${JSON.stringify(jobName)}`
  section.report('kubernetes_events', 'MISSING_KEY', `${why}: expected kubernetes_events, got no source`)
}

/** One item of `scrape_configs`. */
export const scrapeItem = record(
  {
    job_name: text(),
    kubernetes_events: kubernetesEvents,
    pipeline_stages: written(pipelineStages, true),
    relabel_configs: written(relabelConfigs, false),
    encoding: ignored('events are UTF-8'),
    decompression: ignored('events are not compressed files'),
    ...Object.fromEntries(OTHER_SOURCES.map((source) => [source, otherSource])),
  },
  (values, section): ScrapeConfig => {
    if (values.job_name === '') section.report('job_name', 'MISSING_KEY', 'job_name is empty')
    checkSource(values.job_name, section)
    return {
      jobName: values.job_name,
      ...values.kubernetes_events,
      relabel: values.relabel_configs.value,
      stages: values.pipeline_stages.value,
      written: { relabel: values.relabel_configs.yaml, stages: values.pipeline_stages.yaml },
    }
  },
)
