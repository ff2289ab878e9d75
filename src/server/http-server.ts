import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions as ServerBounds,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { systemClock, type Clock } from '../clock.ts'
import type { ServerOptions, ServerTlsOptions } from '../config/config.ts'
import type { Log } from '../log.ts'
import { textPage, type Page } from './page.ts'
import { PAGES, RELOAD_PATH, type PageSources } from './pages.ts'
import { readServerMaterial } from './tls.ts'

export type HttpServerOptions = PageSources & {
  readonly log: Log
  readonly clock?: Clock
  /** Reads the configuration again; @returns why it stays as it was, or null. Absent: there is no `/reload`. */
  readonly reload?: () => Promise<string | null>
}

export type Listening =
  /** `port`: the one in use, also when 0 was asked for. */
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  | { readonly kind: 'failed'; readonly why: string }

export type HttpServer = {
  /** Once. */
  listen(): Promise<Listening>
  /** Takes no more connections and waits for open answers, at most `graceful_shutdown_timeout`. */
  close(): Promise<void>
}

const MAX_HEADER_BYTES = 8 * 1024
/** Certificates are replaced without a word: so often the files are looked at. */
const CERTIFICATE_PERIOD_MS = 60_000

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The path below the prefix; null when the request is for something else. */
const pathBelow = (prefix: string, url: string): string | null => {
  const [path = ''] = url.split(/[?#]/, 1)
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return null
  return path.slice(prefix.length) || '/'
}

const reloaded = async (reload: () => Promise<string | null>): Promise<Page> => {
  const why = await reload()
  return why === null ? textPage(200, '') : textPage(500, `failed to reload config: ${why}\n`)
}

const pageFor = async (
  request: IncomingMessage,
  sources: Pick<HttpServerOptions, keyof PageSources | 'reload'>,
): Promise<Page> => {
  const path = pathBelow(sources.options.httpPathPrefix, request.url ?? '')
  // Any method, as Promtail.
  if (path === RELOAD_PATH && sources.reload !== undefined) return reloaded(sources.reload)
  const maker = path === null ? undefined : PAGES.get(path)
  if (maker === undefined) return textPage(404, 'not found\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...textPage(405, 'method not allowed\n'), headers: { allow: 'GET, HEAD' } }
  }
  return maker(sources, request.headers.accept)
}

const send = (request: IncomingMessage, response: ServerResponse, page: Page): void => {
  // Nobody reads a body here: a request that has one ends its connection.
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  response.writeHead(page.status, {
    ...HEADERS,
    'content-type': page.contentType,
    'content-length': Buffer.byteLength(page.body),
    vary: 'accept',
    ...(hasBody ? { connection: 'close' } : {}),
    ...page.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : page.body)
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { log, ...sources }: HttpServerOptions,
): Promise<void> => {
  try {
    send(request, response, await pageFor(request, sources))
  } catch (error) {
    // A page that fails is a fault of ours, but no reason to stop shipping events.
    log.error('page failed', { path: request.url?.slice(0, 200), error: String(error) })
    if (response.headersSent) response.destroy()
    else send(request, response, textPage(500, 'internal error\n'))
  }
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  address !== null && typeof address === 'object'

const listen = (server: Server | HttpsServer, { options, log }: HttpServerOptions): Promise<Listening> =>
  new Promise((resolve) => {
    const fail = (error: Error): void => {
      resolve({ kind: 'failed', why: error.message })
    }
    server.once('error', fail)
    server.listen(options.httpListenPort, options.httpListenAddress || undefined, () => {
      server.off('error', fail)
      server.on('error', (error) => {
        log.error('HTTP server', { error: error.message })
      })
      const bound = server.address()
      const { address, port } = isAddress(bound) ? bound : { address: '', port: 0 }
      log.info('listening', { address, port, path: options.httpPathPrefix, ...(options.tls !== null && { tls: true }) })
      resolve({ kind: 'listening', address, port })
    })
  })

const boundsOf = ({ readHeaderTimeoutMs, readTimeoutMs, idleTimeoutMs }: ServerOptions): ServerBounds => ({
  maxHeaderSize: MAX_HEADER_BYTES,
  // The library wants it no longer than that of the whole.
  headersTimeout: readTimeoutMs === 0 ? readHeaderTimeoutMs : Math.min(readHeaderTimeoutMs, readTimeoutMs),
  requestTimeout: readTimeoutMs,
  keepAliveTimeout: idleTimeoutMs,
})

type Created =
  | { readonly kind: 'plain'; readonly server: Server }
  | { readonly kind: 'tls'; readonly server: HttpsServer }
  | { readonly kind: 'failed'; readonly why: string }

const create = async (options: HttpServerOptions): Promise<Created> => {
  const { tls } = options.options
  const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response, options)
  if (tls === null) return { kind: 'plain', server: createServer(boundsOf(options.options), listener) }
  const read = await readServerMaterial(tls)
  if (read.kind === 'unusable') return { kind: 'failed', why: `http_tls_config: ${read.why}` }
  const checks = {
    requestCert: tls.clientAuth !== 'NoClientCert',
    rejectUnauthorized: tls.clientAuth === 'RequireAndVerifyClientCert',
  }
  const server = createHttpsServer({ ...boundsOf(options.options), ...read.material, ...checks }, listener)
  server.on('secureConnection', (socket) => {
    if (!isWelcome(socket, tls.clientAuth)) socket.destroy()
  })
  return { kind: 'tls', server }
}

/** Whether a client has shown what crypto/tls's ClientAuthType of that name asks for, as far as Node has not asked. */
const isWelcome = (socket: TLSSocket, clientAuth: ServerTlsOptions['clientAuth']): boolean => {
  if (clientAuth !== 'RequireAnyClientCert' && clientAuth !== 'VerifyClientCertIfGiven') return true
  const hasCertificate = Object.keys(socket.getPeerCertificate()).length > 0
  return clientAuth === 'RequireAnyClientCert' ? hasCertificate : !hasCertificate || socket.authorized
}

/** Takes new certificates into use for new connections. */
const followCertificates = async (
  server: HttpsServer,
  { options, log, clock = systemClock }: HttpServerOptions,
  closed: AbortSignal,
): Promise<void> => {
  const { tls } = options
  if (tls === null) return
  for (;;) {
    await clock.sleep(CERTIFICATE_PERIOD_MS, closed)
    if (closed.aborted) return
    const read = await readServerMaterial(tls)
    if (read.kind === 'material') server.setSecureContext(read.material)
    else log.warn('new certificate of the HTTP pages is not usable, going on with the old one', { why: read.why })
  }
}

const shut = async (
  server: Server | HttpsServer,
  { options, clock = systemClock }: HttpServerOptions,
): Promise<void> => {
  const done = new AbortController()
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      done.abort()
      resolve()
    })
  })
  server.closeIdleConnections()
  await Promise.race([closed, clock.sleep(options.gracefulShutdownTimeoutMs, done.signal)])
  server.closeAllConnections()
  await closed
}

/** The pages over HTTP/1.1: GET and HEAD only (but for `/reload`), no CORS, bounded in headers, time and connections. */
export const createHttpServer = (options: HttpServerOptions): HttpServer => {
  const closing = new AbortController()
  let server: Server | HttpsServer | null = null
  return {
    listen: async () => {
      const created = await create(options)
      if (created.kind === 'failed') return created
      server = created.server
      server.maxConnections = options.options.connectionLimit
      server.setTimeout(options.options.stalledTimeoutMs)
      if (created.kind === 'tls') void followCertificates(created.server, options, closing.signal)
      return listen(server, options)
    },
    close: async () => {
      closing.abort()
      if (server !== null) await shut(server, options)
    },
  }
}
