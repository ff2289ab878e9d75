import type { KubeEvent } from '../kube/event.ts'
import { shownAnnotations } from './annotations.ts'
import { capped, isShort } from './bounded-text.ts'
import { componentOf, containerOf, type EventLevel, levelOf, namespaceOf, occurrencesOf } from './event-fields.ts'
import type { LineParts, LineWriter } from './line.ts'
import { ANNOTATIONS_LEFT_OUT_KEY, LINE_KEYS, type LineKey } from './names.ts'

/** How a format spells keys and values; the order of the keys is the same for all. */
export type LineStyle = {
  begin(level: EventLevel): string
  end: string
  /** What stands before a value, the separator from the field before included. */
  prefix(key: string): string
  quote(text: string): string
  annotations(pairs: readonly (readonly [name: string, value: string])[]): string
}

/** A style and its prefixes, which are made once: lines are built by concatenation alone. */
type Pen = { readonly style: LineStyle; readonly prefix: Readonly<Record<LineKey, string>> }

/** uid and resourceVersion are written whatever the room. */
const IDENTITY_BYTES = 128

const field = (pen: Pen, prefix: string, text: string, maxBytes: number): string => {
  if (text === '' || maxBytes === 0) return ''
  return prefix + pen.style.quote(isShort(text, maxBytes) ? text : capped(text, maxBytes))
}

const happening = (pen: Pen, event: KubeEvent, parts: LineParts): string => {
  const max = parts.fieldBytes
  let line = field(pen, pen.prefix.type, event.type, max)
  line += field(pen, pen.prefix.reason, event.reason, max)
  line += field(pen, pen.prefix.kind, event.involved.kind, max)
  line += field(pen, pen.prefix.namespace, namespaceOf(event), max)
  line += field(pen, pen.prefix.name, event.involved.name, max)
  line += field(pen, pen.prefix.container, containerOf(event), max)
  if (parts.message !== '') line += pen.prefix.msg + pen.style.quote(parts.message)
  return line + pen.prefix.count + String(occurrencesOf(event))
}

const reporter = (pen: Pen, event: KubeEvent, max: number): string => {
  const component = componentOf(event)
  let line = field(pen, pen.prefix.component, component, max)
  line += field(pen, pen.prefix.node, event.sourceHost, max)
  line += field(pen, pen.prefix.action, event.action, max)
  if (event.reportingComponent !== component)
    line += field(pen, pen.prefix.reporting_component, event.reportingComponent, max)
  if (event.reportingInstance !== event.sourceHost) {
    line += field(pen, pen.prefix.reporting_instance, event.reportingInstance, max)
  }
  if (event.related === null) return line
  line += field(pen, pen.prefix.related_kind, event.related.kind, max)
  line += field(pen, pen.prefix.related_namespace, event.related.namespace, max)
  return line + field(pen, pen.prefix.related_name, event.related.name, max)
}

const times = (pen: Pen, event: KubeEvent, max: number): string => {
  let line = field(pen, pen.prefix.first_seen, event.firstTimestamp, max)
  line += field(pen, pen.prefix.last_seen, event.lastTimestamp, max)
  line += field(pen, pen.prefix.event_time, event.eventTime, max)
  if (event.series === null) return line
  line += pen.prefix.series_count + String(event.series.count)
  return line + field(pen, pen.prefix.series_last_seen, event.series.lastObservedTime, max)
}

const identity = (pen: Pen, event: KubeEvent, max: number): string => {
  let line = field(pen, pen.prefix.api_version, event.involved.apiVersion, max)
  line += field(pen, pen.prefix.field_path, event.involved.fieldPath, max)
  line += field(pen, pen.prefix.object_uid, event.involved.uid, max)
  line += field(pen, pen.prefix.object_rv, event.involved.resourceVersion, max)
  line += field(pen, pen.prefix.event, event.name, max)
  if (event.namespace !== namespaceOf(event)) line += field(pen, pen.prefix.event_namespace, event.namespace, max)
  line += field(pen, pen.prefix.uid, event.uid, IDENTITY_BYTES)
  return line + field(pen, pen.prefix.rv, event.resourceVersion, IDENTITY_BYTES)
}

const remarks = (pen: Pen, event: KubeEvent, parts: LineParts): string => {
  const { pairs, leftOut } = shownAnnotations(event.annotations, parts.fieldBytes)
  let line = field(pen, pen.prefix.skewed, parts.skewed, parts.fieldBytes)
  if (parts.suppressed > 0) line += pen.prefix.suppressed + String(parts.suppressed)
  if (parts.truncatedBytes > 0) line += pen.prefix.truncated_bytes + String(parts.truncatedBytes)
  if (pairs.length > 0) line += pen.style.annotations(pairs)
  return leftOut > 0 ? line + pen.style.prefix(ANNOTATIONS_LEFT_OUT_KEY) + String(leftOut) : line
}

const penOf = (style: LineStyle): Pen => ({
  style,
  prefix: Object.fromEntries(LINE_KEYS.map((key) => [key, style.prefix(key)])) as Pen['prefix'],
})

/** A writer of the fields of an event in the order of `LINE_KEYS`, in one style. */
export const createFieldWriter = (style: LineStyle): LineWriter => {
  const pen = penOf(style)
  return (event, parts) =>
    style.begin(levelOf(event.type)) +
    happening(pen, event, parts) +
    reporter(pen, event, parts.fieldBytes) +
    times(pen, event, parts.fieldBytes) +
    identity(pen, event, parts.fieldBytes) +
    remarks(pen, event, parts) +
    style.end
}
