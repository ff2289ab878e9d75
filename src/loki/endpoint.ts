import { request } from 'undici'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { readAnswerText } from './answer-text.ts'
import type { AuthorizationHeader } from './authorization.ts'
import { Authorizer } from './authorizer.ts'
import type { PushAnswer } from './classify.ts'
import type { ClientOptions } from './client-options.ts'
import { Connections, type OpenConnections } from './connections.ts'
import { PushHeaders } from './push-headers.ts'
import { redirectTarget } from './redirect.ts'
import { parseRetryAfter } from './retry-after.ts'
import { withoutSecrets } from './secret-source.ts'
import { timed } from './timed.ts'
import { withoutCredentials } from './url-credentials.ts'

export type EndpointDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly userAgent: string
  /** Asked once more when all is ready to be sent; default: always true. */
  readonly mayPush?: () => boolean
}

/** One push as it goes out. */
type Attempt = {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly dispatcher: Extract<OpenConnections, { kind: 'open' }>['dispatcher']
  readonly signal: AbortSignal
}

const MAX_REDIRECTS = 5

/** The push URL of one Loki. Every failure is a value. */
export class Endpoint {
  readonly #options: ClientOptions
  readonly #deps: EndpointDeps
  readonly #connections: Connections
  readonly #headers: PushHeaders
  readonly #authorizer: Authorizer
  readonly #url: URL

  constructor(options: ClientOptions, deps: EndpointDeps) {
    this.#options = options
    this.#deps = deps
    this.#connections = new Connections(options, deps.log)
    this.#headers = new PushHeaders(options, deps.log)
    const { url, authorization } = withoutCredentials(options)
    this.#url = url
    const { clock, log } = deps
    this.#authorizer = new Authorizer(authorization, { clock, log, timeoutMs: options.timeoutMs })
  }

  /** One POST, with its redirects, within `timeoutMs`. A stop aborts it. */
  async push(body: Uint8Array, tenant: string, stop: AbortSignal): Promise<PushAnswer> {
    const authorization = await this.#authorizer.header(stop)
    if (authorization.kind === 'unavailable') return { kind: 'unanswered', why: authorization.why }
    if (authorization.kind === 'unreadable') {
      return { kind: 'unsent', setting: 'authorization', why: authorization.why }
    }
    const connections = await this.#connections.open()
    if (connections.kind === 'unusable') return { kind: 'unsent', setting: 'tls_config', why: connections.why }
    const built = await this.#headers.build({
      userAgent: this.#deps.userAgent,
      authorization: authorization.kind === 'header' ? authorization.value : '',
      tenant,
    })
    if (built.kind === 'unreadable') return { kind: 'unsent', setting: 'http_headers', why: built.why }
    const { headers } = built
    // Secrets and certificates were read from files meanwhile, and this process may have been paused in between.
    if (this.#deps.mayPush?.() === false) return { kind: 'unanswered', why: 'another replica may have taken over' }
    const answer = await timed({ clock: this.#deps.clock, timeoutMs: this.#options.timeoutMs, stop }, (signal) =>
      this.#follow({ body, headers, dispatcher: connections.dispatcher, signal }),
    )
    if (answer.kind === 'answered' && answer.status === 401) this.#authorizer.refused()
    return this.#clean(answer, authorization, built.secrets)
  }

  /** A server may repeat what it was sent; credentials must not reach a log that way. */
  #clean(answer: PushAnswer, authorization: AuthorizationHeader, headers: readonly string[]): PushAnswer {
    const secrets = authorization.kind === 'header' ? authorization.secrets : []
    const all = [...secrets, ...headers]
    if (answer.kind === 'answered') return { ...answer, text: withoutSecrets(answer.text, all) }
    return { ...answer, why: withoutSecrets(answer.why, all) }
  }

  async #follow(first: Attempt): Promise<PushAnswer> {
    let url = this.#url
    let attempt = first
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const { answer, location } = await this.#post(url, attempt)
      if (!this.#options.followRedirects) return answer
      const target = redirectTarget(answer.status, location, url)
      if (target.kind === 'none') return answer
      if (target.kind === 'refused') return { kind: 'unsent', setting: 'url', why: target.why }
      if (target.url.origin !== url.origin) attempt = { ...attempt, headers: this.#anonymous(attempt.headers) }
      url = target.url
    }
    return { kind: 'unsent', setting: 'url', why: `more than ${MAX_REDIRECTS} redirects` }
  }

  /** What another host may see: neither credentials nor configured headers, which may be credentials. */
  #anonymous(headers: Attempt['headers']): Attempt['headers'] {
    const shown = ['content-type', 'user-agent', 'x-scope-orgid']
    return Object.fromEntries(Object.entries(headers).filter(([name]) => shown.includes(name)))
  }

  async #post(
    url: URL,
    attempt: Attempt,
  ): Promise<{ answer: Extract<PushAnswer, { kind: 'answered' }>; location: string | undefined }> {
    const { body, headers, dispatcher, signal } = attempt
    // The attempt has one time-out of its own, by our clock, for everything.
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 }
    const response = await request(url, { method: 'POST', body, headers, dispatcher, signal, ...timeouts })
    const text = await readAnswerText(response.body)
    const one = (name: string): string | undefined => [response.headers[name]].flat()[0]
    const retryAfterMs = parseRetryAfter(one('retry-after'), this.#deps.clock.now())
    return { answer: { kind: 'answered', status: response.statusCode, text, retryAfterMs }, location: one('location') }
  }

  async close(): Promise<void> {
    await this.#authorizer.close()
    await this.#connections.close()
  }
}
