import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Authorizer } from '../loki/authorizer.ts'
import type { ClientOptions } from '../loki/client-options.ts'
import { Connections } from '../loki/connections.ts'
import { PushHeaders } from '../loki/push-headers.ts'
import { queryUrlOf } from '../loki/query-url.ts'
import { withoutSecrets } from '../loki/secret-source.ts'
import { withoutCredentials } from '../loki/url-credentials.ts'
import { userAgent } from '../version.ts'
import { ask, type Asked } from './asked.ts'

/** A snappy block of nothing, which is a PushRequest without streams. */
const EMPTY_PUSH = Uint8Array.of(0)

const QUERY_PATH = '/loki/api/v1/query_range'

/** Asks the Loki of one client, with the connection, credentials, tenant and headers of its pushes. */
export class LokiAsker {
  readonly #options: ClientOptions
  readonly #clock: Clock
  readonly #stop: AbortSignal
  readonly #connections: Connections
  readonly #headers: PushHeaders
  readonly #authorizer: Authorizer
  readonly #pushUrl: URL

  constructor(options: ClientOptions, { clock, log, stop }: { clock: Clock; log: Log; stop: AbortSignal }) {
    this.#options = options
    this.#clock = clock
    this.#stop = stop
    this.#connections = new Connections(options, log)
    this.#headers = new PushHeaders(options, log)
    const { url, authorization } = withoutCredentials(options)
    this.#pushUrl = url
    this.#authorizer = new Authorizer(authorization, { clock, log, timeoutMs: options.timeoutMs })
  }

  /** A push of nothing: nothing is stored, and the answer tells whether it would have been let in. */
  push(): Promise<Asked> {
    return this.#ask(this.#pushUrl, EMPTY_PUSH)
  }

  /** A page of Loki's beside its API, such as `/config`; null when the push URL does not tell where those are. */
  async page(path: string): Promise<Asked | null> {
    const url = queryUrlOf(this.#pushUrl)
    if (url === null) return null
    url.pathname = url.pathname.slice(0, -QUERY_PATH.length) + path
    return this.#ask(url, null)
  }

  async #ask(url: URL, body: Uint8Array | null): Promise<Asked> {
    const authorization = await this.#authorizer.header(this.#stop)
    if (authorization.kind === 'unavailable' || authorization.kind === 'unreadable') {
      return { kind: 'unanswered', why: authorization.why }
    }
    const connections = await this.#connections.open()
    if (connections.kind === 'unusable') return { kind: 'unanswered', why: connections.why }
    const built = await this.#headers.build({
      userAgent,
      authorization: authorization.kind === 'header' ? authorization.value : '',
      tenant: this.#options.tenantId,
    })
    if (built.kind === 'unreadable') return { kind: 'unanswered', why: built.why }
    const { dispatcher } = connections
    const method = body === null ? 'GET' : 'POST'
    const answer = await ask({ method, url, headers: built.headers, body, dispatcher }, this.#clock, this.#stop)
    const secrets = [...(authorization.kind === 'header' ? authorization.secrets : []), ...built.secrets]
    if (answer.kind === 'answered') return { ...answer, text: withoutSecrets(answer.text, secrets) }
    return { ...answer, why: withoutSecrets(answer.why, secrets) }
  }

  async close(): Promise<void> {
    await this.#authorizer.close()
    await this.#connections.close()
  }
}
