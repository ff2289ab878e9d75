import { goLiteral } from './condition.ts'

/** Where extracted texts are in the exporter's line, by their names here (JMESPath). */
export const EXPRESSIONS: Readonly<Record<string, string>> = {
  message: 'message',
  reason: 'reason',
  type: 'type',
  action: 'action',
  count: 'count',
  component: 'source.component',
  host: 'source.host',
  event_name: 'metadata.name',
  event_namespace: 'metadata.namespace',
  event_uid: 'metadata.uid',
  event_resource_version: 'metadata.resourceVersion',
  created: 'metadata.creationTimestamp',
  reporting_controller: 'reportingComponent',
  reporting_instance: 'reportingInstance',
  object_kind: 'involvedObject.kind',
  object_namespace: 'involvedObject.namespace',
  object_name: 'involvedObject.name',
  object_uid: 'involvedObject.uid',
  object_api_version: 'involvedObject.apiVersion',
  object_resource_version: 'involvedObject.resourceVersion',
  object_field_path: 'involvedObject.fieldPath',
  first_timestamp: 'firstTimestamp',
  last_timestamp: 'lastTimestamp',
  event_time: 'eventTime',
}

const TEXTS: Readonly<Record<string, string>> = {
  Message: 'message',
  Reason: 'reason',
  Type: 'type',
  Action: 'action',
  Name: 'event_name',
  Namespace: 'event_namespace',
  UID: 'event_uid',
  ResourceVersion: 'event_resource_version',
  ReportingController: 'reporting_controller',
  ReportingInstance: 'reporting_instance',
  'Source.Component': 'component',
  'Source.Host': 'host',
  'InvolvedObject.Kind': 'object_kind',
  'InvolvedObject.Namespace': 'object_namespace',
  'InvolvedObject.Name': 'object_name',
  'InvolvedObject.UID': 'object_uid',
  'InvolvedObject.APIVersion': 'object_api_version',
  'InvolvedObject.ResourceVersion': 'object_resource_version',
  'InvolvedObject.FieldPath': 'object_field_path',
}

const TIMES: Readonly<Record<string, string>> = {
  FirstTimestamp: 'first_timestamp',
  LastTimestamp: 'last_timestamp',
  EventTime: 'event_time',
  CreationTimestamp: 'created',
}

const ZERO_TIME = '"0001-01-01T00:00:00Z"'
const timeOf = (operand: string): string => `(toDate "2006-01-02T15:04:05Z07:00" (coalesce ${operand} ${ZERO_TIME}))`
const STAMP = timeOf('.first_timestamp .event_time')

/** A template of the exporter over extracted texts; `names` are those it needs. */
export type Rewritten =
  | { readonly kind: 'rewritten'; readonly text: string; readonly names: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }

type Field = { readonly text: string; readonly names: readonly string[] }

const own = (table: Readonly<Record<string, string>>, key: string): string | null =>
  Object.hasOwn(table, key) ? (table[key] ?? null) : null

/** A field or method of the event (pkg/kube/event.go) as an operand here; null: it has none. */
const fieldOf = (chain: string, cluster: string): Field | null => {
  const path = chain
    .replace(/^(?:ObjectMeta|Event)\./, '')
    .replace(/^InvolvedObject\.ObjectReference\./, 'InvolvedObject.')
  const name = own(TEXTS, path)
  if (name !== null) return { text: `(default "" .${name})`, names: [name] }
  if (path === 'Count') return { text: '(int (default "0" .count))', names: ['count'] }
  if (path === 'ClusterName') return { text: goLiteral(cluster), names: [] }
  const stamp = ['first_timestamp', 'event_time']
  if (path === 'GetTimestampMs') return { text: `${STAMP}.UnixMilli`, names: stamp }
  if (path === 'GetTimestampISO8601') return { text: `(${STAMP}.Format "2006-01-02T15:04:05.000Z")`, names: stamp }
  const [first = '', ...methods] = path.replace(/\.Time\b/, '').split('.')
  const time = own(TIMES, first)
  if (time === null) return null
  return { text: [timeOf(`.${time}`), ...methods].join('.'), names: [time] }
}

/** Texts and comments, words, and references to fields inside an action. */
const PIECES =
  /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|\/\*[\s\S]*?\*\/|\$\w+|\$?\.(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?|\d[\w.]*|[A-Za-z_]\w*/g

/** They change what a field is a field of. */
const SCOPES = new Set(['range', 'with', 'define', 'template', 'block'])

/** Makes a template on the exporter's event one on extracted texts. */
export const rewriteTemplate = (template: string, cluster: string): Rewritten => {
  const names: string[] = []
  const refusals: string[] = []
  const piece = (text: string): string => {
    if (SCOPES.has(text)) refusals.push(`${text} has no equivalent`)
    if (!/^\$?\./.test(text)) return text
    const field = fieldOf(text.replace(/^\$?\./, ''), cluster)
    if (field === null) refusals.push(/^\$?\.$/.test(text) ? 'the whole event is no text' : `${text} is not known here`)
    names.push(...(field?.names ?? []))
    return field?.text ?? text
  }
  const text = template.replaceAll(/\{\{[\s\S]*?\}\}/g, (action) => action.replaceAll(PIECES, piece))
  const [why] = refusals
  return why === undefined ? { kind: 'rewritten', text, names } : { kind: 'refused', why }
}
