import type { KubeAnswer, KubeClient, KubeStream } from '../kube/client.ts'
import type { Resource } from './resource.ts'

/**
 * Metadata only (KEP-2334, apiserver endpoints/handlers/response.go): the object without spec and status. Aggregated
 * API servers that cannot do it answer 406 to this alone, so plain JSON is taken as well: of that, too, only the
 * metadata is looked at.
 */
const ONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'
const MANY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/** etcd takes 1.5 MB of an object. */
const ONE_MAX_BYTES = 2 * 1024 * 1024
const LIST_MAX_BYTES = 16 * 1024 * 1024
const LINE_MAX_BYTES = 2 * 1024 * 1024
const GET_TIMEOUT_MS = 5000
const LIST_TIMEOUT_MS = 30_000
const WATCH_HEADERS_TIMEOUT_MS = 60_000
const WATCH_TIMEOUT_S = 600
/** Where an old API server, which ignores `limit` on a list from its cache, would answer with more than may be kept. */
export const LIST_PAGE = 500

/** One object. */
export type Place = { readonly resource: Resource; readonly namespace: string; readonly name: string }

/** How a page is asked for. */
export type PageQuery = {
  /** '' is every namespace. */
  readonly namespace: string
  readonly continueToken: string | null
  /** From the API server's cache, which may be a moment old; else from etcd. */
  readonly fromCache: boolean
}

const pathOf = ({ group, version, plural, isNamespaced }: Resource, namespace: string): string => {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const within = isNamespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${base}${within}/${plural}`
}

/** The requests for metadata of objects; each is one request, whatever becomes of it. */
export class MetadataApi {
  readonly #client: KubeClient
  readonly #signal: AbortSignal

  constructor(client: KubeClient, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  /** @param fromCache `resourceVersion=0`: etcd is not asked. A 404 from there may only be early. */
  get({ resource, namespace, name }: Place, fromCache: boolean): Promise<KubeAnswer<unknown>> {
    const path = `${pathOf(resource, namespace)}/${encodeURIComponent(name)}${fromCache ? '?resourceVersion=0' : ''}`
    return this.#client.get(path, this.#options(ONE, GET_TIMEOUT_MS, ONE_MAX_BYTES))
  }

  page(resource: Resource, { namespace, continueToken, fromCache }: PageQuery): Promise<KubeAnswer<unknown>> {
    const query = new URLSearchParams({
      limit: String(LIST_PAGE),
      ...(fromCache && continueToken === null ? { resourceVersion: '0' } : {}),
      ...(continueToken === null ? {} : { continue: continueToken }),
    })
    const path = `${pathOf(resource, namespace)}?${query.toString()}`
    return this.#client.get(path, this.#options(MANY, LIST_TIMEOUT_MS, LIST_MAX_BYTES))
  }

  watch(resource: Resource, resourceVersion: string): Promise<KubeAnswer<KubeStream>> {
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_TIMEOUT_S),
    })
    const path = `${pathOf(resource, '')}?${query.toString()}`
    return this.#client.watch(path, this.#options(ONE, WATCH_HEADERS_TIMEOUT_MS, LINE_MAX_BYTES))
  }

  /** The credentials were not taken: reads them anew. */
  renew(): Promise<void> {
    return this.#client.renewCredentials()
  }

  #options(accept: string, timeoutMs: number, maxBytes: number): Parameters<KubeClient['get']>[1] {
    return { signal: this.#signal, timeoutMs, maxBytes, accept }
  }
}
