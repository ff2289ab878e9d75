import type { Clock } from '../clock.ts'
import type { KubeAnswer, KubeFailure } from '../kube/client.ts'
import { TokenBucket } from '../stages/token-bucket.ts'
import type { EnrichMetrics } from './enrich-metrics.ts'
import type { Facts, FactsReader, Seen } from './facts.ts'
import { ListReader } from './list-reader.ts'
import { Memory } from './memory.ts'
import type { MetadataApi } from './metadata-api.ts'
import type { Permissions, Verb } from './permissions.ts'
import type { Resource } from './resource.ts'
import { type Target, targetOf, type Task, Wants } from './wants.ts'

export type LookupOptions = {
  readonly api: MetadataApi
  readonly read: FactsReader
  readonly permissions: Permissions
  readonly metrics: EnrichMetrics
  readonly clock: Clock
  /** Nothing is asked for afterwards. */
  readonly signal: AbortSignal
  /** Whether lists may take the place of many single requests, and whether over all namespaces. */
  readonly mayList: boolean
  readonly isEverywhere: boolean
  readonly requestsPerSecond: number
  readonly waitMs: number
  readonly cacheBytes: number
  readonly cacheTtlMs: number
  /** Something that was asked for was found, for the first time. */
  readonly onFound: (target: Target, facts: Facts) => void
  /** Answers have changed. */
  readonly onChange: () => void
}

/** `pending`: asked for, and may come in time. Else what is known now. */
export type Lookup = Facts | 'absent' | 'pending' | 'forbidden' | 'busy' | 'failed'

const IN_FLIGHT_MAX = 4
/** No request ended for so long while all are under way: nothing is hoped for until one does. */
const STALLED_MS = 1000
/** Confirmed by etcd. The uid of something deleted never comes back, but it may have been too early. */
const ABSENT_STALE_MS = 60_000
/** Only the API server's cache lacks it, which may be a moment behind. */
const UNSEEN_STALE_MS = 5000
const ABSENT_MS = 900_000
/** After a failure an object is not asked for again for so long. */
const FAILED_MS = 5000
/** What is stale is served for so many times the TTL, when it cannot be looked up again. */
const TTLS_SERVED = 6
/** Failures remembered. */
const MAX_FAILED = 10_000
const BURST_SECONDS = 2

/**
 * Objects by target, from memory or from the API server, with one request for each at most. When many of a kind are
 * unknown it lists them, and learns by the way what will be asked for next. Requests are bounded by a token bucket; who
 * asks is told at once when there is no hope.
 */
export class Lookups {
  readonly #o: LookupOptions
  readonly #memory: Memory
  readonly #wants: Wants
  readonly #bucket: TokenBucket
  readonly #lists: ListReader
  readonly #flying = new Set<string>()
  readonly #failedUntil = new Map<string, number>()
  #inFlight = 0
  #endedMs: number
  #pausedUntilMs = 0
  #isTimed = false

