import type { Log } from '../log.ts'
import type { ClientOptions } from './client-options.ts'
import { readSecret } from './secret-source.ts'

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

/** `secrets`: the configured values, which must not appear in a message. */
export type BuiltHeaders =
  | { readonly kind: 'headers'; readonly headers: Record<string, string>; readonly secrets: readonly string[] }
  | { readonly kind: 'unreadable'; readonly why: string }

type FileHeaders =
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Those with parts in files, as they are now; several parts are one value, as RFC 9110, 5.3, allows. */
const readFileHeaders = async (configured: ClientOptions['fileHeaders']): Promise<FileHeaders> => {
  const headers: [string, string][] = []
  for (const [name, parts] of Object.entries(configured)) {
    const texts: string[] = []
    for (const part of parts) {
      const read = await readSecret(part)
      if (read.kind === 'unreadable') return read
      texts.push(read.text)
    }
    headers.push([name, texts.join(', ')])
  }
  return { kind: 'headers', headers: Object.fromEntries(headers) }
}

export type OwnHeaders = { readonly userAgent: string; readonly authorization: string; readonly tenant: string }

type ConfiguredHeaders = Pick<ClientOptions, 'headers' | 'fileHeaders'>

/**
 * Builds the headers of a push. Configured ones never replace ours; each that is left out is warned about once, by name
 * only (a value may be a secret).
 */
export class PushHeaders {
  readonly #configured: ConfiguredHeaders
  readonly #log: Log
  readonly #warned = new Set<string>()

  constructor(configured: ConfiguredHeaders, log: Log) {
    this.#configured = configured
    this.#log = log
  }

  /** @param own '' = not sent. Illegal characters in a tenant are the caller's to prevent. */
  async build(own: OwnHeaders): Promise<BuiltHeaders> {
    const fromFiles = await readFileHeaders(this.#configured.fileHeaders)
    if (fromFiles.kind === 'unreadable') return fromFiles
    const headers: Record<string, string> = {
      'content-type': 'application/x-protobuf',
      'user-agent': own.userAgent,
    }
    if (own.authorization !== '') headers['authorization'] = own.authorization
    if (own.tenant !== '') headers['x-scope-orgid'] = own.tenant
    const configured = { ...this.#configured.headers, ...fromFiles.headers }
    for (const [name, value] of Object.entries(configured)) this.#add(headers, name, value)
    return { kind: 'headers', headers, secrets: Object.values(configured) }
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
