import type { Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { userAgent } from '../version.ts'
import type { KubeAnswer, KubeClient, KubeFailure, KubeStream, RequestOptions } from './client.ts'
import type { Connection } from './connection.ts'
import { DispatcherRotation } from './dispatcher.ts'
import { readBounded } from '../read-bounded.ts'
import { announcedBytes, Deadline, readFailure, tame } from './exchange.ts'
import { HttpStream } from './http-stream.ts'
import type { KubeRequestMetrics, KubeVerb } from './kube-metrics.ts'

export type KubeClientOptions = {
  readonly connection: Connection
  readonly clock: Clock
  readonly log: Log
  /** How many watches may be open at once (scopes that are watched): connections are bounded by 7 more. */
  readonly watches: number
  readonly metrics?: KubeRequestMetrics
}

/** A 401 leads to a renewal at most this often. */
const RENEW_PERIOD_MS = 10_000

type Request = {
  readonly verb: KubeVerb
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly body: string | null
  readonly accept: string | undefined
}

type Opened = { readonly kind: 'open'; readonly response: Dispatcher.ResponseData }

/** list or get, from the path of a GET: `/api/v1` or `/apis/group/version`, then [namespaces/NS/]RESOURCE[/NAME]. */
export const verbOfGet = (path: string): 'list' | 'get' => {
  const [, resource = ''] = /^(?:\/api\/v\d\w*|\/apis\/[^/?]+\/[^/?]+)\/([^?]*)/.exec(path) ?? []
  const parts = resource.split('/')
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2
  return resource !== '' && (inNamespace ? parts.length === 3 : parts.length === 1) ? 'list' : 'get'
}

class HttpKubeClient implements KubeClient {
  readonly server: string
  readonly #options: KubeClientOptions
  readonly #origin: string
  readonly #basePath: string
  readonly #pools: DispatcherRotation
  #renewal: Promise<void> | null = null
  #renewedAtMs = -Infinity

  constructor(options: KubeClientOptions) {
    const { connection } = options
    const url = new URL(connection.server)
    this.server = connection.server
    this.#options = options
    this.#origin = url.origin
    this.#basePath = url.pathname.replace(/\/+$/, '')
    this.#pools = new DispatcherRotation(connection.proxy, options.watches)
  }

  get(path: string, options: RequestOptions): Promise<KubeAnswer<unknown>> {
    return this.#whole({ verb: verbOfGet(path), method: 'GET', path, body: null, accept: options.accept }, options)
  }

  put(path: string, body: unknown, options: RequestOptions): Promise<KubeAnswer<unknown>> {
    return this.#whole(
      { verb: 'put', method: 'PUT', path, body: JSON.stringify(body), accept: options.accept },
      options,
    )
  }

  async watch(path: string, options: RequestOptions): Promise<KubeAnswer<KubeStream>> {
    const { clock } = this.#options
    const deadline = new Deadline(options, clock)
    const opened = await this.#open(
      { verb: 'watch', method: 'GET', path, body: null, accept: options.accept },
      deadline,
    )
    deadline.stopTimer()
    if (opened.kind !== 'open') {
      deadline.release()
      return opened
    }
    return { kind: 'ok', body: new HttpStream(opened.response.body, deadline, clock, options.maxBytes), sizeBytes: 0 }
  }

  async #whole(request: Request, options: RequestOptions): Promise<KubeAnswer<unknown>> {
    const deadline = new Deadline(options, this.#options.clock)
    try {
      const opened = await this.#open(request, deadline)
      return opened.kind === 'open' ? await this.#decode(opened.response, deadline, options.maxBytes) : opened
    } finally {
      deadline.release()
    }
  }

  async #decode(response: Dispatcher.ResponseData, deadline: Deadline, maxBytes: number): Promise<KubeAnswer<unknown>> {
    let bytes: Buffer | null = null
    try {
      if (announcedBytes(response) > maxBytes) response.body.destroy()
      else bytes = await readBounded(response.body, maxBytes)
    } catch (error) {
      return deadline.explain(error)
    }
    if (bytes === null) return { kind: 'too_large', limitBytes: maxBytes }
    try {
      return { kind: 'ok', body: JSON.parse(bytes.toString('utf8')) as unknown, sizeBytes: bytes.length }
    } catch {
      return { kind: 'malformed', why: `${bytes.length} bytes that are not JSON` }
    }
  }

  /** Up to the headers of a 2xx; anything else is read to its end. */
  async #open(request: Request, deadline: Deadline): Promise<Opened | KubeFailure> {
    const { clock, metrics } = this.#options
    const response = await this.#send(request, deadline)
    if ('kind' in response) {
      if (response.kind === 'transport') metrics?.count(request.verb, 'transport')
      return response
    }
    tame(response.body)
    metrics?.count(request.verb, response.statusCode)
    if (response.statusCode >= 200 && response.statusCode < 300) return { kind: 'open', response }
    const failure = await readFailure(response, clock)
    return deadline.signal.aborted ? deadline.explain(null) : failure
  }

  async #send(request: Request, deadline: Deadline): Promise<Dispatcher.ResponseData | KubeFailure> {
    try {
      const credentials = await deadline.race(this.#options.connection.credentials())
      if (credentials.kind === 'failed') return { kind: 'transport', why: credentials.why }
      const { headers, tls } = credentials
      return await this.#pools.for(tls).request({
        origin: this.#origin,
        path: `${this.#basePath}${request.path}`,
        method: request.method,
        headers: {
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, mutable(value)])),
          accept: request.accept ?? 'application/json',
          // Compression costs the API server more than the network costs us.
          'accept-encoding': 'identity',
          'user-agent': userAgent,
          ...(request.body === null ? {} : { 'content-type': 'application/json' }),
        },
        body: request.body,
        signal: deadline.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    } catch (error) {
      return deadline.explain(error)
    }
  }

  renewCredentials(): Promise<void> {
    const now = this.#options.clock.monotonicMs()
    if (this.#renewal !== null) return this.#renewal
    if (now - this.#renewedAtMs < RENEW_PERIOD_MS) return Promise.resolve()
    this.#renewedAtMs = now
    this.#renewal = this.#renew().finally(() => {
      this.#renewal = null
    })
    return this.#renewal
  }

  async #renew(): Promise<void> {
    const { connection, log } = this.#options
    const why = await connection.renew()
    if (why !== null) log.warn('credentials cannot be renewed from their source, the former stay in use', { why })
    this.#pools.retire()
  }

  async close(): Promise<void> {
    this.#options.connection.close()
    await this.#pools.close()
  }
}

const mutable = (value: string | readonly string[]): string | string[] =>
  typeof value === 'string' ? value : [...value]

/** Requests to the API server of `connection`; nothing is connected before the first. */
export const createKubeClient = (options: KubeClientOptions): KubeClient => new HttpKubeClient(options)
