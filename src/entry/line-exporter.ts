import type { KubeEvent, ObjectReference } from '../kube/event.ts'
import { capped } from './bounded-text.ts'
import type { LineParts, LineWriter } from './line.ts'
import { goJsonText } from './quoting.ts'

/** Labels or annotations of an event beyond this are left out. */
const MAX_MAP_ENTRIES = 32
/** uid and resourceVersion are written whatever the room. */
const IDENTITY_BYTES = 128

/** Go's `omitempty`: nothing for ''. */
const optional = (key: string, text: string, maxBytes: number): string =>
  text === '' || maxBytes === 0 ? '' : `"${key}":${goJsonText(capped(text, maxBytes))},`

const always = (key: string, text: string, maxBytes: number): string =>
  `"${key}":${goJsonText(capped(text, maxBytes))},`

/** metav1.Time and MicroTime: null when zero. */
const time = (key: string, text: string, maxBytes: number): string =>
  text === '' || maxBytes === 0 ? `"${key}":null,` : always(key, text, maxBytes)

/** Members end with a comma each; the last one is taken away. */
const object = (members: string): string => `{${members.slice(0, -1)}}`

const map = (key: string, entries: Readonly<Record<string, string>>, maxBytes: number): string => {
  const names = Object.keys(entries).sort().slice(0, MAX_MAP_ENTRIES)
  if (names.length === 0 || maxBytes === 0) return ''
  let members = ''
  for (const name of names) {
    members += `${goJsonText(capped(name, maxBytes))}:${goJsonText(capped(entries[name] ?? '', maxBytes))},`
  }
  return `"${key}":${object(members)},`
}

const reference = (ref: ObjectReference, maxBytes: number): string =>
  object(
    optional('kind', ref.kind, maxBytes) +
      optional('namespace', ref.namespace, maxBytes) +
      optional('name', ref.name, maxBytes) +
      optional('uid', ref.uid, maxBytes) +
      optional('apiVersion', ref.apiVersion, maxBytes) +
      optional('resourceVersion', ref.resourceVersion, maxBytes) +
      optional('fieldPath', ref.fieldPath, maxBytes),
  )

const metadata = (event: KubeEvent, maxBytes: number): string =>
  object(
    optional('name', event.name, maxBytes) +
      optional('namespace', event.namespace, maxBytes) +
      always('uid', event.uid, IDENTITY_BYTES) +
      always('resourceVersion', event.resourceVersion, IDENTITY_BYTES) +
      time('creationTimestamp', event.creationTimestamp, maxBytes) +
      map('labels', event.labels, maxBytes) +
      map('annotations', event.annotations, maxBytes),
  )

const source = (event: KubeEvent, maxBytes: number): string =>
  object(optional('component', event.sourceComponent, maxBytes) + optional('host', event.sourceHost, maxBytes))

const series = (event: KubeEvent, maxBytes: number): string => {
  if (event.series === null) return ''
  const count = event.series.count === 0 ? '' : `"count":${event.series.count},`
  return `"series":${object(count + time('lastObservedTime', event.series.lastObservedTime, maxBytes))},`
}

const message = (parts: LineParts): string => {
  const remark = parts.truncatedBytes === 0 ? '' : ` (${parts.truncatedBytes} bytes cut off)`
  return parts.message + remark === '' ? '' : `"message":${goJsonText(parts.message + remark)},`
}

const line = (event: KubeEvent, parts: LineParts, cluster: string): string => {
  const max = parts.fieldBytes
  return object(
    `"metadata":${metadata(event, max)},` +
      optional('reason', event.reason, max) +
      message(parts) +
      `"source":${source(event, max)},` +
      time('firstTimestamp', event.firstTimestamp, max) +
      time('lastTimestamp', event.lastTimestamp, max) +
      (event.count === 0 ? '' : `"count":${event.count},`) +
      optional('type', event.type, max) +
      time('eventTime', event.eventTime, max) +
      series(event, max) +
      optional('action', event.action, max) +
      (event.related === null ? '' : `"related":${reference(event.related, max)},`) +
      always('reportingComponent', event.reportingComponent, max) +
      always('reportingInstance', event.reportingInstance, max) +
      optional('clusterName', cluster, max) +
      `"involvedObject":${reference(event.involved, max)},`,
  )
}

/**
 * A writer of kubernetes-event-exporter's enhanced event: core/v1's field names in the order of Go's struct, with
 * `involvedObject` last because the exporter replaces it. After `| json` Loki knows `involvedObject_kind`,
 * `source_component`, `metadata_namespace` and so on. The involved object's own labels and annotations are not looked
 * up. `cluster` '' leaves `clusterName` out, as versions before it did.
 */
export const exporterLineWriter =
  (cluster: string): LineWriter =>
  (event, parts) =>
    line(event, parts, cluster)
