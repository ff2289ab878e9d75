import type { DeadLetter, KubeEvent, ObjectReference } from '../kube/event.ts'
import { sanitisedName } from './enrichment.ts'

/** Labels for relabel_configs by name; none of them is sent. */
type Pair = readonly [name: string, value: string]

const EVENT = '__meta_kubernetes_event_'
const NAMESPACE = '__meta_kubernetes_namespace'

/** As Prometheus' discovery has it: what it says, and that it is there. */
const mapped = (of: 'label' | 'annotation', values: Readonly<Record<string, string>>): readonly Pair[] =>
  Object.entries(values).flatMap(([name, value]): Pair[] => [
    [`${EVENT}${of}_${sanitisedName(name)}`, value],
    [`${EVENT}${of}present_${sanitisedName(name)}`, 'true'],
  ])

const involvedLabels = (involved: ObjectReference): readonly Pair[] => [
  [`${EVENT}involved_object_kind`, involved.kind],
  [`${EVENT}involved_object_name`, involved.name],
  [`${EVENT}involved_object_namespace`, involved.namespace],
  [`${EVENT}involved_object_api_version`, involved.apiVersion],
  [`${EVENT}involved_object_uid`, involved.uid],
  [`${EVENT}involved_object_field_path`, involved.fieldPath],
  [`${EVENT}involved_object_resource_version`, involved.resourceVersion],
]

const relatedLabels = (related: ObjectReference | null): readonly Pair[] =>
  related === null
    ? []
    : [
        [`${EVENT}related_kind`, related.kind],
        [`${EVENT}related_name`, related.name],
        [`${EVENT}related_namespace`, related.namespace],
      ]

/**
 * What relabel_configs can know of an event: `__meta_kubernetes_event_*`, and `__meta_kubernetes_namespace`, the
 * involved object's, else the event's. Empty values are no labels.
 */
export const metaLabels = (event: KubeEvent): readonly Pair[] => [
  [NAMESPACE, event.involved.namespace === '' ? event.namespace : event.involved.namespace],
  [`${EVENT}type`, event.type],
  [`${EVENT}reason`, event.reason],
  [`${EVENT}action`, event.action],
  [`${EVENT}count`, String(Math.max(event.count, event.series?.count ?? 0, 1))],
  [`${EVENT}name`, event.name],
  [`${EVENT}namespace`, event.namespace],
  [`${EVENT}uid`, event.uid],
  [`${EVENT}resource_version`, event.resourceVersion],
  [`${EVENT}source_component`, event.sourceComponent],
  [`${EVENT}source_host`, event.sourceHost],
  [`${EVENT}reporting_controller`, event.reportingComponent],
  [`${EVENT}reporting_instance`, event.reportingInstance],
  [`${EVENT}api_version`, 'v1'],
  ...involvedLabels(event.involved),
  ...relatedLabels(event.related),
  ...mapped('label', event.labels),
  ...mapped('annotation', event.annotations),
]

/** What is known of something that arrived instead of an event. */
export const deadLetterMetaLabels = (letter: DeadLetter): readonly Pair[] => [
  [NAMESPACE, letter.namespace],
  [`${EVENT}namespace`, letter.namespace],
  [`${EVENT}uid`, letter.uid],
  [`${EVENT}resource_version`, letter.resourceVersion],
]
