import { randomUUID } from 'node:crypto'
import { request } from 'undici'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { readAnswerText } from './answer-text.ts'
import type { AuthorizationHeader } from './authorization.ts'
import type { OAuth2Options } from './client-options.ts'
import { Connections } from './connections.ts'
import { readSecret, withoutSecrets } from './secret-source.ts'
import { timed } from './timed.ts'
import { tokenRequest, type CredentialStyle } from './token-request.ts'

export type TokenDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly timeoutMs: number
  /** For the assertions of the JWT grant. */
  readonly newId?: () => string
}

/** `unavailable`: the token endpoint is to be asked again later; `unreadable`: the configuration is at fault. */
export type TokenHeader =
  AuthorizationHeader | { readonly kind: 'unavailable'; readonly why: string; readonly secrets: readonly string[] }

type Token = { readonly text: string; readonly type: string; readonly expiresMs: number }
type Granted = { readonly kind: 'token'; readonly token: Token }
type Refused = { readonly kind: 'refused'; readonly status: number; readonly why: string }
type Grant = Granted | Refused | { readonly kind: 'unavailable'; readonly why: string }

/** golang.org/x/oauth2 renews a token so long before it ends. */
const EARLY_MS = 10_000
const MAX_TOKEN_CHARS = 16 * 1024

const tokenOf = (text: string, nowMs: number): Token | null => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof body !== 'object' || body === null) return null
  const { access_token: access, token_type: type, expires_in: expiresIn } = body as Readonly<Record<string, unknown>>
  if (typeof access !== 'string' || !/^[\x21-\x7e]+$/.test(access) || access.length > MAX_TOKEN_CHARS) return null
  const seconds = Number(expiresIn ?? 0)
  return {
    text: access,
    type: typeof type === 'string' && type.toLowerCase() !== 'bearer' && /^[\w-]+$/.test(type) ? type : 'Bearer',
    // Without an expiry it is good until it is refused.
    expiresMs: seconds > 0 ? nowMs + seconds * 1000 - EARLY_MS : Number.POSITIVE_INFINITY,
  }
}

/** One client's access token, fetched when it is needed and kept until shortly before it ends. */
export class TokenSource {
  readonly #o: OAuth2Options
  readonly #deps: TokenDeps
  readonly #connections: Connections
  #token: Token | null = null
  #style: CredentialStyle = 'header'
  #asking: Promise<TokenHeader> | null = null

  constructor(options: OAuth2Options, deps: TokenDeps) {
    this.#o = options
    this.#deps = deps
    const { tokenUrl: url, tls, proxy } = options
    this.#connections = new Connections({ url, tls, proxy, timeoutMs: deps.timeoutMs }, deps.log)
  }

  /** The value of `Authorization` now. Pushes that need it at the same time share one request. */
  header(stop: AbortSignal): Promise<TokenHeader> {
    const { clock } = this.#deps
    if (this.#token !== null && clock.now() < this.#token.expiresMs) return Promise.resolve(this.#headerOf(this.#token))
    this.#asking ??= this.#ask(stop).finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /** It was refused: the next push asks for another one. */
  forget(): void {
    this.#token = null
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  #headerOf({ text, type }: Token): TokenHeader {
    return { kind: 'header', value: `${type} ${text}`, secrets: [text] }
  }

  async #ask(stop: AbortSignal): Promise<TokenHeader> {
    const { grant: how } = this.#o
    const secret = await readSecret(how.kind === 'jwt-bearer' ? how.key : how.secret)
    if (secret.kind === 'unreadable') return secret
    let grant = await this.#grant(secret.text, stop)
    const mayBeStyle = how.kind === 'client_credentials' && this.#token === null
    if (grant.kind === 'refused' && mayBeStyle && (grant.status === 400 || grant.status === 401)) {
      const refused = grant
      this.#style = this.#style === 'header' ? 'parameters' : 'header'
      grant = await this.#grant(secret.text, stop)
      if (grant.kind === 'refused') grant = refused
    }
    if (grant.kind === 'token') {
      this.#token = grant.token
      return this.#headerOf(grant.token)
    }
    return { kind: 'unavailable', why: withoutSecrets(`oauth2: ${grant.why}`, [secret.text]), secrets: [secret.text] }
  }

  async #grant(secret: string, stop: AbortSignal): Promise<Grant> {
    const { clock, timeoutMs, newId = randomUUID } = this.#deps
    const asked = tokenRequest(this.#o, { secret, style: this.#style, nowMs: clock.now(), id: newId() })
    if (asked.kind === 'unusable') return { kind: 'unavailable', why: asked.why }
    const { headers, body } = asked
    const connections = await this.#connections.open()
    if (connections.kind === 'unusable') return { kind: 'unavailable', why: connections.why }
    const { dispatcher } = connections
    const answer = await timed({ clock, timeoutMs, stop }, async (signal) => {
      const response = await request(this.#o.tokenUrl, { method: 'POST', headers, body, dispatcher, signal })
      return { kind: 'answer' as const, status: response.statusCode, text: await readAnswerText(response.body) }
    })
    if (answer.kind !== 'answer') {
      return { kind: 'unavailable', why: `token endpoint: ${'why' in answer ? answer.why : 'no answer'}` }
    }
    if (answer.status < 200 || answer.status > 299) {
      const why = `the token endpoint answered ${answer.status}: ${answer.text.slice(0, 256)}`
      return { kind: 'refused', status: answer.status, why }
    }
    const token = tokenOf(answer.text, clock.now())
    return token === null
      ? { kind: 'unavailable', why: 'the token endpoint answered without a usable access_token' }
      : { kind: 'token', token }
  }
}
