import { X509Certificate } from 'node:crypto'
import { unescape } from 'node:querystring'
import { createSecureContext, type SecureVersion } from 'node:tls'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import type { Log } from '../log.ts'
import type { ClientOptions, ProxyOptions, Secret, TlsOptions, TlsVersion } from './client-options.ts'
import { readSecret } from './secret-source.ts'

export type OpenConnections =
  { readonly kind: 'open'; readonly dispatcher: Dispatcher } | { readonly kind: 'unusable'; readonly why: string }

type TlsMaterial = {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}
type Material =
  { readonly kind: 'material'; readonly material: TlsMaterial } | { readonly kind: 'unusable'; readonly why: string }

const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}
/** Connections to one Loki. One push per tenant is under way, a few tenants at a time. */
const MAX_CONNECTIONS = 4
/** Shorter than the idle time-outs of Loki (120 s), nginx (75 s) and an ALB (60 s), so that we close first. */
const KEEP_ALIVE_MS = 30_000

const readMaterial = async (tls: TlsOptions): Promise<Material> => {
  const read = (secret: Secret | null): ReturnType<typeof readSecret> | null =>
    secret === null ? null : readSecret(secret)
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)])
  const texts: (string | undefined)[] = []
  for (const part of [ca, cert, key]) {
    if (part?.kind === 'unreadable') return { kind: 'unusable', why: part.why }
    texts.push(part?.text)
  }
  return { kind: 'material', material: { ca: texts[0], cert: texts[1], key: texts[2] } }
}

/** OpenSSL's own words for a broken or mismatched certificate; they quote no content. */
const faultIn = (material: TlsMaterial): string | undefined => {
  try {
    createSecureContext(present(material))
    // The line above takes any text for an empty list of authorities.
    if (material.ca !== undefined) new X509Certificate(material.ca)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'unusable certificate'
  }
}

const present = (material: TlsMaterial): { ca?: string; cert?: string; key?: string } => ({
  ...(material.ca === undefined ? {} : { ca: material.ca }),
  ...(material.cert === undefined ? {} : { cert: material.cert }),
  ...(material.key === undefined ? {} : { key: material.key }),
})

/** Go never sends requests for this machine through a proxy named by the environment. */
const isLoopback = (url: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)

const proxySettings = (proxy: Extract<ProxyOptions, { kind: 'url' }>): EnvHttpProxyAgent.Options => {
  const url = new URL(proxy.url)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const credentials = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64')
  return {
    httpProxy: url.href,
    httpsProxy: url.href,
    noProxy: proxy.noProxy,
    ...(username === '' ? {} : { token: `Basic ${credentials}` }),
  }
}

/** What a connection needs to know of its other end. */
export type ConnectionOptions = Pick<ClientOptions, 'url' | 'tls' | 'proxy' | 'timeoutMs'>

const createDispatcher = (options: ConnectionOptions, material: TlsMaterial): Dispatcher => {
  const { tls, proxy } = options
  const proxyTls = {
    ...present(material),
    rejectUnauthorized: !tls.insecureSkipVerify,
    minVersion: VERSIONS[tls.minVersion],
    ...(tls.maxVersion !== null && { maxVersion: VERSIONS[tls.maxVersion] }),
    timeout: options.timeoutMs,
  }
  const connect = tls.serverName === '' ? proxyTls : { ...proxyTls, servername: tls.serverName }
  const pool = { connections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS, pipelining: 1, allowH2: false }
  const direct = proxy.kind === 'none' || (proxy.kind === 'environment' && isLoopback(new URL(options.url)))
  if (direct) return new Agent({ ...pool, connect })
  const settings = proxy.kind === 'url' ? proxySettings(proxy) : {}
  // Go sends these with CONNECT only.
  const headers = new URL(options.url).protocol === 'https:' ? { ...proxy.connectHeaders } : {}
  // Plain HTTP goes to a proxy as a plain request, as in Go: many proxies allow CONNECT to port 443 only.
  return new EnvHttpProxyAgent({
    ...pool,
    ...settings,
    headers,
    connect,
    proxyTls,
    requestTls: connect,
    proxyTunnel: false,
  })
}

/** The connections to one Loki. When a certificate file changes, new ones are opened and the old ones end in peace. */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #log: Log
  #dispatcher: Dispatcher | undefined
  #material: TlsMaterial = { ca: undefined, cert: undefined, key: undefined }

  constructor(options: ConnectionOptions, log: Log) {
    this.#options = options
    this.#log = log
  }

  async open(): Promise<OpenConnections> {
    const read = await readMaterial(this.#options.tls)
    if (read.kind === 'unusable') return read
    if (this.#dispatcher !== undefined && this.#isSame(read.material))
      return { kind: 'open', dispatcher: this.#dispatcher }
    const fault = faultIn(read.material)
    if (fault === undefined) return { kind: 'open', dispatcher: this.#renew(read.material) }
    if (this.#dispatcher === undefined) return { kind: 'unusable', why: fault }
    // Certificate and key are two files: between the two writes they do not match.
    this.#log.warn('new certificate is not usable, going on with the old one', { why: fault })
    return { kind: 'open', dispatcher: this.#dispatcher }
  }

  #isSame(material: TlsMaterial): boolean {
    const now = this.#material
    return now.ca === material.ca && now.cert === material.cert && now.key === material.key
  }

  #renew(material: TlsMaterial): Dispatcher {
    const old = this.#dispatcher
    const dispatcher = createDispatcher(this.#options, material)
    this.#material = material
    this.#dispatcher = dispatcher
    if (old !== undefined) this.#closeInPeace(old)
    return dispatcher
  }

  #closeInPeace(dispatcher: Dispatcher): void {
    dispatcher.close().catch((error: unknown) => {
      this.#log.debug('closing old connections', { error: String(error) })
    })
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy()
    this.#dispatcher = undefined
  }
}
