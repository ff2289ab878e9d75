import { readAuthorization } from './authorization.ts'
import type { Authorization } from './client-options.ts'
import { type TokenDeps, type TokenHeader, TokenSource } from './oauth2.ts'

/** Says how a request identifies itself: by what is configured, or by a token that is fetched for it. */
export class Authorizer {
  readonly #read: (stop: AbortSignal) => Promise<TokenHeader>
  /** Null: nothing is fetched. */
  readonly #tokens: TokenSource | null

  constructor(authorization: Authorization, deps: TokenDeps) {
    if (authorization.kind === 'oauth2') {
      const tokens = new TokenSource(authorization, deps)
      this.#tokens = tokens
      this.#read = (stop) => tokens.header(stop)
    } else {
      this.#tokens = null
      this.#read = () => readAuthorization(authorization)
    }
  }

  /** The value of `Authorization` now; files are read again for each request. */
  header(stop: AbortSignal): Promise<TokenHeader> {
    return this.#read(stop)
  }

  /** The answer was 401. */
  refused(): void {
    this.#tokens?.forget()
  }

  async close(): Promise<void> {
    await this.#tokens?.close()
  }
}
