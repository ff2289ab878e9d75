import type { KubeEvent, ObjectReference } from './event.ts'
import { isResourceVersion } from './resource-version.ts'

/**
 * An event, or why the value is none, with what identifies it as far as it could be read ('' else). `why` names fields,
 * never their content.
 */
export type DecodeOutcome =
  | { readonly kind: 'event'; readonly event: KubeEvent }
  | {
      readonly kind: 'invalid'
      readonly why: string
      readonly uid: string
      readonly resourceVersion: string
      readonly creationTimestamp: string
      readonly namespace: string
    }

type Json = Readonly<Record<string, unknown>>

/** A uid as the API server makes them has 36 characters; a label may not be longer than this either. */
const USABLE_UID = /^[!-~]{1,128}$/

const NOTHING: Json = Object.freeze({})
const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({})
const NO_TIMES: readonly string[] = Object.freeze([])
const NO_OBJECT: ObjectReference = Object.freeze({
  kind: '',
  namespace: '',
  name: '',
  uid: '',
  apiVersion: '',
  resourceVersion: '',
  fieldPath: '',
})

const isObject = (json: unknown): json is Json => typeof json === 'object' && json !== null && !Array.isArray(json)
const text = (json: unknown): string => (typeof json === 'string' ? json : '')
const objectOr = (json: unknown): Json => (isObject(json) ? json : NOTHING)
const firstText = (json: unknown, other: unknown): string => (typeof json === 'string' ? json : text(other))

/** A counter is an int32 in the API; what is not a count at all is 0. */
const counter = (json: unknown): number =>
  typeof json === 'number' && Number.isSafeInteger(json) && json > 0 ? json : 0

const reference = (json: unknown): ObjectReference => {
  if (!isObject(json)) return NO_OBJECT
  return {
    kind: text(json['kind']),
    namespace: text(json['namespace']),
    name: text(json['name']),
    uid: text(json['uid']),
    apiVersion: text(json['apiVersion']),
    resourceVersion: text(json['resourceVersion']),
    fieldPath: text(json['fieldPath']),
  }
}

const isText = (json: unknown): json is string => typeof json === 'string'

/** `fromEntries` defines properties, so that a key `__proto__` is a key like any other. */
const texts = (json: unknown): Readonly<Record<string, string>> => {
  if (!isObject(json)) return NO_TEXTS
  const pairs = Object.entries(json).filter((pair): pair is [string, string] => isText(pair[1]))
  return pairs.length === 0 ? NO_TEXTS : Object.fromEntries(pairs)
}

const managedTimes = (json: unknown): readonly string[] => {
  if (!Array.isArray(json) || json.length === 0) return NO_TIMES
  const times: string[] = []
  for (const entry of json as readonly unknown[]) {
    const time = text(objectOr(entry)['time'])
    if (time !== '') times.push(time)
  }
  return times
}

const seriesOf = (json: unknown): KubeEvent['series'] =>
  isObject(json) ? { count: counter(json['count']), lastObservedTime: text(json['lastObservedTime']) } : null

const whyInvalid = (json: Json, metadata: Json): string | null => {
  const kind = json['kind']
  if (typeof kind === 'string' && kind !== '' && kind !== 'Event') return 'kind is not Event'
  const uid = metadata['uid']
  if (typeof uid !== 'string' || !USABLE_UID.test(uid)) return 'metadata.uid is missing or unusable'
  if (!isResourceVersion(metadata['resourceVersion'])) return 'metadata.resourceVersion is missing or no decimal number'
  return null
}

const invalid = (why: string, metadata: Json): DecodeOutcome => {
  const uid = text(metadata['uid'])
  const { resourceVersion } = metadata
  return {
    kind: 'invalid',
    why,
    uid: USABLE_UID.test(uid) ? uid : '',
    resourceVersion: isResourceVersion(resourceVersion) ? resourceVersion : '',
    creationTimestamp: text(metadata['creationTimestamp']),
    namespace: text(metadata['namespace']),
  }
}

const eventOf = (json: Json, metadata: Json): KubeEvent => {
  const source = objectOr(json['source'] ?? json['deprecatedSource'])
  const related = json['related']
  return {
    uid: text(metadata['uid']),
    resourceVersion: text(metadata['resourceVersion']),
    name: text(metadata['name']),
    namespace: text(metadata['namespace']),
    creationTimestamp: text(metadata['creationTimestamp']),
    labels: texts(metadata['labels']),
    annotations: texts(metadata['annotations']),
    involved: reference(json['involvedObject'] ?? json['regarding']),
    related: isObject(related) ? reference(related) : null,
    type: text(json['type']),
    reason: text(json['reason']),
    message: firstText(json['message'], json['note']),
    action: text(json['action']),
    sourceComponent: text(source['component']),
    sourceHost: text(source['host']),
    reportingComponent: firstText(json['reportingComponent'], json['reportingController']),
    reportingInstance: text(json['reportingInstance']),
    firstTimestamp: firstText(json['firstTimestamp'], json['deprecatedFirstTimestamp']),
    lastTimestamp: firstText(json['lastTimestamp'], json['deprecatedLastTimestamp']),
    eventTime: text(json['eventTime']),
    count: counter(json['count'] ?? json['deprecatedCount']),
    series: seriesOf(json['series']),
    managedTimes: managedTimes(metadata['managedFields']),
  }
}

/**
 * Makes a KubeEvent of parsed JSON in the shape of core/v1 or events.k8s.io/v1; the fields tell which, because LIST
 * items carry neither kind nor apiVersion. A field of a wrong type counts as absent; without a usable uid and
 * resourceVersion there is no event. Never throws. Texts are passed on as they are, lone surrogates included.
 */
export const decodeEvent = (json: unknown): DecodeOutcome => {
  if (!isObject(json)) return invalid('not an object', NOTHING)
  const metadata = json['metadata']
  if (!isObject(metadata)) return invalid('metadata is missing', NOTHING)
  const why = whyInvalid(json, metadata)
  return why === null ? { kind: 'event', event: eventOf(json, metadata) } : invalid(why, metadata)
}
