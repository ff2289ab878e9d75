import { request } from 'undici'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Authorizer } from './authorizer.ts'
import type { ClientOptions } from './client-options.ts'
import { Connections } from './connections.ts'
import { PushHeaders } from './push-headers.ts'
import { type ReadEntry, readQueryAnswer } from './query-answer.ts'
import { queryUrlOf } from './query-url.ts'
import { readBounded } from '../read-bounded.ts'
import { withoutSecrets } from './secret-source.ts'
import { timed } from './timed.ts'
import { withoutCredentials } from './url-credentials.ts'

/** A log query, answered oldest first. */
export type RangeQuery = {
  readonly query: string
  /** Inclusive. */
  readonly startNs: bigint
  /** Exclusive. */
  readonly endNs: bigint
  /** Entries. */
  readonly limit: number
  /** '' = no tenant header. */
  readonly tenant: string
}

export type QueryAnswer =
  | { readonly kind: 'entries'; readonly entries: readonly ReadEntry[] }
  /** Any status but 200; `text` is the beginning of the body. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  /** The body is longer than 64 MiB. */
  | { readonly kind: 'too_large' }
  /** No answer, or one that is not Loki's. One line without secrets. */
  | { readonly kind: 'failed'; readonly why: string }
  /** Not asked, because of a setting on our side; to ask again does not help. */
  | { readonly kind: 'unusable'; readonly why: string }

export type QueryClientDeps = { readonly clock: Clock; readonly log: Log; readonly userAgent: string }

const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_TEXT_CHARS = 300
/** A query reads chunks from a store: it takes longer than a push. */
const MIN_TIMEOUT_MS = 60_000

const answerOf = (status: number, body: Buffer | null): QueryAnswer => {
  if (body === null) return { kind: 'too_large' }
  if (status !== 200) return { kind: 'refused', status, text: body.toString('utf8').trim().slice(0, MAX_TEXT_CHARS) }
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    return { kind: 'failed', why: 'the answer to a query is not JSON' }
  }
  const entries = readQueryAnswer(parsed)
  return entries === null
    ? { kind: 'failed', why: 'the answer to a query is not one of log entries' }
    : { kind: 'entries', entries }
}

/** Reads back from the Loki that a client pushes to: the same connection, credentials, tenant and headers. */
export class QueryClient {
  readonly #options: ClientOptions
  readonly #clock: Clock
  readonly #userAgent: string
  readonly #connections: Connections
  readonly #headers: PushHeaders
  readonly #authorizer: Authorizer
  readonly #url: URL | null

  constructor(options: ClientOptions, { clock, log, userAgent }: QueryClientDeps) {
    this.#options = options
    this.#clock = clock
    this.#userAgent = userAgent
    this.#connections = new Connections(options, log)
    this.#headers = new PushHeaders(options, log)
    const { url, authorization } = withoutCredentials(options)
    this.#url = queryUrlOf(url)
    this.#authorizer = new Authorizer(authorization, { clock, log, timeoutMs: options.timeoutMs })
  }

  /** One request, within a minute or the client's `timeout` if that is longer. */
  async read(query: RangeQuery, stop: AbortSignal): Promise<QueryAnswer> {
    if (this.#url === null) {
      return { kind: 'unusable', why: 'the push URL does not end in /loki/api/v1/push, so where to ask is not known' }
    }
    const url = new URL(this.#url)
    for (const [name, value] of Object.entries({
      query: query.query,
      start: String(query.startNs),
      end: String(query.endNs),
      limit: String(query.limit),
      direction: 'forward',
    })) {
      url.searchParams.set(name, value)
    }
    const authorization = await this.#authorizer.header(stop)
    if (authorization.kind === 'unavailable') return { kind: 'failed', why: authorization.why }
    if (authorization.kind === 'unreadable') return { kind: 'unusable', why: authorization.why }
    const value = authorization.kind === 'header' ? authorization.value : ''
    const secrets = authorization.kind === 'header' ? authorization.secrets : []
    const built = await this.#headers.build({
      userAgent: this.#userAgent,
      authorization: value,
      tenant: query.tenant,
    })
    if (built.kind === 'unreadable') return { kind: 'unusable', why: built.why }
    const answer = await this.#get(url, this.#queryHeaders(built.headers), stop)
    return this.#clean(answer, [...secrets, ...built.secrets])
  }

  #queryHeaders(headers: Record<string, string>): Record<string, string> {
    delete headers['content-type']
    // Since Loki 3.0: structured metadata beside the labels instead of among them.
    return { ...headers, accept: 'application/json', 'x-loki-response-encoding-flags': 'categorize-labels' }
  }

  async #get(url: URL, headers: Record<string, string>, stop: AbortSignal): Promise<QueryAnswer> {
    const connections = await this.#connections.open()
    if (connections.kind === 'unusable') return { kind: 'unusable', why: connections.why }
    const { dispatcher } = connections
    const timeoutMs = Math.max(MIN_TIMEOUT_MS, this.#options.timeoutMs)
    const answer = await timed({ clock: this.#clock, timeoutMs, stop }, async (signal): Promise<QueryAnswer> => {
      const response = await request(url, { headers, dispatcher, signal, headersTimeout: 0, bodyTimeout: 0 })
      return answerOf(response.statusCode, await readBounded(response.body, MAX_BODY_BYTES))
    })
    if (answer.kind === 'unsent') return { kind: 'unusable', why: answer.why }
    return answer.kind === 'unanswered' ? { kind: 'failed', why: answer.why } : answer
  }

  /** A server may repeat what it was sent. */
  #clean(answer: QueryAnswer, secrets: readonly string[]): QueryAnswer {
    if (answer.kind === 'refused') return { ...answer, text: withoutSecrets(answer.text, secrets) }
    return 'why' in answer ? { ...answer, why: withoutSecrets(answer.why, secrets) } : answer
  }

  async close(): Promise<void> {
    await this.#authorizer.close()
    await this.#connections.close()
  }
}
