import type { KubeAnswer, KubeClient, KubeFailure, RequestOptions } from './client.ts'
import { type Lease, leasePath, readLease } from './lease-object.ts'

/** A Lease is a few kB; managedFields of many writers may add to its annotations. */
const MAX_LEASE_BYTES = 4 * 1024 * 1024

export type LeaseName = { readonly namespace: string; readonly name: string }

/** Requests about one Lease; after a 401 the credentials are renewed, for the next request. */
export class LeaseAccess {
  /** For logs: lease/namespace/name. */
  readonly place: string
  readonly #client: KubeClient
  readonly #path: string

  constructor(client: KubeClient, { namespace, name }: LeaseName) {
    this.#client = client
    this.#path = leasePath(namespace, name)
    this.place = `lease/${namespace}/${name}`
  }

  async get(limits: Omit<RequestOptions, 'maxBytes'>): Promise<KubeAnswer<Lease>> {
    return this.#lease(await this.#client.get(this.#path, { ...limits, maxBytes: MAX_LEASE_BYTES }))
  }

  /** An update: the resourceVersion in `body` is the optimistic lock, and another one in the store answers 409. */
  async put(body: unknown, limits: Omit<RequestOptions, 'maxBytes'>): Promise<KubeAnswer<Lease>> {
    return this.#lease(await this.#client.put(this.#path, body, { ...limits, maxBytes: MAX_LEASE_BYTES }))
  }

  async #lease(answer: KubeAnswer<unknown>): Promise<KubeAnswer<Lease>> {
    if (answer.kind === 'http' && answer.status === 401) await this.#client.renewCredentials()
    if (answer.kind !== 'ok') return answer
    const lease = readLease(answer.body)
    return lease === null ? { kind: 'malformed', why: 'the answer is not a Lease' } : { ...answer, body: lease }
  }
}

export const isMissing = (answer: KubeAnswer<unknown>): boolean => answer.kind === 'http' && answer.status === 404

export const isConflict = (answer: KubeAnswer<unknown>): boolean => answer.kind === 'http' && answer.status === 409

/** A failure in words for the operator. */
export const explain = (failure: KubeFailure): string => {
  switch (failure.kind) {
    case 'http':
      return failure.status === 404
        ? 'the Lease does not exist; it is part of the manifests (lease.yaml), because the Role allows no create'
        : `HTTP ${failure.status} ${failure.message}`.trim()
    case 'transport':
    case 'malformed':
      return failure.why
    case 'too_large':
      return `longer than ${failure.limitBytes} bytes`
    case 'aborted':
      return 'stopped'
  }
}
