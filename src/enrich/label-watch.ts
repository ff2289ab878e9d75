import type { Clock } from '../clock.ts'
import { type KubeFailure, type KubeStream, KubeStreamError, type StreamLine } from '../kube/client.ts'
import { readPage } from '../kube/page.ts'
import { Patience } from '../kube/patience.ts'
import { member } from '../kube/status.ts'
import type { Log } from '../log.ts'
import type { Choice, Chosen } from './choice.ts'
import type { EnrichMetrics } from './enrich-metrics.ts'
import { nameOf } from './facts.ts'
import type { MetadataApi } from './metadata-api.ts'
import type { Permissions } from './permissions.ts'
import { type Resource, resourceName } from './resource.ts'

export type LabelWatchOptions = {
  readonly api: MetadataApi
  /** In no namespace: nodes, namespaces. */
  readonly resource: Resource
  readonly choice: Choice
  readonly permissions: Permissions
  readonly metrics: EnrichMetrics
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** What it says has changed. */
  readonly onChange: () => void
}

/** `pending`: the first list has not come yet. */
export type Labels = Chosen | 'absent' | 'pending' | 'forbidden' | 'failed'

/** Names that are kept; a cluster has some thousands of nodes, and of namespaces. */
const MAX_OBJECTS = 100_000
/** The server ends a watch after 10 minutes; one that lives longer hangs. */
const WATCH_ENDS_MS = 630_000
/** A new list after the end of a watch that was not clean; else the watch goes on where it was. */
const JITTER_MS = 1000

type Stop = { readonly why: 'stale' | 'failed'; readonly retryAfterMs: number | null } | { readonly why: 'ended' }

/** The chosen labels of all objects of a small kind, by a list and a watch of their metadata. */
export class LabelWatch {
  readonly #o: LabelWatchOptions
  readonly #patience: Patience
  #labels = new Map<string, Chosen>()
  #state: 'pending' | 'forbidden' | 'failed' | 'ready' = 'pending'
  #resourceVersion = ''

  constructor(options: LabelWatchOptions) {
    this.#o = options
    this.#patience = new Patience(options.clock, options.random)
  }

  of(name: string): Labels {
    if (this.#state !== 'ready') return this.#state
    return this.#labels.get(name) ?? 'absent'
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#o
    while (!signal.aborted) {
      const stop = this.#resourceVersion === '' ? await this.#list() : await this.#watch(signal)
      if (stop === null) continue
      if (stop.why === 'ended') {
        await clock.sleep(random() * JITTER_MS, signal)
        continue
      }
      this.#resourceVersion = ''
      if (stop.why === 'failed') await clock.sleep(this.#patience.nextWaitMs(stop.retryAfterMs), signal)
    }
  }

  /** Reads all pages, and only then replaces what was known. */
  async #list(): Promise<Stop | null> {
    const { api, resource, metrics, permissions } = this.#o
    const labels = new Map<string, Chosen>()
    let continueToken: string | null = null
    for (;;) {
      const answer = await api.page(resource, { namespace: '', continueToken, fromCache: true })
      if (answer.kind !== 'ok') return this.#refused('list', answer)
      const page = readPage(answer.body)
      if (page === null) return this.#refused('list', { kind: 'malformed', why: 'not a list' })
      metrics.requested('list', 'found')
      for (const item of page.items) this.#keep(labels, item)
      continueToken = page.continueToken
      if (continueToken !== null) continue
      this.#labels = labels
      this.#resourceVersion = page.resourceVersion
      this.#state = 'ready'
      permissions.allow('list', resource)
      this.#o.onChange()
      return null
    }
  }

  #keep(labels: Map<string, Chosen>, object: unknown): void {
    const name = nameOf(object)
    if (name === '' || (labels.size >= MAX_OBJECTS && !labels.has(name))) return
    labels.set(name, this.#o.choice(member(member(object, 'metadata'), 'labels')))
  }

  async #watch(signal: AbortSignal): Promise<Stop> {
    const { api, resource, metrics, permissions, clock } = this.#o
    const answer = await api.watch(resource, this.#resourceVersion)
    if (answer.kind !== 'ok') return this.#refused('watch', answer)
    metrics.requested('watch', 'found')
    permissions.allow('watch', resource)
    this.#patience.restore()
    const over = new AbortController()
    const close = (): void => {
      answer.body.close()
    }
    signal.addEventListener('abort', close, { once: true })
    void clock.sleep(WATCH_ENDS_MS, over.signal).then(close)
    try {
      return await this.#follow(answer.body)
    } finally {
      over.abort()
      signal.removeEventListener('abort', close)
      close()
    }
  }

  async #follow(stream: KubeStream): Promise<Stop> {
    try {
      for await (const lines of stream.chunks) {
        for (const line of lines) if (!this.#take(line)) return { why: 'stale', retryAfterMs: null }
        this.#o.onChange()
      }
      return { why: 'ended' }
    } catch (error) {
      if (!(error instanceof KubeStreamError)) throw error
      return { why: 'failed', retryAfterMs: null }
    }
  }

  /** @returns false when the watch cannot be believed any more: ERROR (410 mostly), or no JSON. */
  #take(line: StreamLine): boolean {
    if (line.kind === 'oversize') return true
    const frame = parsed(line.bytes)
    const [type, object] = [member(frame, 'type'), member(frame, 'object')]
    const resourceVersion = member(member(object, 'metadata'), 'resourceVersion')
    if (type === 'ADDED' || type === 'MODIFIED') this.#keep(this.#labels, object)
    else if (type === 'DELETED') this.#labels.delete(nameOf(object))
    else if (type !== 'BOOKMARK') return false
    if (typeof resourceVersion === 'string' && resourceVersion !== '') this.#resourceVersion = resourceVersion
    return true
  }

  #refused(verb: 'list' | 'watch', failure: KubeFailure): Stop {
    const { api, resource, metrics, permissions, clock, log } = this.#o
    const isKnown = this.#state === 'ready'
    if (failure.kind === 'http' && failure.status === 403) {
      metrics.requested(verb, 'forbidden')
      permissions.refuse(verb, resource, { namespace: '', nowMs: clock.monotonicMs(), why: failure.message })
      if (!isKnown) this.#state = 'forbidden'
    } else if (failure.kind === 'http' && failure.status === 410) return { why: 'stale', retryAfterMs: null }
    else if (failure.kind !== 'aborted') {
      metrics.requested(verb, 'failed')
      if (failure.kind === 'http' && failure.status === 401) void api.renew()
      if (!isKnown) this.#state = 'failed'
      log.warn('labels cannot be read, trying again', { resource: resourceName(resource), why: whyOf(failure) })
    }
    this.#o.onChange()
    return { why: 'failed', retryAfterMs: failure.kind === 'http' ? failure.retryAfterMs : null }
  }
}

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as unknown
  } catch {
    return null
  }
}

const whyOf = (failure: KubeFailure): string => {
  if (failure.kind === 'http') return `${failure.status} ${failure.message}`
  return 'why' in failure ? failure.why : 'the answer is too large'
}
