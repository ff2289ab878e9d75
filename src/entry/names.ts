import type { LineFormat } from './entry.ts'

/**
 * The names by which rules, dashboards and people find what the agent writes. They are a contract: queries, alert rules
 * and dashboards are tested against these lists, and a change of them is a breaking change.
 *
 * What is where, for the formats `logfmt` and `json`:
 *
 * - Index labels: `job`, `namespace`, `kind`, `type` (and `cluster` from the client's `external_labels`). Few values each.
 * - Structured metadata: `reason`, `name`, `component`, `node`, `container`. Absent with `structured_metadata: false`.
 * - The line holds everything, also what is a label: a person reads it without unfolding, it can be searched with `|=`,
 *   and queries that parse it work whether or not there is structured metadata. After `| logfmt` or `| json` Loki
 *   renames a parsed key that is already a label or metadata to `<key>_extracted`; so `kind` is the label and
 *   `kind_extracted` the same value again. Keys and labels of one name mean the same thing. They differ only where a
 *   label was bounded: when it became `overflow`, or was too long, `<key>_extracted` has the true value.
 */
export const INDEX_LABELS = ['job', 'namespace', 'kind', 'type'] as const
export type IndexLabel = (typeof INDEX_LABELS)[number]

/** The labels whose values come from events, in the order in which the stream guard takes them away. */
export const GUARDED_LABELS = ['namespace', 'kind', 'type'] as const

/** Structured metadata in the order it is sent. */
export const METADATA_NAMES = ['reason', 'name', 'component', 'node', 'container'] as const
export type MetadataName = (typeof METADATA_NAMES)[number]

/**
 * Structured metadata that `enrich: {owners: true}` adds: the controller at the end of the involved object's chain of
 * owners (a Pod's Deployment), the object itself when it has none. Absent where it could not be looked up in time. The
 * chosen labels and annotations follow, by their own names.
 */
export const OWNER_NAMES = ['owner_kind', 'owner_name'] as const

/** What a label value becomes beyond `max_streams`. */
export const OVERFLOW = 'overflow'

/**
 * Keys of a line in their order, what a reader wants first. `level`, `count`, `uid` and `rv` are always there, the rest
 * when it has a value.
 *
 * - `level`: `warn` for type Warning, `info` for Normal, `error` for Error (no standard type, but written by some
 *   controllers), `info` for any other. Upper and lower case do not matter. Loki's `detected_level` follows it.
 * - `type`, `reason`, `action`, `msg`: of the event, as written.
 * - `kind`, `name`, `namespace`, `container`, `api_version`, `field_path`, `object_uid`, `object_rv`: of the involved
 *   object. `namespace` is the event's when the object has none.
 * - `count`: occurrences so far, the larger of `count` and `series.count`, at least 1. Cumulative: don't sum it up.
 * - `component`: `source.component`, else the reporting component. `node`: `source.host`. `reporting_component` and
 *   `reporting_instance` only when they say something else than these two.
 * - `related_*`: the second object, for some events of the newer API.
 * - `first_seen`, `last_seen`, `event_time`, `series_last_seen`: the times as the API server gave them.
 * - `event`: the name of the event itself; `event_namespace`: where it lies, when that is not `namespace`.
 * - `uid`, `rv`: uid and resourceVersion of the event. Together they identify the revision.
 * - `skewed`: the writer's time, when it was more than ten minutes ahead and the entry got the server's.
 * - `suppressed`: with `throttle`, how many of the `count` occurrences were more than its limit lets through; absent at 0.
 * - `truncated_bytes`: how much of the message is missing, because the line would have been too long.
 */
export const LINE_KEYS = [
  'level',
  'type',
  'reason',
  'kind',
  'namespace',
  'name',
  'container',
  'msg',
  'count',
  'component',
  'node',
  'action',
  'reporting_component',
  'reporting_instance',
  'related_kind',
  'related_namespace',
  'related_name',
  'first_seen',
  'last_seen',
  'event_time',
  'series_count',
  'series_last_seen',
  'api_version',
  'field_path',
  'object_uid',
  'object_rv',
  'event',
  'event_namespace',
  'uid',
  'rv',
  'skewed',
  'suppressed',
  'truncated_bytes',
] as const
export type LineKey = (typeof LINE_KEYS)[number]

/**
 * Annotations of the event come last: an object `annotations` in `json`, keys `annotations_<sanitised>` in `logfmt`,
 * which is also what Loki's `| json` makes of the former. Then `annotations_left_out`, if some were.
 */
export const ANNOTATIONS_KEY = 'annotations'
export const ANNOTATIONS_LEFT_OUT_KEY = 'annotations_left_out'

/** Keys of the placeholder for something that arrived instead of an event. `dead_letter` tells why. */
export const DEAD_LETTER_KEYS = ['level', 'dead_letter', 'namespace', 'msg', 'uid', 'rv', 'head'] as const

/** The label `job` of a format when none is configured: the agent's own, or that of the agent it takes after. */
export const DEFAULT_JOB: Readonly<Record<LineFormat, string>> = {
  logfmt: 'kubernetes-events',
  json: 'kubernetes-events',
  alloy: 'loki.source.kubernetes_events',
  agent: 'integrations/kubernetes/eventhandler',
  exporter: 'kubernetes-event-exporter',
}

/**
 * The agent's own stream, `{job="eventail"}` with the client's external labels: a line now and then, by which a quiet
 * cluster and a dead agent look different in Loki. No event and no part of the accounting.
 */
export const HEARTBEAT_JOB = 'eventail'
/** The value of `msg` in a heartbeat. */
export const HEARTBEAT_MESSAGE = 'heartbeat'

/**
 * Keys of a heartbeat in their order, all always there; durations in seconds.
 *
 * - `position_age`: how old the position is from which a restart would go on. Up to 100 s in a cluster without events.
 * - `gap_seconds`: as `eventail_gap_seconds_total`, over all watches.
 * - `received`, `recovered`, `filtered`: of all jobs; `sent`, `rejected`, `dropped`, `queued`: of this client. They add up,
 *   and begin at zero with the process.
 * - `state`: `stream` when every watch is open, else the state of one that is not.
 */
export const HEARTBEAT_KEYS = [
  'level',
  'msg',
  'version',
  'position_age',
  'gap_seconds',
  'received',
  'recovered',
  'filtered',
  'sent',
  'rejected',
  'dropped',
  'queued',
  'state',
] as const
export type HeartbeatKey = (typeof HEARTBEAT_KEYS)[number]
