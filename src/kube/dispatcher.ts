import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { TlsMaterial } from './connection.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** Below the idle timeout of the load balancers of the clouds. */
const KEEP_ALIVE_DELAY_MS = 30_000

/** Connections besides those of watches: probe, pages, Lease and a spare. */
const REQUEST_CONNECTIONS = 7

/**
 * An HTTP/1.1 pool for one server: a watch has a socket of its own, so that not reading it reaches the server as TCP
 * back-pressure. No timeouts of headers and bodies: the client's clock watches over them.
 *
 * @param watches how many watches may be open at once, each on its connection.
 */
export const createDispatcher = (tls: TlsMaterial, proxy: string, watches: number): Dispatcher => {
  const connect = {
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
    ...(tls.serverName === '' ? {} : { servername: tls.serverName }),
    rejectUnauthorized: !tls.skipVerify,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  }
  const pool = {
    allowH2: false,
    pipelining: 1,
    connections: REQUEST_CONNECTIONS + watches,
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  if (proxy === '') return new Agent({ ...pool, connect })
  const { timeout, keepAlive, keepAliveInitialDelay } = connect
  const proxyTls = { timeout, keepAlive, keepAliveInitialDelay }
  // For undici the option alone means that a SOCKS proxy speaks TLS.
  const isSocks = proxy.startsWith('socks')
  return new ProxyAgent({ ...pool, uri: proxy, requestTls: connect, ...(isSocks ? {} : { proxyTls }) })
}

/** The pool in use, and those before it that still have answers to deliver. */
export class DispatcherRotation {
  readonly #proxy: string
  readonly #watches: number
  readonly #retired = new Set<Dispatcher>()
  #current: { readonly hash: string; readonly dispatcher: Dispatcher } | null = null
  #closed = false

  constructor(proxy: string, watches: number) {
    this.#proxy = proxy
    this.#watches = watches
  }

  /** The pool for this material: a new one when the material changed; the old one ends with its last answer. */
  for(tls: TlsMaterial): Dispatcher {
    if (this.#current?.hash === tls.hash) return this.#current.dispatcher
    this.retire()
    const dispatcher = createDispatcher(tls, this.#proxy, this.#watches)
    this.#current = { hash: tls.hash, dispatcher }
    if (this.#closed) this.retire()
    return dispatcher
  }

  /** The next request opens new connections. */
  retire(): void {
    const dispatcher = this.#current?.dispatcher
    this.#current = null
    if (dispatcher === undefined) return
    this.#retired.add(dispatcher)
    const forget = (): void => {
      this.#retired.delete(dispatcher)
    }
    void dispatcher.close().then(forget, forget)
  }

  /** Ends every connection now. */
  async close(): Promise<void> {
    this.#closed = true
    const all = [...this.#retired, ...(this.#current === null ? [] : [this.#current.dispatcher])]
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()))
  }
}
