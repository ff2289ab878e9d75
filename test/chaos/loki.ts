import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { listen } from '../../src/demo/listen.ts'
import { createIngester } from '../fixtures/ingester.ts'
import type { LokiAnswer } from '../fixtures/loki-server.ts'
import { decodePush, type PushedStream } from '../fixtures/push-decoder.ts'
import { decodeSnappyBlock } from '../fixtures/snappy-block.ts'
import { MAX_LINE_BYTES } from './churn.ts'
import { Deposits } from './deposits.ts'

/** How one push goes. `stored_*`: Loki has it, and does not say so. */
export type Course =
  | 'truth'
  | 'refused_429'
  | 'refused_500'
  | 'refused_503'
  | 'stored_500'
  | 'partly_500'
  | 'reset'
  | 'stored_reset'
  | 'hang'
  | 'stored_hang'
  /** The connection stands, and nobody reads from it. */
  | 'half_open'

export type LokiMoment = 'stored' | 'answered'

export type ChaosLokiOptions = {
  /** Entries may differ in metadata, and are the same. */
  readonly mayEnrichAnew?: boolean
  /** Asked for each push. */
  readonly course: () => Course
  /** `stored`: before anything is answered. `answered`: the answer has left. */
  readonly on: (moment: LokiMoment) => void
}

export type ChaosLoki = {
  /** The push URL. */
  readonly url: string
  readonly deposits: Deposits
  /** Pushes by what became of them: a status, `none`. */
  readonly answers: Readonly<Record<string, number>>
  /** Pushes that were read. */
  readonly pushes: () => number
  close(): Promise<void>
}

const RATE_LIMIT =
  "ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '9' lines " +
  'totaling 999 bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased'

const INSTEAD: Readonly<Record<Course, LokiAnswer | null>> = {
  truth: null,
  refused_429: { status: 429, body: RATE_LIMIT },
  refused_500: { status: 500, body: 'rpc error: code = Unavailable desc = connection error' },
  refused_503: { status: 503, body: 'no healthy upstream' },
  stored_500: { status: 500, body: 'at least 2 live replicas required, could only find 1' },
  partly_500: { status: 500, body: 'context deadline exceeded' },
  reset: 'reset',
  stored_reset: 'reset',
  hang: 'hang',
  stored_hang: 'hang',
  half_open: 'hang',
}

const IS_STORED: ReadonlySet<Course> = new Set<Course>(['truth', 'stored_500', 'stored_reset', 'stored_hang'])

/** What of the push reaches the store: all, the first half of its streams, or nothing. */
const storedPart = (course: Course, streams: readonly PushedStream[]): readonly PushedStream[] => {
  if (course === 'partly_500') return streams.slice(0, Math.ceil(streams.length / 2))
  return IS_STORED.has(course) ? streams : []
}

/** A Loki that stores as the real ingester does, and tells the truth about it only if it is in the mood. */
export const startChaosLoki = async ({ course, on, mayEnrichAnew = false }: ChaosLokiOptions): Promise<ChaosLoki> => {
  const deposits = new Deposits(mayEnrichAnew)
  const answers: Record<string, number> = {}
  const sockets = new Set<Socket>()
  const ingester = createIngester({ now: () => Date.now(), maxLineBytes: MAX_LINE_BYTES })
  let pushes = 0

  const decode = (body: Buffer): PushedStream[] => {
    try {
      return decodePush(decodeSnappyBlock(body))
    } catch (error) {
      deposits.strange.push(`a push that cannot be read: ${String(error)}`)
      return []
    }
  }
  const deposit = async (streams: readonly PushedStream[], body: Buffer): Promise<LokiAnswer> => {
    const request = { n: 0, method: 'POST', path: '', headers: {}, tenant: '', body, streams }
    const answer = await ingester.answer(request)
    for (const { labels, entries } of streams) {
      for (const entry of entries) if (!ingester.refused.has(entry.line)) deposits.store('', labels, entry)
    }
    return answer
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const now = course()
    if (now === 'half_open') {
      count('none')
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    pushes += 1
    const truth = await deposit(storedPart(now, decode(body)), body)
    on('stored')
    const given = INSTEAD[now] ?? truth
    if (typeof given === 'string') {
      count('none')
      if (given === 'reset') request.socket.resetAndDestroy()
      return
    }
    count(String(given.status))
    response.writeHead(given.status, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(given.body === undefined ? undefined : `${given.body}\n`, () => {
      on('answered')
    })
  }
  const count = (name: string): void => {
    answers[name] = (answers[name] ?? 0) + 1
  }

  const server = createServer((request, response) => {
    // An agent that is killed in the middle of a push is what this is about.
    respond(request, response).catch(() => request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  const port = await listen(server, 0)
  return {
    url: `http://127.0.0.1:${port}/loki/api/v1/push`,
    deposits,
    answers,
    pushes: () => pushes,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
