import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import { parseQuery } from '../logql/parse.ts'
import type { LokiReader } from './loki-reader.ts'
import { linesOf } from './read-answer.ts'

/** Of all pages together: Loki itself allows ten for a tenant. */
const MAX_TAILS = 8
/** Nobody has anything to say on a tail. */
const MAX_RECEIVED_BYTES = 1024
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
/** A page that is further behind than this is sent away. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
/** Lines of one message of Loki that are passed on. */
const MAX_LINES = 500
const MAX_QUERY_CHARS = 131_072

/** A close frame carries no more; cut by characters, it never ends within one. */
const MAX_REASON_CHARS = 30

export const TAIL_PATH = '/api/tail'

const streamsOf = (data: RawData): readonly unknown[] => {
  const message: unknown = JSON.parse((data as Buffer).toString('utf8'))
  if (typeof message !== 'object' || message === null || !('streams' in message)) return []
  return Array.isArray(message.streams) ? (message.streams as readonly unknown[]) : []
}

/** The lines of a message, oldest first, as the page takes them; null: there are none. */
const passedOn = (data: RawData): string | null => {
  const lines = streamsOf(data).flatMap(linesOf)
  if (lines.length === 0) return null
  const sorted = lines.toSorted((a, b) => (BigInt(a.timeNs) < BigInt(b.timeNs) ? -1 : 1))
  return JSON.stringify({ lines: sorted.slice(-MAX_LINES) })
}

const relay = (page: WebSocket, loki: LokiReader, query: string, startMs: number): void => {
  const parameters = { query, limit: '100', start: `${startMs}000000` }
  const source = new WebSocket(loki.tailUrl(parameters), {
    headers: loki.headers(),
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: 10_000,
  })
  source.on('message', (data) => {
    if (page.readyState !== WebSocket.OPEN) return
    if (page.bufferedAmount > MAX_BUFFERED_BYTES) {
      page.close(1013, 'the page is too slow')
      return
    }
    try {
      const text = passedOn(data)
      if (text !== null) page.send(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      page.close(1011, 'not a message of Loki')
    }
  })
  source.on('error', () => {
    page.close(1011, 'Loki does not tail')
  })
  source.on('close', (_, reason) => {
    page.close(1011, reason.toString('utf8').slice(0, MAX_REASON_CHARS))
  })
  page.on('close', () => {
    source.terminate()
  })
  page.on('error', () => {
    source.terminate()
  })
}

const refuse = (socket: Duplex, text: string): void => {
  const head = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n'
  socket.end(`${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

const problemOf = (url: URL, tails: number): string | null => {
  if (url.pathname !== TAIL_PATH) return 'only a tail is a WebSocket\n'
  const query = url.searchParams.get('query') ?? ''
  if (query.length > MAX_QUERY_CHARS) return 'the query is too long\n'
  const parsed = parseQuery(query)
  if (parsed.kind === 'ok' && parsed.query.kind !== 'log') return 'only a query for lines can be tailed\n'
  return tails >= MAX_TAILS ? `at most ${MAX_TAILS} tails at once\n` : null
}

/**
 * Passes tails of Loki on to pages as WebSockets. `refused`: why a request may not be answered, or null.
 * @returns how to end all of them
 */
export const relayTails = (
  server: Server,
  loki: LokiReader,
  context: { readonly refused: (request: IncomingMessage) => string | null; readonly nowMs: () => number },
): (() => void) => {
  const pages = new WebSocketServer({ noServer: true, maxPayload: MAX_RECEIVED_BYTES })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {
      socket.destroy()
    })
    const target = request.url ?? '/'
    const url = URL.canParse(target, 'http://localhost') ? new URL(target, 'http://localhost') : null
    const problem =
      url === null ? 'malformed request\n' : (context.refused(request) ?? problemOf(url, pages.clients.size))
    if (url === null || problem !== null) {
      refuse(socket, problem ?? '')
      return
    }
    pages.handleUpgrade(request, socket, head, (page) => {
      relay(page, loki, url.searchParams.get('query') ?? '', Math.floor(context.nowMs()))
    })
  })
  return () => {
    for (const page of pages.clients) page.terminate()
    pages.close()
  }
}
