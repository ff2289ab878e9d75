import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { frameOf, itemOf, loadTemplates } from './frames.ts'
import { readPush } from './push-reader.ts'

// The other side of a benchmark, in a process of its own: an API server that writes as fast as it is read, and a
// receiver that answers 204. It is told what to do by messages of its parent and tells back what it saw.

/** What the parent asks for. */
export type Order =
  /** Frames behind the watch, written as fast as the reader takes them. */
  | { readonly kind: 'flood'; readonly frames: number }
  /** Live events at a steady rate, each with its time of creation. */
  | { readonly kind: 'steady'; readonly perSecond: number; readonly seconds: number }
  | { readonly kind: 'report' }

/** What was seen so far. */
export type Report = {
  readonly kind: 'report'
  readonly entries: number
  readonly distinct: number
  readonly pushes: number
  readonly bytes: number
  readonly firstMs: number
  readonly lastMs: number
  readonly watchOpenedAtMs: number
  readonly latenciesMs: readonly number[]
}

const STORED = Number(process.argv[2] ?? '0')
const templates = loadTemplates()
const FIRST_RV = 1_000_000
const listRv = FIRST_RV + STORED
let newestRv = listRv
let floodUntil = listRv
const watchers = new Set<ServerResponse>()
const seen = new Set<number>()
const latenciesMs: number[] = []
const totals = { entries: 0, pushes: 0, bytes: 0, firstMs: 0, lastMs: 0, watchOpenedAtMs: 0 }

const sendList = (response: ServerResponse, query: URLSearchParams): void => {
  const limit = Number(query.get('limit') ?? '500')
  const from = Number(query.get('continue') ?? String(FIRST_RV + 1))
  const to = Math.min(listRv + 1, from + limit)
  const items: string[] = []
  for (let rv = from; rv < to; rv += 1) items.push(itemOf(templates, rv))
  const more = to <= listRv ? `,"continue":"${to}","remainingItemCount":${listRv + 1 - to}` : ''
  response.setHeader('content-type', 'application/json')
  response.end(
    `{"kind":"EventList","apiVersion":"v1","metadata":{"resourceVersion":"${listRv}"${more}},"items":[${items.join(',')}]}\n`,
  )
}

const flood = async (response: ServerResponse): Promise<void> => {
  const CHUNK = 50
  while (newestRv < floodUntil && !response.destroyed) {
    let text = ''
    for (let i = 0; i < CHUNK && newestRv < floodUntil; i += 1) text += frameOf(templates, (newestRv += 1))
    if (!response.write(text)) await once(response, 'drain')
  }
}

const openWatch = (response: ServerResponse): void => {
  totals.watchOpenedAtMs = Date.now()
  response.setHeader('content-type', 'application/json')
  response.flushHeaders()
  watchers.add(response)
  response.on('close', () => watchers.delete(response))
  void flood(response)
}

const takePush = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  totals.firstMs ||= Date.now()
  const created: number[] = []
  totals.entries += readPush(body, (line) => {
    const text = line.toString('latin1')
    seen.add(Number(/ rv="?(\d+)/.exec(text)?.[1] ?? '0'))
    const at = /createdAt=([\d.]+)/.exec(text)?.[1]
    if (at !== undefined) created.push(Number(at))
  })
  totals.pushes += 1
  totals.bytes += body.length
  response.statusCode = 204
  response.end(() => {
    totals.lastMs = Date.now()
    for (const at of created) latenciesMs.push(performance.timeOrigin + performance.now() - at)
  })
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://world')
  if (url.pathname === '/loki/api/v1/push') void takePush(request, response)
  else if (url.pathname !== '/api/v1/events') response.writeHead(404).end('{}')
  else if (url.searchParams.get('watch') === null) sendList(response, url.searchParams)
  else openWatch(response)
})

const steady = ({ perSecond, seconds }: { readonly perSecond: number; readonly seconds: number }): void => {
  let left = perSecond * seconds
  const timer = setInterval(() => {
    if (left === 0) {
      clearInterval(timer)
      return
    }
    left -= 1
    newestRv += 1
    const now = performance.timeOrigin + performance.now()
    const frame = frameOf(templates, newestRv).replace('"message":"', `"message":"createdAt=${now.toFixed(3)} `)
    for (const watcher of watchers) watcher.write(frame)
  }, 1000 / perSecond)
}

process.on('message', (order: Order) => {
  if (order.kind === 'steady') steady(order)
  else if (order.kind === 'flood') {
    floodUntil = newestRv + order.frames
    totals.firstMs = Date.now()
    for (const watcher of watchers) void flood(watcher)
  } else {
    const report: Report = { kind: 'report', ...totals, distinct: seen.size, latenciesMs }
    process.send?.(report)
  }
})

server.listen(0, '127.0.0.1', () => {
  process.send?.({ kind: 'listening', port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
