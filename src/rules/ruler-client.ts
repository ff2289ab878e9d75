import { request } from 'undici'
import type { LokiAccess } from '../loki/loki-access.ts'
import { readBounded } from '../read-bounded.ts'
import { withoutSecrets } from '../loki/secret-source.ts'
import { type GroupJson, toYaml } from './render.ts'

export type RulerAnswer =
  | { readonly kind: 'done'; readonly text: string }
  /** It has no such namespace or group. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string }

const MAX_BODY_BYTES = 16 * 1024 * 1024
const MAX_TEXT_CHARS = 300
const TIMEOUT_MS = 30_000

/** A text of an error and that of its cause, which undici hides one level deeper. */
const causeOf = (error: Error): string => (error.message === '' && 'code' in error ? String(error.code) : error.message)

/** The API of Loki's ruler for one namespace (pkg/ruler/base/api.go). Every failure is a value. */
export class RulerClient {
  readonly #access: LokiAccess
  readonly #path: string

  constructor(access: LokiAccess, namespace: string) {
    this.#access = access
    const prefix = access.url.pathname.replace(/\/+$/, '')
    this.#path = `${prefix}/loki/api/v1/rules/${encodeURIComponent(namespace)}`
  }

  /** The groups of the namespace as YAML. */
  list(): Promise<RulerAnswer> {
    return this.#ask('GET', this.#path)
  }

  /** Makes a group, or puts it in place of the one of this name. */
  put(group: GroupJson): Promise<RulerAnswer> {
    return this.#ask('POST', this.#path, toYaml(group))
  }

  remove(group: string): Promise<RulerAnswer> {
    return this.#ask('DELETE', `${this.#path}/${encodeURIComponent(group)}`)
  }

  async #ask(method: 'GET' | 'POST' | 'DELETE', path: string, body: string | null = null): Promise<RulerAnswer> {
    const { url, tenant, authorization, userAgent } = this.#access
    const headers: Record<string, string> = { 'user-agent': userAgent, accept: 'application/yaml' }
    if (tenant !== '') headers['x-scope-orgid'] = tenant
    if (authorization !== '') headers['authorization'] = authorization
    if (body !== null) headers['content-type'] = 'application/yaml'
    const limits = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }
    try {
      const answer = await request(`${url.origin}${path}`, { method, headers, body, ...limits })
      const text = await readBounded(answer.body, MAX_BODY_BYTES)
      if (text === null) return this.#failed(`${method}: the answer is longer than ${MAX_BODY_BYTES} bytes`)
      return this.#judged(method, answer.statusCode, text.toString('utf8'))
    } catch (error) {
      if (error instanceof Error) return this.#failed(`${method} ${url.origin}${path}: ${causeOf(error)}`)
      throw error
    }
  }

  #judged(method: string, status: number, text: string): RulerAnswer {
    if (status >= 200 && status < 300) return { kind: 'done', text }
    // The router's own 404 means that there is no such API; that of the ruler names what it lacks.
    if (status === 404 && /no rule groups found|group does not exist|rule namespace/i.test(text))
      return { kind: 'absent' }
    const hint = status === 404 ? ' (is the ruler enabled, with enable_api?)' : ''
    return this.#failed(`${method}: ${status}${hint}: ${text.trim().slice(0, MAX_TEXT_CHARS)}`)
  }

  #failed(why: string): RulerAnswer {
    return { kind: 'failed', why: withoutSecrets(why, this.#access.secrets) }
  }
}