  constructor(options: LookupOptions) {
    this.#o = options
    const { clock, requestsPerSecond, permissions } = options
    const nowMs = clock.monotonicMs()
    this.#endedMs = nowMs
    this.#memory = new Memory(options.cacheBytes)
    this.#bucket = new TokenBucket(requestsPerSecond, Math.max(1, requestsPerSecond * BURST_SECONDS), nowMs)
    this.#lists = new ListReader({ api: options.api, token: () => this.#token() })
    this.#wants = new Wants({
      isEverywhere: options.isEverywhere,
      mayList: (resource, namespace, wanted) =>
        options.mayList &&
        this.#lists.isWorthIt(resource, namespace, { wanted, nowMs: clock.monotonicMs() }) &&
        !permissions.isRefused('list', resource, { namespace, nowMs: clock.monotonicMs() }),
    })
  }

  get cacheBytes(): number {
    return this.#memory.sizeBytes
  }

  get cacheObjects(): number {
    return this.#memory.size
  }

  /** What is known; what is not, or not freshly, is asked for. */
  find(target: Target): Lookup {
    const nowMs = this.#o.clock.monotonicMs()
    const known = this.#memory.get(target.key, nowMs)
    if (known !== null) {
      if (nowMs >= known.staleMs) this.#want(target, false)
      return known.facts ?? 'absent'
    }
    const { resource, namespace, key } = target
    if (this.#o.permissions.isRefused('get', resource, { namespace, nowMs })) return 'forbidden'
    const failedUntil = this.#failedUntil.get(key)
    if (failedUntil !== undefined && nowMs < failedUntil) return 'failed'
    this.#want(target, true)
    return this.#isHopeful(key, nowMs) ? 'pending' : 'busy'
  }

  #isHopeful(key: string, nowMs: number): boolean {
    if (this.#inFlight >= IN_FLIGHT_MAX && nowMs - this.#endedMs > STALLED_MS) return false
    if (this.#flying.has(key)) return true
    const { requestsPerSecond, waitMs } = this.#o
    return this.#wants.cost <= Math.max(0, this.#bucket.tokens(nowMs)) + (requestsPerSecond * waitMs) / 1000
  }

  #want(target: Target, isFresh: boolean): void {
    if (this.#o.signal.aborted || this.#flying.has(target.key)) return
    this.#wants.add(target, isFresh)
    this.#pump()
  }

  /** Starts what may be started. */
  #pump(): void {
    const { clock } = this.#o
    while (!this.#o.signal.aborted && !this.#wants.isEmpty && this.#inFlight < IN_FLIGHT_MAX) {
      const nowMs = clock.monotonicMs()
      if (nowMs < this.#pausedUntilMs || !this.#bucket.allow(nowMs)) {
        this.#pumpLater(Math.max(1000 / this.#o.requestsPerSecond, this.#pausedUntilMs - nowMs))
        return
      }
      const task = this.#wants.take(this.#bucket.tokens(nowMs) < this.#wants.cost)
      if (task !== null) void this.#perform(task)
    }
  }

  #pumpLater(ms: number): void {
    if (this.#isTimed) return
    this.#isTimed = true
    void this.#o.clock.sleep(ms, this.#o.signal).then(() => {
      this.#isTimed = false
      this.#pump()
    })
  }

  async #token(): Promise<void> {
    const { clock } = this.#o
    const waitMs = this.#bucket.reserveMs(clock.monotonicMs())
    if (waitMs > 0) await clock.sleep(waitMs, this.#o.signal)
  }

  async #perform(task: Task): Promise<void> {
    const keys = task.kind === 'get' ? [task.target.key] : [...task.targets.keys()]
    if (this.#inFlight === 0) this.#endedMs = this.#o.clock.monotonicMs()
    this.#inFlight += 1
    for (const key of keys) this.#flying.add(key)
    if (task.kind === 'get') await this.#get(task.target)
    else await this.#list(task)
    for (const key of keys) this.#flying.delete(key)
    this.#inFlight -= 1
    this.#endedMs = this.#o.clock.monotonicMs()
    this.#o.onChange()
    this.#pump()
  }

  async #get(target: Target): Promise<void> {
    const { api, metrics } = this.#o
    let answer = await api.get(target, true)
    let isCertain = false
    if (this.#isUnseen(answer, target) && this.#bucket.allow(this.#o.clock.monotonicMs())) {
      // The API server's cache may be a moment behind an event about something new.
      metrics.requested('get', 'absent')
      answer = await api.get(target, false)
      isCertain = true
    }
    if (answer.kind === 'ok') this.#sawOne(target, answer.body, isCertain)
    else if (answer.kind === 'http' && answer.status === 404) {
      metrics.requested('get', 'absent')
      this.#learn(target, null, isCertain)
    } else this.#failed('get', { ...target, targets: [target] }, answer)
  }

  #isUnseen(answer: KubeAnswer<unknown>, target: Target): boolean {
    if (answer.kind === 'http') return answer.status === 404
    if (answer.kind !== 'ok') return false
    const seen = this.#o.read(answer.body)
    return seen === null || !isSame(seen, target)
  }

  #sawOne(target: Target, body: unknown, isCertain: boolean): void {
    const { read, permissions, metrics } = this.#o
    permissions.allow('get', target.resource)
    const seen = read(body)
    metrics.requested('get', seen === null ? 'absent' : 'found')
    const isIt = seen !== null && isSame(seen, target)
    this.#learn(target, isIt ? seen.facts : null, isCertain)
    // Another life of that name: the next events may be about it.
    if (seen !== null && !isIt) this.#learn(targetOf(target, seen.uid), seen.facts, true)
  }

  async #list(task: Extract<Task, { kind: 'list' }>): Promise<void> {
    const { read, metrics, permissions } = this.#o
    const { resource, namespace, targets } = task
    const missing = new Map(targets)
    const end = await this.#lists.read(resource, namespace, {
      onItem: (item, place) => {
        const seen = read(item)
        if (seen === null) return
        for (const uid of uidsOf(resource, seen)) {
          const target = targetOf({ resource, ...place }, uid)
          this.#learnListed(target, seen.facts, missing.delete(target.key))
        }
      },
      onPage: () => {
        metrics.requested('list', 'found')
        permissions.allow('list', resource)
        this.#o.onChange()
      },
    })
    if (end.kind === 'complete') for (const target of missing.values()) this.#learn(target, null, false)
    else if (end.kind === 'failed')
      this.#failed('list', { resource, namespace, targets: missing.values() }, end.failure)
    else for (const target of missing.values()) this.#again(target)
  }

  /** It could not be listed: one by one. */
  #again(target: Target): void {
    this.#flying.delete(target.key)
    this.#wants.add(target, true)
  }

  #failed(
    verb: Verb,
    about: { resource: Resource; namespace: string; targets: Iterable<Target> },
    failure: KubeFailure,
  ): void {
    const { clock, metrics, permissions, api } = this.#o
    const nowMs = clock.monotonicMs()
    const { resource, namespace, targets } = about
    if (failure.kind === 'aborted') return
    if (failure.kind === 'http' && failure.status === 403) {
      metrics.requested(verb === 'list' ? 'list' : 'get', 'forbidden')
      permissions.refuse(verb, resource, { namespace, nowMs, why: failure.message })
      if (verb === 'list') for (const target of targets) this.#again(target)
      return
    }
    metrics.requested(verb === 'list' ? 'list' : 'get', 'failed')
    if (failure.kind === 'http' && failure.status === 401) void api.renew()
    if (failure.kind === 'http')
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + (failure.retryAfterMs ?? 0))
    if (this.#failedUntil.size > MAX_FAILED) this.#failedUntil.clear()
    for (const { key } of targets) this.#failedUntil.set(key, nowMs + FAILED_MS)
  }

  #learn(target: Target, facts: Facts | null, isCertain: boolean): void {
    const { clock, onFound } = this.#o
    const nowMs = clock.monotonicMs()
    const known = this.#memory.get(target.key, nowMs)
    const before = known?.facts ?? null
    // Deleted meanwhile: what it was, it stays.
    if (facts === null && before !== null) {
      this.#memory.put(target.key, { facts: before, staleMs: Infinity, endMs: Infinity }, nowMs)
      return
    }
    // Seen to be absent twice, some time apart: no cache is so far behind.
    const isAgain = known !== null && nowMs >= known.staleMs
    this.#memory.put(target.key, this.#known(facts, isCertain || isAgain), nowMs)
    this.#wants.remove(target)
    if (facts !== null && before === null) onFound(target, facts)
  }

  #learnListed(target: Target, facts: Facts, isWanted: boolean): void {
    if (isWanted || this.#wants.has(target)) this.#learn(target, facts, true)
    else this.#memory.putSpare(target.key, this.#known(facts, true), this.#o.clock.monotonicMs())
  }

  #known(facts: Facts | null, isCertain: boolean): { facts: Facts | null; staleMs: number; endMs: number } {
    const { clock, cacheTtlMs } = this.#o
    const nowMs = clock.monotonicMs()
    if (facts !== null) return { facts, staleMs: nowMs + cacheTtlMs, endMs: nowMs + cacheTtlMs * TTLS_SERVED }
    return { facts, staleMs: nowMs + (isCertain ? ABSENT_STALE_MS : UNSEEN_STALE_MS), endMs: nowMs + ABSENT_MS }
  }
}

/** A node's uid in events is its name, or nothing (kubernetes #29289). */
const isSame = (seen: Seen, { uid }: Target): boolean => uid === '' || uid === seen.uid || uid === seen.staticUid

const uidsOf = (resource: Resource, { uid, staticUid }: Seen): readonly string[] => {
  if (resource.plural === 'nodes' && resource.group === '') return ['']
  return staticUid === '' ? [uid] : [uid, staticUid]
}
