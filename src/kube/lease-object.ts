import { oneLine } from './failure-reason.ts'
import { member } from './status.ts'

/** A coordination/v1 Lease as far as it matters here; `object` is the whole of it, to be sent back. */
export type Lease = {
  readonly object: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
  readonly spec: Readonly<Record<string, unknown>>
  readonly annotations: Readonly<Record<string, string>>
  readonly resourceVersion: string
  /** '' = nobody. */
  readonly holder: string
}

const record = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null

/** The path of one Lease. */
export const leasePath = (namespace: string, name: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${encodeURIComponent(name)}`

/** An answer as a Lease; null when it is none. */
export const readLease = (body: unknown): Lease | null => {
  const object = record(body)
  const metadata = record(member(body, 'metadata'))
  const resourceVersion = member(metadata, 'resourceVersion')
  if (object === null || metadata === null || typeof resourceVersion !== 'string') return null
  const spec = record(object['spec']) ?? {}
  const holder = member(spec, 'holderIdentity')
  const annotations = Object.entries(record(metadata['annotations']) ?? {})
  return {
    object,
    metadata,
    spec,
    annotations: Object.fromEntries(
      annotations.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    ),
    resourceVersion,
    holder: typeof holder === 'string' ? holder : '',
  }
}

/**
 * A meta/v1 MicroTime: exactly six fractional digits. The server parses it by a fixed layout and answers 400 to the
 * three digits of `Date.prototype.toISOString`.
 */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace(/Z$/, '000Z')

/** The Lease with one annotation set, everything else as it was; its resourceVersion is the optimistic lock. */
export const withAnnotation = (lease: Lease, name: string, value: string): Readonly<Record<string, unknown>> => ({
  ...lease.object,
  metadata: { ...lease.metadata, annotations: { ...lease.annotations, [name]: value } },
})

/** Longer than a pod's name and a uuid. */
const MAX_HOLDER_CHARS = 300

/** The holder as it may be shown: whoever may write the Lease may write anything there. */
export const shownHolder = (lease: Lease): string => oneLine(lease.holder, MAX_HOLDER_CHARS)
