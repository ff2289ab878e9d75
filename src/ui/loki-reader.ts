import { Pool } from 'undici'
import type { LokiAccess } from '../loki/loki-access.ts'
import { readBounded } from '../read-bounded.ts'
import { withoutSecrets } from '../loki/secret-source.ts'

/** What Loki said; every failure is a value without secrets. */
export type LokiAnswer =
  | { readonly kind: 'json'; readonly json: unknown }
  /** Any status but 200; `text` is the beginning of the body. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string }

/** The only paths that are ever asked, all of them reads. */
export const LOKI_PATHS = {
  instant: '/loki/api/v1/query',
  range: '/loki/api/v1/query_range',
  series: '/loki/api/v1/series',
  alerts: '/prometheus/api/v1/alerts',
  tail: '/loki/api/v1/tail',
} as const

export type LokiParameters = Readonly<Record<string, string>>

/** Where values of a label are asked for. */
export const labelValuesPath = (label: string): string => `/loki/api/v1/label/${encodeURIComponent(label)}/values`

const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_TEXT_CHARS = 2000
const TIMEOUT_MS = 60_000
/** Loki works on as many queries of one page at once. */
const MAX_CONNECTIONS = 6

/** A text of an error and that of its cause, which some hide one level deeper. */
const causeOf = (error: Error): string => (error.message === '' && 'code' in error ? String(error.code) : error.message)

/** What can be asked. */
export type AsksLoki = Pick<LokiReader, 'ask'>

/** Asks a Loki, with the credentials and the tenant that it was given; nobody else's are passed on. */
export class LokiReader {
  readonly #access: LokiAccess
  readonly #pool: Pool
  readonly #prefix: string

  constructor(access: LokiAccess) {
    this.#access = access
    this.#prefix = access.url.pathname.replace(/\/+$/, '')
    const limits = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, connect: { timeout: 10_000 } }
    this.#pool = new Pool(access.url.origin, { connections: MAX_CONNECTIONS, ...limits })
  }

  /** Where it is, without credentials. */
  get name(): string {
    return `${this.#access.url.origin}${this.#prefix}`
  }

  async ask(path: string, parameters: LokiParameters, stop: AbortSignal): Promise<LokiAnswer> {
    const query = new URLSearchParams(parameters).toString()
    const headers = { ...this.headers(), accept: 'application/json' }
    try {
      const answer = await this.#pool.request({
        method: 'GET',
        path: `${this.#prefix}${path}${query === '' ? '' : `?${query}`}`,
        headers,
        signal: stop,
      })
      const body = await readBounded(answer.body, MAX_BODY_BYTES)
      if (body === null) return this.#failed(`the answer is longer than ${MAX_BODY_BYTES} bytes`)
      const text = body.toString('utf8')
      if (answer.statusCode === 200) return { kind: 'json', json: JSON.parse(text) as unknown }
      const said = withoutSecrets(text.trim().slice(0, MAX_TEXT_CHARS), this.#access.secrets)
      return { kind: 'refused', status: answer.statusCode, text: said }
    } catch (error) {
      if (error instanceof SyntaxError) return this.#failed('the answer is not JSON')
      if (error instanceof Error) return this.#failed(causeOf(error))
      throw error
    }
  }

  /** What every request carries, a tail too. */
  headers(): Readonly<Record<string, string>> {
    const { tenant, authorization, userAgent } = this.#access
    return {
      'user-agent': userAgent,
      // Since Loki 3.0: structured metadata beside the labels instead of among them.
      'x-loki-response-encoding-flags': 'categorize-labels',
      ...(tenant !== '' && { 'x-scope-orgid': tenant }),
      ...(authorization !== '' && { authorization }),
    }
  }

  /** The address of a tail. */
  tailUrl(parameters: LokiParameters): string {
    const query = new URLSearchParams(parameters).toString()
    return `${this.name.replace(/^http/, 'ws')}${LOKI_PATHS.tail}?${query}`
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  #failed(why: string): LokiAnswer {
    return { kind: 'failed', why: withoutSecrets(`${this.name}: ${why}`, this.#access.secrets) }
  }
}
