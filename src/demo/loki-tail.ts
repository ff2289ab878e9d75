import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { LogQuery } from '../logql/ast.ts'
import { compileLog } from '../logql/compile-log.ts'
import { evaluateLines } from '../logql/evaluate.ts'
import { streamTest } from '../logql/matchers.ts'
import { parseQuery } from '../logql/parse.ts'
import type { LogPipeline, ProcessedEntry } from '../logql/pipeline.ts'
import { streamName } from '../logql/store.ts'
import { answeredStreams } from './loki-answer.ts'
import { parseLimit, parseTimeNs } from './loki-parameters.ts'
import type { LokiStore, StoredListener } from './loki-store.ts'

/** Who wants to tail what. */
export type TailRequest = {
  readonly query: URLSearchParams
  readonly tenant: string
  readonly nowNs: bigint
  readonly categorize: boolean
}

type Tail = {
  readonly query: LogQuery
  readonly limit: number
  readonly startNs: bigint
  readonly request: TailRequest
}

export const TAIL_PATH = '/loki/api/v1/tail'

const HOUR_NS = 3_600_000_000_000n

/** `max_concurrent_tail_requests`. */
const MAX_TAILS = 10

/** A reader that is further behind than this is sent away. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024

/** Nobody has anything to say on a tail. */
const MAX_RECEIVED_BYTES = 1024

const readTail = (request: TailRequest): Tail | { readonly error: string } => {
  const parsed = parseQuery(request.query.get('query') ?? '')
  if (parsed.kind === 'error') return { error: parsed.problem.message }
  if (parsed.query.kind !== 'log') return { error: 'only log queries can be tailed' }
  const limit = parseLimit(request.query.get('limit') ?? '')
  if ('error' in limit) return limit
  const start = request.query.get('start') ?? ''
  const startNs = start === '' ? { value: request.nowNs - HOUR_NS } : parseTimeNs('start', start)
  if ('error' in startNs) return startNs
  const delay = request.query.get('delay_for') ?? ''
  if (delay !== '' && !/^[0-5]$/.test(delay)) return { error: "delay_for can't be greater than 5" }
  return { query: parsed.query, limit: limit.value, startNs: startNs.value, request }
}

/** What a listener of the store has to do to pass on what a tail asks for. */
const passOn = (tail: Tail, send: (entries: readonly ProcessedEntry[]) => void): StoredListener => {
  const { query, request } = tail
  const matches = streamTest(query.matchers)
  const pipeline = compileLog(query, { kind: 'all' })
  const known = new Map<string, ReturnType<LogPipeline['forStream']>>()
  return (tenant, labels, entries) => {
    if (tenant !== request.tenant || !matches(labels)) return
    const name = streamName(labels)
    const process = known.get(name) ?? pipeline.forStream(labels)
    known.set(name, process)
    const passed = entries.map(process).filter((entry) => entry !== null)
    if (passed.length > 0) send(passed)
  }
}

const start = (store: LokiStore, socket: WebSocket, tail: Tail): void => {
  const { categorize } = tail.request
  const send = (entries: readonly ProcessedEntry[]): void => {
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.close(1013, 'reader is too slow')
    else socket.send(JSON.stringify({ streams: answeredStreams(entries, categorize) }))
  }
  const { startNs, limit, request } = tail
  const window = { startNs, endNs: request.nowNs + 1n, limit, direction: 'backward', intervalNs: 0n } as const
  const stored = evaluateLines(store.source(request.tenant), tail.query, window)
  if (stored.kind === 'entries' && stored.entries.length > 0) send(stored.entries.toReversed())
  const stop = store.listen(passOn(tail, send))
  socket.on('close', stop)
  // A reader that breaks off is followed by a close.
  socket.on('error', () => {
    socket.terminate()
  })
}

const refuse = (socket: Duplex, text: string): void => {
  const head = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n'
  socket.end(`${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

/**
 * Serves `/loki/api/v1/tail`: what is stored already, then what is stored from now on, each push at once.
 * `requested`: what a request asks for; a text: why it is refused. @returns how to end all tails
 */
export const serveTails = (
  server: Server,
  store: LokiStore,
  requested: (request: IncomingMessage) => TailRequest | string,
): (() => void) => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_RECEIVED_BYTES })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {
      socket.destroy()
    })
    const asked = requested(request)
    const tail = typeof asked === 'string' ? { error: asked } : readTail(asked)
    const count = sockets.clients.size + 1
    if ('error' in tail) refuse(socket, tail.error)
    else if (count > MAX_TAILS)
      refuse(socket, `max concurrent tail requests limit exceeded, count > limit (${count} > ${MAX_TAILS})`)
    else
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        start(store, accepted, tail)
      })
  })
  return () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}
