import type { LineFormat } from '../entry/entry.ts'
import type { StartPolicy } from '../kube/source.ts'
import type { ScrapeConfig } from './config.ts'
import {
  documented,
  formed,
  ignored,
  listOf,
  mapOf,
  optional,
  record,
  scalar,
  wrong,
  type Decoder,
  type Section,
} from './decoder.ts'
import { DURATION, textForm } from './form.ts'
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
const startPolicy = scalar<StartPolicy>({ kind: 'all' }, EXPECTED_START, (value) => {
  if (value === 'all' || value === 'new') return { value: { kind: value } }
  const durationMs = parseDuration(value)
  return durationMs === null ? wrong('BAD_VALUE', EXPECTED_START) : { value: { kind: 'since', durationMs } }
})
const start: Decoder<StartPolicy> = formed(startPolicy, {
  ...textForm(`^(?:all|new|${DURATION})$`, 'all, new or a duration'),
  absent: 'all',
})

const FORMATS: readonly LineFormat[] = ['logfmt', 'json', 'alloy', 'agent', 'exporter']

const namespaceList = listOf(kubernetesName(''), (name, earlier) =>
  name !== '' && earlier.includes(name) ? `expected each namespace once, got ${name} again` : null,
)

const kubernetesEvents = record(
  {
    namespaces: documented(namespaceList, {
      says: 'One watch for each. Needs only Roles in those namespaces.',
      example: '[shop, payments]',
      type: 'list of names',
      default: 'all',
    }),
    exclude_namespaces: documented(namespaceList, {
      says: 'All namespaces but these, in one watch. Excludes `namespaces`.',
      example: '[kube-system]',
      type: 'list of names',
      default: 'none',
    }),
    field_selector: documented(fieldSelector, {
      says: 'The API server selects, such as `type!=Normal,involvedObject.kind=Pod`. Fields: `metadata.name`, `metadata.namespace`, `involvedObject.*`, `reason`, `reportingComponent`, `source`, `type`.',
      example: 'type!=Normal',
    }),
    label_selector: documented(labelSelector, {
      says: 'By labels of the events themselves, which few have.',
      example: 'team=shop',
    }),
    start: documented(start, {
      says: 'Without positions: every event that the API server still has, none of them, or those of the last while.',
      example: '30m',
    }),
    format: documented(oneOf(FORMATS, 'logfmt'), {
      says: "The line, its labels and its job. The last three are as Alloy, the Grafana Agent's eventhandler and kubernetes-event-exporter write them, for dashboards made for those.",
      example: 'json',
    }),
    job: documented(text(), {
      says: 'Value of the label `job`.',
      example: 'integrations/kubernetes/eventhandler',
      default: "the format's own",
    }),
    labels: documented(mapOf(text(), labelName), {
      says: 'Added to every entry.',
      example: '{ team: sre }',
      type: 'labels',
    }),
    structured_metadata: documented(flag(true), {
      says: '`off` for a Loki before 3.0, with a schema below v13, or that forbids it: the fields are then in the line only.',
      example: 'false',
    }),
    max_streams: documented(integer(MAX_STREAMS, { min: 1, max: 1_000_000 }), {
      says: "Distinct label sets. Beyond it, new values become `overflow`, counted. Loki's own limit is 5000 for each tenant.",
      example: '2000',
    }),
    /** 0 here: what limits_config says. */
    max_line_size: documented(size(0, { min: KIB, max: 64 * KIB * KIB }), {
      says: 'Longer messages are cut. Loki refuses lines beyond its `max_line_size` (256 KB).',
      example: '64KB',
      default: 'that of `limits_config`, else 256KB',
    }),
    max_label_value_length: documented(size(LOKI_MAX_LABEL_VALUE_BYTES, { min: 16, max: 64 * KIB }), {
      says: "Longer values are cut. Loki's limit is 2048 bytes.",
      example: '1KB',
    }),
    kubeconfig: documented(text(), {
      says: 'How the API server is reached.',
      example: '/etc/eventail/kubeconfig',
      type: 'path',
      default: '`KUBECONFIG`, in the cluster, ~/.kube/config',
    }),
    context: documented(text(), {
      says: 'Context of the kubeconfig.',
      example: 'kind-dev',
      default: 'the current one',
    }),
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
const NOT_OURS = 'expected kubernetes_events, got a source of Promtail that is not read here'
const otherSource: Decoder<null> = { effect: { kind: 'forbidden', why: NOT_OURS }, read: () => null }

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
    job_name: documented(text(), {
      says: 'In logs, metrics and positions; not a label. Must be there and be unique.',
      example: 'kubernetes-events',
      default: 'required',
    }),
    kubernetes_events: kubernetesEvents,
    pipeline_stages: documented(written(pipelineStages, true), {
      says: "What is done to each entry; see [Promtail's configuration](promtail.md#pipeline_stages).",
      example: '[{ drop: { source: reason, value: Pulled } }]',
      type: 'list of stages',
    }),
    relabel_configs: documented(written(relabelConfigs, false), {
      says: "What is done to labels; see [Promtail's configuration](promtail.md#relabel_configs).",
      example: '[{ regex: host, action: labeldrop }]',
      type: 'list of rules',
    }),
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
