import { randomUUID } from 'node:crypto'
import { apiStatus, badRequest, type ApiStatus } from './api-status.ts'

type Json = Readonly<Record<string, unknown>>
type Stored = { readonly object: Json; readonly uid: string; readonly resourceVersion: string }

export type LeaseAnswer = { readonly code: 200 | 201; readonly body: Json } | ApiStatus

const GROUP = 'coordination.k8s.io'
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)$/

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {})
const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

const details = (name: string): Json => ({ name, group: GROUP, kind: 'leases' })

const notFound = (name: string): ApiStatus =>
  apiStatus(404, 'NotFound', `leases.${GROUP} "${name}" not found`, { details: details(name) })

const conflict = (name: string): ApiStatus =>
  apiStatus(
    409,
    'Conflict',
    `Operation cannot be fulfilled on leases.${GROUP} "${name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
    { details: details(name) },
  )

/** Times of a Lease have exactly six fractional digits (metav1.MicroTime); anything else is refused while decoding. */
const badMicroTime = (text: string, field: string, value: string): ApiStatus => {
  const rest = value.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, '')
  const end = text.indexOf(`"${value}"`) + value.length + 2
  const near = `${text.slice(Math.max(0, end - 10), end)}${text.slice(end, end + 10)}`
  const wide = `${text.slice(Math.max(0, end - 50), end)}${text.slice(end, end + 50)}`
  return badRequest(
    `Lease in version "v1" cannot be handled as a Lease: v1.Lease.Spec: v1.LeaseSpec.LeaseTransitions: ` +
      `${field}: unmarshalerDecoder: parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00": ` +
      `cannot parse "${rest}" as ".000000", error found in #10 byte of ...|${near}|..., ` +
      `bigger context ...|${wide}|...`,
  )
}

const parseLease = (text: string): { readonly metadata: Json; readonly spec: Json } | ApiStatus => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return badRequest('the object provided is unrecognized (must be of type Lease)')
  }
  const spec = asObject(asObject(parsed)['spec'])
  for (const [key, field] of [
    ['acquireTime', 'AcquireTime'],
    ['renewTime', 'RenewTime'],
  ] as const) {
    const value = spec[key]
    if (typeof value === 'string' && !MICRO.test(value)) return badMicroTime(text, field, value)
  }
  return { metadata: asObject(asObject(parsed)['metadata']), spec }
}

/** Leases with their optimistic lock. A write takes a revision of the etcd that the events live in, too. */
export class LeaseStore {
  readonly #leases = new Map<string, Stored>()
  readonly #nextRevision: () => string
  readonly #now: () => string

  /** `nextRevision` moves the common revision; `now` gives RFC 3339 with whole seconds. */
  constructor(nextRevision: () => string, now: () => string) {
    this.#nextRevision = nextRevision
    this.#now = now
  }

  get(namespace: string, name: string): LeaseAnswer {
    const found = this.#leases.get(`${namespace}/${name}`)
    return found === undefined ? notFound(name) : { code: 200, body: found.object }
  }

  /** `text`: the request's body. */
  create(namespace: string, text: string): LeaseAnswer {
    const lease = parseLease(text)
    if ('status' in lease) return lease
    const name = asText(lease.metadata['name'])
    if (name === '') return badRequest('name must be provided')
    if (this.#leases.has(`${namespace}/${name}`)) {
      const message = `leases.${GROUP} "${name}" already exists`
      return apiStatus(409, 'AlreadyExists', message, { details: details(name) })
    }
    return { code: 201, body: this.#write(namespace, name, lease, randomUUID()) }
  }

  /** Updates what carries the stored resourceVersion; 409 otherwise. */
  update(namespace: string, name: string, text: string): LeaseAnswer {
    const lease = parseLease(text)
    if ('status' in lease) return lease
    const found = this.#leases.get(`${namespace}/${name}`)
    if (found === undefined) return notFound(name)
    const version = asText(lease.metadata['resourceVersion'])
    if (version === '') {
      const why = 'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update'
      return apiStatus(422, 'Invalid', `leases.${GROUP} "${name}" is invalid: ${why}`, { details: details(name) })
    }
    if (version !== found.resourceVersion) return conflict(name)
    return { code: 200, body: this.#write(namespace, name, lease, found.uid) }
  }

  remove(namespace: string, name: string): LeaseAnswer {
    const found = this.#leases.get(`${namespace}/${name}`)
    if (found === undefined) return notFound(name)
    this.#nextRevision()
    this.#leases.delete(`${namespace}/${name}`)
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }
    return { code: 200, body: { ...status, details: { ...details(name), uid: found.uid } } }
  }

  #write(namespace: string, name: string, lease: { metadata: Json; spec: Json }, uid: string): Json {
    const key = `${namespace}/${name}`
    const resourceVersion = this.#nextRevision()
    const before = asObject(this.#leases.get(key)?.object['metadata'])
    const creationTimestamp = before['creationTimestamp'] ?? this.#now()
    const { labels, annotations } = lease.metadata
    const metadata = { name, namespace, uid, resourceVersion, creationTimestamp, labels, annotations }
    const object = { kind: 'Lease', apiVersion: `${GROUP}/v1`, metadata, spec: lease.spec }
    this.#leases.set(key, { object, uid, resourceVersion })
    return object
  }
}
