import type { KubeFailure } from '../kube/client.ts'
import { readPage } from '../kube/page.ts'
import { nameOf, namespaceOf } from './facts.ts'
import type { MetadataApi } from './metadata-api.ts'
import type { Resource } from './resource.ts'
import { groupKeyOf } from './wants.ts'

export type ListReaderOptions = {
  readonly api: MetadataApi
  /** Resolves when one more request may be made; the first was paid for. */
  readonly token: () => Promise<void>
}

export type ListListener = {
  readonly onItem: (item: unknown, place: { readonly namespace: string; readonly name: string }) => void
  readonly onPage: () => void
}

/** `complete`: what was not given is not there. `given_up`: it is too long, or expired on the way. */
export type ListEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'given_up' }
  | { readonly kind: 'failed'; readonly failure: KubeFailure }

/** 100,000 objects. */
const MAX_PAGES = 200
/** What could not be listed is not listed again for so long, nor what is too long for so few. */
const RESTS_MS = 600_000
/** Kinds and namespaces remembered at once. */
const MAX_REMEMBERED = 1024
/** A list costs the API server about as much as a request for each of so many of its objects (API Priority and Fairness). */
const OBJECTS_PER_REQUEST = 100

type PageOutcome = ListEnd | { readonly kind: 'more'; readonly continueToken: string } | { readonly kind: 'too_large' }

/** Reads lists of metadata, page by page, from the API server's cache. */
export class ListReader {
  readonly #o: ListReaderOptions
  readonly #restsUntil = new Map<string, number>()
  readonly #underWay = new Set<string>()
  /** Objects in the last list that was read to its end; may change, so it is forgotten after `RESTS_MS`. */
  readonly #sizes = new Map<string, { readonly objects: number; readonly untilMs: number }>()
  #nowMs = 0

  constructor(options: ListReaderOptions) {
    this.#o = options
  }

  /**
   * Whether a list is possible, as it did not turn out to be too long lately and is not under way, and costs the API
   * server less than `wanted` objects one by one.
   */
  isWorthIt(resource: Resource, namespace: string, { wanted, nowMs }: { wanted: number; nowMs: number }): boolean {
    this.#nowMs = nowMs
    const key = groupKeyOf(resource, namespace)
    if (this.#underWay.has(key) || this.#underWay.has(groupKeyOf(resource, ''))) return false
    const last = this.#sizes.get(key)
    if (last !== undefined && nowMs < last.untilMs && wanted * OBJECTS_PER_REQUEST < last.objects) return false
    return nowMs >= (this.#restsUntil.get(key) ?? 0)
  }

  async read(resource: Resource, namespace: string, listener: ListListener): Promise<ListEnd> {
    const key = groupKeyOf(resource, namespace)
    let size = 0
    const onItem: ListListener['onItem'] = (item, place) => {
      size += 1
      listener.onItem(item, place)
    }
    this.#underWay.add(key)
    try {
      const end = await this.#pages(resource, namespace, { ...listener, onItem })
      const untilMs = this.#nowMs + RESTS_MS
      if (end.kind === 'complete') remember(this.#sizes, key, { objects: size, untilMs })
      return end
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #pages(resource: Resource, namespace: string, listener: ListListener): Promise<ListEnd> {
    let continueToken: string | null = null
    let fromCache = true
    for (let page = 0; page < MAX_PAGES; page += 1) {
      if (page > 0) await this.#o.token()
      const outcome = await this.#page(resource, { namespace, continueToken, fromCache }, listener)
      if (outcome.kind === 'more') continueToken = outcome.continueToken
      // An API server before 1.31 answers with everything, whatever `limit` says, when it is asked for its cache.
      else if (outcome.kind === 'too_large' && fromCache && continueToken === null) fromCache = false
      else if (outcome.kind === 'too_large') break
      else return outcome
    }
    remember(this.#restsUntil, groupKeyOf(resource, namespace), this.#nowMs + RESTS_MS)
    return { kind: 'given_up' }
  }

  async #page(
    resource: Resource,
    query: Parameters<MetadataApi['page']>[1],
    { onItem, onPage }: ListListener,
  ): Promise<PageOutcome> {
    const answer = await this.#o.api.page(resource, query)
    if (answer.kind === 'too_large') return { kind: 'too_large' }
    if (answer.kind === 'http' && answer.status === 410) return { kind: 'given_up' }
    if (answer.kind !== 'ok') return { kind: 'failed', failure: answer }
    const page = readPage(answer.body)
    if (page === null) return { kind: 'failed', failure: { kind: 'malformed', why: 'not a list' } }
    for (const item of page.items) onItem(item, { namespace: namespaceOf(item), name: nameOf(item) })
    onPage()
    return page.continueToken === null ? { kind: 'complete' } : { kind: 'more', continueToken: page.continueToken }
  }
}

const remember = <T>(map: Map<string, T>, key: string, value: T): void => {
  if (map.size >= MAX_REMEMBERED) map.clear()
  map.set(key, value)
}
