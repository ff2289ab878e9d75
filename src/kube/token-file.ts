import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { reasonOf } from './failure-reason.ts'

/** As client-go's cached file token source: a projected token lives at least ten minutes, so a minute is safe. */
const FRESH_MS = 60_000
const MAX_TOKEN_BYTES = 64 * 1024

export type TokenOutcome =
  { readonly kind: 'ok'; readonly token: string } | { readonly kind: 'failed'; readonly why: string }

/** A bearer token as it may stand in a header, or why it may not. */
export const checkToken = (raw: string, place: string): TokenOutcome => {
  const token = raw.trim()
  if (token === '') return { kind: 'failed', why: `${place}: the token is empty` }
  if (!/^[\x21-\x7e]+$/.test(token))
    return { kind: 'failed', why: `${place}: the token has spaces or control characters` }
  return { kind: 'ok', token }
}

/** A bearer token in a file that someone else renews; read again when older than 60 s, trimmed. */
export class TokenFile {
  readonly #file: string
  readonly #clock: Clock
  #token = ''
  #readAtMs = -Infinity

  constructor(file: string, clock: Clock) {
    this.#file = file
    this.#clock = clock
  }

  /** The next `current()` reads the file. */
  forget(): void {
    this.#readAtMs = -Infinity
  }

  /** A token that was read before stays in use while the file is unreadable: the server judges it. */
  async current(): Promise<TokenOutcome> {
    const now = this.#clock.monotonicMs()
    if (now - this.#readAtMs < FRESH_MS) return { kind: 'ok', token: this.#token }
    const outcome = await this.#read()
    if (outcome.kind === 'ok') {
      this.#token = outcome.token
      this.#readAtMs = now
      return outcome
    }
    return this.#token === '' ? outcome : { kind: 'ok', token: this.#token }
  }

  async #read(): Promise<TokenOutcome> {
    try {
      const text = await readFile(this.#file, 'utf8')
      if (text.length > MAX_TOKEN_BYTES) return { kind: 'failed', why: `${this.#file}: longer than a token can be` }
      return checkToken(text, this.#file)
    } catch (error) {
      return { kind: 'failed', why: `${this.#file}: ${reasonOf(error)}` }
    }
  }
}
