import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { systemClock, type Clock } from '../clock.ts'
import type { ApiRequest } from './api-access.ts'
import { sendJson, sendStatus, serve } from './api-routes.ts'
import { badRequest } from './api-status.ts'
import type { EventStore } from './event-store.ts'
import { LeaseStore } from './lease-store.ts'
import { listen } from './listen.ts'

/** What is answered instead of the truth. `serve` gets Node's own objects and does with them what it likes. */
export type Interception =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly kind: 'serve'; readonly serve: (request: IncomingMessage, response: ServerResponse) => void }

export type ApiServerOptions = {
  readonly store: EventStore
  readonly clock?: Clock
  /** The bearer token that is wanted at this moment; absent: every request is let in. */
  readonly token?: () => string
  /** Asked before each request is served; `callNumber` counts from 1. Null: serve the truth. */
  readonly intercept?: (request: ApiRequest, callNumber: number) => Interception | null
  /** Bookmarks for watches that allow them, as with `--watch-cache-sizes=events#n`; null (default): none. */
  readonly bookmarkEveryMs?: number | null
  /** 0 (default): a free one. */
  readonly port?: number
}

export type ApiServer = {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** Ends every watch cleanly, as a restart of the API server does. */
  readonly endWatches: () => void
  /** Resets every connection. */
  readonly resetConnections: () => void
  readonly close: () => Promise<void>
}

/** Serves requests on an HTTP server of the caller's. */
export type ApiHandler = {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  readonly endWatches: () => void
}

const intercepted = (request: IncomingMessage, response: ServerResponse, interception: Interception): void => {
  if (interception.kind === 'serve') {
    interception.serve(request, response)
    return
  }
  sendJson(response, interception.status, interception.body, { ...interception.headers })
}

const asRequest = (request: IncomingMessage): ApiRequest | null => {
  const { url = '/', method = 'GET', headers } = request
  if (!URL.canParse(url, 'http://localhost')) return null
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const isWatch = ['true', '1'].includes(searchParams.get('watch') ?? '')
  return { method, path: pathname, query: searchParams, headers, isWatch }
}

/** The API server's answers over `options.store`, for any HTTP server. */
export const createApiHandler = (options: ApiServerOptions): ApiHandler => {
  const clock = options.clock ?? systemClock
  const wholeSeconds = (): string => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const leases = new LeaseStore(() => options.store.bump(), wholeSeconds)
  let calls = 0
  let ending = new AbortController()
  const { store, token = null, bookmarkEveryMs = null } = options
  return {
    handle: (request, response) => {
      const asked = asRequest(request)
      if (asked === null) {
        sendStatus(response, badRequest('the request URI is malformed'))
        return
      }
      calls += 1
      const interception = options.intercept?.(asked, calls) ?? null
      const served = { store, leases, clock, token, bookmarkEveryMs, ending: ending.signal }
      if (interception !== null) intercepted(request, response, interception)
      else void serve(served, asked, request, response)
    },
    endWatches: () => {
      ending.abort()
      ending = new AbortController()
    },
  }
}

/** Starts the API server on 127.0.0.1. Rejects when the port is taken. */
export const startApiServer = async (options: ApiServerOptions): Promise<ApiServer> => {
  const handler = createApiHandler(options)
  const server = createServer(handler.handle)
  const port = await listen(server, options.port ?? 0)
  return {
    url: `http://127.0.0.1:${port}`,
    endWatches: handler.endWatches,
    resetConnections: () => {
      server.closeAllConnections()
    },
    close: async () => {
      handler.endWatches()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
