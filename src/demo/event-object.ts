/** `metadata` of an event as it is stored; what else it has is carried along. */
export type EventMetadata = {
  readonly name: string
  readonly namespace: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly creationTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** A core/v1 Event as JSON. Fields keep their order; `kind` and `apiVersion` are added where the API adds them. */
export type EventObject = { readonly metadata: EventMetadata; readonly [field: string]: unknown }

/** Key of an event in the store: `namespace/name`, what follows `/registry/events/` in etcd. */
export const eventKey = (namespace: string, name: string): string => `${namespace}/${name}`

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/**
 * The JSON of an event from behind its opening brace, with metadata first and without `kind` and `apiVersion`: the
 * part that a LIST item and a watch object share. Escaped as Go's encoding/json does.
 */
export const encodeTail = (event: EventObject): string => {
  const json = JSON.stringify(
    Object.assign({ metadata: event.metadata }, event, { kind: undefined, apiVersion: undefined }),
  )
  return json.slice(1).replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character] ?? character)
}

/** Inverse of `encodeTail`. */
export const decodeTail = (tail: string): EventObject => JSON.parse(`{${tail}`) as EventObject

/** An item of an EventList. */
export const listItem = (tail: string): string => `{${tail}`

/** One line of a watch, with its newline. */
export const watchFrame = (type: string, tail: string): string =>
  `{"type":"${type}","object":{"kind":"Event","apiVersion":"v1",${tail}}\n`

export type Identity = {
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
}

/** The same event with the given identity, its metadata in the API server's order of fields. */
export const withIdentity = (event: EventObject, identity: Identity): EventObject => {
  const { name, namespace } = event.metadata
  const { uid, resourceVersion, creationTimestamp } = identity
  const ordered = { uid, resourceVersion, creationTimestamp }
  return { ...event, metadata: Object.assign({ name, namespace, ...ordered }, event.metadata, ordered) }
}
