import type { CheckpointStore, LoadOutcome, SaveOutcome } from './checkpoint.ts'
import type { KubeAnswer, KubeClient, KubeFailure } from './client.ts'
import { CURSORS_ANNOTATION, cursorsIn, encodeCursors } from './cursors-annotation.ts'
import { explain, isConflict, isMissing, LeaseAccess } from './lease-access.ts'
import { type Lease, withAnnotation } from './lease-object.ts'

export type LeaseCheckpointOptions = {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  /** Our identity as a leader, who may become the holder between two saves; '' without leader election. */
  readonly identity: string
}

const TIMEOUT_MS = 10_000
/** Writes without a known end, each of which may turn up in the Lease later. */
const MAX_UNCONFIRMED = 8

/** The Lease as we last saw it, and the annotations that may be in it by our own doing. */
type Seen = { readonly lease: Lease; readonly ours: readonly (string | undefined)[] }

class LeaseCheckpointStore implements CheckpointStore {
  readonly place: string
  readonly #options: LeaseCheckpointOptions
  readonly #access: LeaseAccess
  #seen: Seen | null = null

  constructor(options: LeaseCheckpointOptions) {
    this.#options = options
    this.#access = new LeaseAccess(options.client, options)
    this.place = this.#access.place
  }

  async load(signal: AbortSignal): Promise<LoadOutcome> {
    const answer = await this.#get(signal)
    if (isMissing(answer)) {
      this.#seen = null
      return { kind: 'none' }
    }
    if (answer.kind !== 'ok') return { kind: 'unreadable', why: `${this.place}: ${explain(answer)}` }
    this.#remember(answer.body)
    return cursorsIn(answer.body)
  }

  async save(cursors: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SaveOutcome> {
    const encoded = encodeCursors(cursors)
    if (encoded.kind === 'too_long') return { kind: 'failed', why: `${this.place}: ${encoded.why}` }
    if (this.#seen === null) {
      const answer = await this.#get(signal)
      if (answer.kind !== 'ok') return this.#failed(answer)
      this.#remember(answer.body)
    }
    return this.#put(encoded.text, signal)
  }

  /** Twice at most: the Lease also changes for reasons that are no conflict, such as a renewal by our own leader. */
  async #put(text: string, signal: AbortSignal): Promise<SaveOutcome> {
    const holder = this.#seen?.lease.holder ?? ''
    // Read while another held it: our lock would be good, but only a fresh read tells whether we hold it by now.
    if (!this.#isForeign(holder)) {
      const first = await this.#putOnce(text, signal)
      if (!isConflict(first)) return this.#outcome(first)
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
    const answer = await this.#access.put(body, { signal, timeoutMs: TIMEOUT_MS })
    if (answer.kind === 'ok') this.#remember(answer.body)
    return answer
  }

  #get(signal: AbortSignal): Promise<KubeAnswer<Lease>> {
    return this.#access.get({ signal, timeoutMs: TIMEOUT_MS })
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
    return { kind: 'failed', why: `${this.place}: ${explain(failure)}` }
  }
}

/**
 * A store in the annotation `eventail/cursors` of one Lease, which needs get and update by name. The resourceVersion
 * that was read is the optimistic lock of each write; that is the fence against a leader that came after us.
 */
export const createLeaseCheckpointStore = (options: LeaseCheckpointOptions): CheckpointStore =>
  new LeaseCheckpointStore(options)
