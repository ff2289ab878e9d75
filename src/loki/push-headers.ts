import type { Log } from '../log.ts'

const LEGAL_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const LEGAL_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Set by us or by HTTP itself; a configured one is left out. */
const RESERVED = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

export type OwnHeaders = { readonly userAgent: string; readonly authorization: string; readonly tenant: string }

/**
 * Builds the headers of a push. Configured ones never replace ours; each that is left out is warned about once, by name
 * only (a value may be a secret).
 */
export class PushHeaders {
  readonly #configured: Readonly<Record<string, string>>
  readonly #log: Log
  readonly #warned = new Set<string>()

  constructor(configured: Readonly<Record<string, string>>, log: Log) {
    this.#configured = configured
    this.#log = log
  }

  /** @param own '' = not sent. Illegal characters in a tenant are the caller's to prevent. */
  build(own: OwnHeaders): Record<string, string> {
    const headers: Record<string, string> = {
      'content-type': 'application/x-protobuf',
      'user-agent': own.userAgent,
    }
    if (own.authorization !== '') headers['authorization'] = own.authorization
    if (own.tenant !== '') headers['x-scope-orgid'] = own.tenant
    for (const [name, value] of Object.entries(this.#configured)) this.#add(headers, name, value)
    return headers
  }

  #add(headers: Record<string, string>, name: string, value: string): void {
    const lower = name.toLowerCase()
    const fault = !LEGAL_NAME.test(name) || !LEGAL_VALUE.test(value) ? 'it is not a legal header' : 'eventail sets it'
    const isTaken = RESERVED.has(lower) || Object.hasOwn(headers, lower)
    if (!isTaken && fault === 'eventail sets it') {
      headers[lower] = value
      return
    }
    if (this.#warned.has(lower)) return
    this.#warned.add(lower)
    this.#log.warn('configured header is not sent', { header: name, why: fault })
  }
}
