import type { CheckpointStore, LoadOutcome, SaveOutcome } from './checkpoint.ts'
import type { KubeAnswer, KubeClient, KubeFailure, RequestOptions } from './client.ts'
import { type Lease, leasePath, readLease, withAnnotation } from './lease-object.ts'

/** The annotation: a JSON object of cursor key to cursor text. */
export const CURSORS_ANNOTATION = 'eventail/cursors'

export type LeaseCheckpointOptions = {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  /** Our identity as a leader, who may become the holder between two saves; '' without leader election. */
  readonly identity: string
}

const TIMEOUT_MS = 10_000
/** A Lease is a few kB; managedFields of many writers may add to its annotations. */
const MAX_LEASE_BYTES = 4 * 1024 * 1024
/** The API server refuses annotations of more than 256 KiB in total (TotalAnnotationSizeLimitB). */
const MAX_ANNOTATION_BYTES = 200 * 1024
/** Writes without a known end, each of which may turn up in the Lease later. */
const MAX_UNCONFIRMED = 8

const explain = (failure: KubeFailure): string => {
  switch (failure.kind) {
    case 'http':
      return `HTTP ${failure.status} ${failure.message}`.trim()
    case 'transport':
    case 'malformed':
      return failure.why
    case 'too_large':
      return `longer than ${failure.limitBytes} bytes`
    case 'aborted':
      return 'stopped'
  }
}

const isMissing = (answer: KubeAnswer<unknown>): boolean => answer.kind === 'http' && answer.status === 404

const parseCursors = (text: string): LoadOutcome => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'corrupt', why: 'not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'corrupt', why: 'not an object' }
  const entries: [string, unknown][] = Object.entries(value)
  const cursors = entries.filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  if (cursors.length !== entries.length) return { kind: 'corrupt', why: 'a cursor is not a text' }
  return { kind: 'found', cursors: Object.fromEntries(cursors) }
}

/** The Lease as we last saw it, and the annotations that may be in it by our own doing. */
type Seen = { readonly lease: Lease; readonly ours: readonly (string | undefined)[] }

class LeaseCheckpointStore implements CheckpointStore {
  readonly place: string
  readonly #options: LeaseCheckpointOptions
  readonly #path: string
  #seen: Seen | null = null

  constructor(options: LeaseCheckpointOptions) {
    this.#options = options
    this.#path = leasePath(options.namespace, options.name)
    this.place = `lease/${options.namespace}/${options.name}`
  }

  async load(signal: AbortSignal): Promise<LoadOutcome> {
    const answer = await this.#get(signal)
    if (isMissing(answer)) {
      this.#seen = null
      return { kind: 'none' }
    }
    if (answer.kind !== 'ok') return { kind: 'unreadable', why: `${this.place}: ${explain(answer)}` }
    this.#remember(answer.body)
    const text = answer.body.annotations[CURSORS_ANNOTATION]
    return text === undefined ? { kind: 'none' } : parseCursors(text)
  }

  async save(cursors: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SaveOutcome> {
    const text = JSON.stringify(cursors)
    if (Buffer.byteLength(text) > MAX_ANNOTATION_BYTES) {
      return {
        kind: 'failed',
        why: `${this.place}: cursors of more than ${MAX_ANNOTATION_BYTES} bytes do not fit an annotation`,
      }
    }
    if (this.#seen === null) {
      const answer = await this.#get(signal)
      if (answer.kind !== 'ok') return this.#failed(answer)
      this.#remember(answer.body)
    }
    return this.#put(text, signal)
  }

  /** Twice at most: the Lease also changes for reasons that are no conflict, such as a renewal by our own leader. */
  async #put(text: string, signal: AbortSignal): Promise<SaveOutcome> {
    const holder = this.#seen?.lease.holder ?? ''
    // Read while another held it: our lock would be good, but only a fresh read tells whether we hold it by now.
    if (!this.#isForeign(holder)) {
      const first = await this.#putOnce(text, signal)
      if (first.kind !== 'http' || first.status !== 409) return this.#outcome(first)
    }
    const current = await this.#get(signal)
    if (current.kind !== 'ok') return this.#failed(current)
    const why = this.#conflictWith(current.body)
    if (why !== null) return { kind: 'conflict', why: `${this.place}: ${why}` }
    this.#seen = { lease: current.body, ours: this.#seen?.ours ?? [] }
    return this.#outcome(await this.#putOnce(text, signal))
  }

  async #putOnce(text: string, signal: AbortSignal): Promise<KubeAnswer<Lease>> {
    const seen = this.#seen
    if (seen === null) return { kind: 'aborted' }
    // Noted before it is sent: a write whose answer got lost may have happened.
    this.#seen = { lease: seen.lease, ours: [...seen.ours.slice(-MAX_UNCONFIRMED), text] }
    const body = withAnnotation(seen.lease, CURSORS_ANNOTATION, text)
    const answer = this.#lease(await this.#options.client.put(this.#path, body, this.#limits(signal)))
    if (answer.kind === 'ok') this.#remember(answer.body)
    return this.#renewIfRefused(answer)
  }

  async #get(signal: AbortSignal): Promise<KubeAnswer<Lease>> {
    return this.#renewIfRefused(this.#lease(await this.#options.client.get(this.#path, this.#limits(signal))))
  }

  async #renewIfRefused(answer: KubeAnswer<Lease>): Promise<KubeAnswer<Lease>> {
    if (answer.kind === 'http' && answer.status === 401) await this.#options.client.renewCredentials()
    return answer
  }

  #lease(answer: KubeAnswer<unknown>): KubeAnswer<Lease> {
    if (answer.kind !== 'ok') return answer
    const lease = readLease(answer.body)
    return lease === null ? { kind: 'malformed', why: 'the answer is not a Lease' } : { ...answer, body: lease }
  }

  #limits(signal: AbortSignal): RequestOptions {
    return { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_LEASE_BYTES }
  }

  #remember(lease: Lease): void {
    this.#seen = { lease, ours: [lease.annotations[CURSORS_ANNOTATION]] }
  }

  #conflictWith(current: Lease): string | null {
    const seen = this.#seen
    if (seen === null) return 'nothing was read before'
    if (!seen.ours.includes(current.annotations[CURSORS_ANNOTATION])) return 'another process wrote its cursors'
    return this.#isForeign(current.holder) ? 'another process holds it' : null
  }

  /** Without leader election nobody should become the holder while we write. */
  #isForeign(holder: string): boolean {
    const { identity } = this.#options
    return holder !== '' && holder !== (identity !== '' ? identity : this.#seen?.lease.holder)
  }

  #outcome(answer: KubeAnswer<Lease>): SaveOutcome {
    return answer.kind === 'ok' ? { kind: 'saved' } : this.#failed(answer)
  }

  #failed(failure: KubeFailure): SaveOutcome {
    const why = isMissing(failure)
      ? 'the Lease does not exist; it is part of the manifests (lease.yaml), because the Role allows no create'
      : explain(failure)
    return { kind: 'failed', why: `${this.place}: ${why}` }
  }
}

/**
 * A store in the annotation `eventail/cursors` of one Lease, which needs get and update by name. The resourceVersion
 * that was read is the optimistic lock of each write; that is the fence against a leader that came after us.
 */
export const createLeaseCheckpointStore = (options: LeaseCheckpointOptions): CheckpointStore =>
  new LeaseCheckpointStore(options)
