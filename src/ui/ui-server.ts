import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { LokiAccess } from '../loki/loki-access.ts'
import { QueryAnswerer } from './answer-query.ts'
import { LokiReader } from './loki-reader.ts'
import { readQueries } from './page-query.ts'
import { refusedRequest } from './request-guard.ts'
import { answerRoute, type RouteAnswer, type RouteSources } from './routes.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { pageFiles, shippedDashboards } from './shipped-files.ts'
import { relayTails } from './tail-relay.ts'

export type UiServerOptions = {
  readonly access: LokiAccess
  readonly clock: Clock
  /** '' = all addresses. */
  readonly address: string
  /** 0: a free one. */
  readonly port: number
  /** Names besides localhost under which the page may be opened, in lower case. */
  readonly allowedHosts: readonly string[]
  readonly version: string
  /** Time range that the page begins with, such as `now-30m`; '': that of the dashboard. */
  readonly from: string
  /** How often it refreshes, such as `10s`; '': as the dashboard says. */
  readonly refresh: string
}

export type UiServer = {
  readonly port: number
  readonly close: () => Promise<void>
}

const QUERY_PATH = '/api/query'
const MAX_BODY_BYTES = 4 * 1024 * 1024
const MAX_CONNECTIONS = 200
const BOUNDS = { maxHeaderSize: 160 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 75_000 }

const plain = (status: number, body: string): RouteAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
})

const send = (response: ServerResponse, { status, contentType, body }: RouteAnswer): void => {
  const headers = { ...SECURITY_HEADERS, 'content-type': contentType, 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, headers)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** The body as JSON; null: longer than allowed, broken off, or not JSON. */
const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_BODY_BYTES) return null
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    // Broken off or not JSON: there is no request in it.
    return null
  }
}

/** Aborts when the other side goes away before it was answered. */
const goneSignal = (response: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  response.on('close', () => {
    gone.abort()
  })
  return gone.signal
}

/** A line of JSON for each query, as soon as it is answered. */
const serveQueries = async (
  answerer: QueryAnswerer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    send(response, plain(415, 'expected application/json\n'))
    return
  }
  const asked = readQueries(await readJson(request))
  if (asked === null) {
    send(response, plain(400, 'expected the queries of the page\n'))
    return
  }
  if (asked.isFresh) answerer.forget()
  const stop = goneSignal(response)
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'application/x-ndjson; charset=utf-8' })
  const answered = asked.queries.map(async (query) => {
    const result = await answerer.answer(query, stop)
    response.write(`${JSON.stringify({ id: query.id, ...result })}\n`)
  })
  await Promise.all(answered)
  response.end()
}

type Serving = { readonly sources: RouteSources; readonly answerer: QueryAnswerer; readonly hosts: readonly string[] }

const serve = async (serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const refused = refusedRequest(request.headers, serving.hosts)
  const target = request.url ?? '/'
  if (refused !== null) send(response, plain(403, refused))
  else if (!URL.canParse(target, 'http://localhost')) send(response, plain(400, 'malformed request\n'))
  else {
    const url = new URL(target, 'http://localhost')
    if (url.pathname === QUERY_PATH && request.method === 'POST') {
      await serveQueries(serving.answerer, request, response)
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      send(response, await answerRoute(serving.sources, url, goneSignal(response)))
    } else send(response, plain(405, 'method not allowed\n'))
  }
}

const listen = (server: Server, { port, address }: UiServerOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address || undefined, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })

/** Serves the page that draws the dashboards out of a Loki. Rejects when the port is taken, or the page was not built. */
export const startUiServer = async (options: UiServerOptions): Promise<UiServer> => {
  const { access, clock, allowedHosts: hosts, version, from, refresh } = options
  const loki = new LokiReader(access)
  const status = { loki: loki.name, version, from, refresh }
  const sources = { loki, files: pageFiles(), dashboards: shippedDashboards(), status }
  const serving = { sources, answerer: new QueryAnswerer(loki, clock), hosts }
  const server = createServer(BOUNDS, (request, response) => {
    serve(serving, request, response).catch((error: unknown) => {
      // The page that asked is all that suffers from it.
      if (response.headersSent) response.destroy()
      else send(response, plain(500, `${String(error)}\n`))
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  const endTails = relayTails(server, loki, {
    refused: ({ headers }) => refusedRequest(headers, hosts),
    nowMs: () => clock.now(),
  })
  const port = await listen(server, options)
  return {
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      endTails()
      server.closeAllConnections()
      await closed
      await loki.close()
    },
  }
}
