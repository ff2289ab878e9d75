import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { systemClock, type Clock } from '../clock.ts'
import { listen } from './listen.ts'
import { answerQuery } from './loki-query.ts'
import type { LokiStore } from './loki-store.ts'
import { serveTails, TAIL_PATH, type TailRequest } from './loki-tail.ts'
import { decodePush } from './push-decode.ts'
import { readBody } from './request-body.ts'
import { answerRuler } from './ruler-answer.ts'
import type { Ruler } from './ruler.ts'

export type LokiServerOptions = {
  readonly store: LokiStore
  readonly clock?: Clock
  /** `auth_enabled`: every request needs X-Scope-OrgID; without it everything belongs to the tenant `fake`. */
  readonly auth?: boolean
  /** Longest body of a push (`max_recv_msg_size`). */
  readonly maxBodyBytes?: number
  /** Asked before each push is stored; `callNumber` counts pushes from 1. Null: serve the truth. */
  readonly intercept?: (request: IncomingMessage, callNumber: number) => LokiInterception | null
  /** Whose rules and alerts it tells; without it there is no API for rules. */
  readonly ruler?: Ruler
  /** 0 (default): a free one. */
  readonly port?: number
}

/** What a push is answered instead of the truth. `serve` gets Node's own objects and does with them what it likes. */
export type LokiInterception =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly text: string
      readonly headers?: Record<string, string>
    }
  | { readonly kind: 'serve'; readonly serve: (request: IncomingMessage, response: ServerResponse) => void }

export type LokiServer = {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly close: () => Promise<void>
}

const BUILD = { version: '3.6.0', revision: 'eventail-demo', branch: '', buildUser: '', buildDate: '', goVersion: '' }
const PUSH_PATHS: readonly string[] = ['/loki/api/v1/push', '/api/prom/push']
/** Whose everything is without `auth`. */
export const DEFAULT_TENANT = 'fake'
const MAX_BODY_BYTES = 100 * 1024 * 1024
const LEGAL_TENANT = /^[A-Za-z0-9!\-_.*'()]*$/

const sendText = (
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  if (status === 204) {
    response.writeHead(204, headers)
    response.end()
    return
  }
  const type = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
  response.writeHead(status, { ...type, ...headers })
  response.end(`${text}\n`)
}

const sendJson = (response: ServerResponse, json: unknown): void => {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=UTF-8' })
  response.end(JSON.stringify(json))
}

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

type Tenant = { readonly name: string } | { readonly status: 400 | 401; readonly text: string }

const tenantOf = (request: IncomingMessage, auth: boolean): Tenant => {
  if (!auth) return { name: DEFAULT_TENANT }
  const name = header(request, 'x-scope-orgid')
  if (name === '') return { status: 401, text: 'no org id' }
  if (name.includes('|')) return { status: 400, text: 'multiple org IDs present' }
  if (name.length > 150) return { status: 400, text: 'tenant ID is too long: max 150 characters' }
  if (LEGAL_TENANT.test(name) && name !== '.' && name !== '..') return { name }
  const odd = /[^A-Za-z0-9!\-_.*'()]/u.exec(name)?.[0] ?? '.'
  return { status: 400, text: `tenant ID '${name}' contains unsupported character '${odd}'` }
}

type Serving = { readonly options: LokiServerOptions; readonly clock: Clock; readonly tenant: string }

const servePush = async (serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const maxBytes = serving.options.maxBodyBytes ?? MAX_BODY_BYTES
  const body = await readBody(request, maxBytes)
  if (body === null) {
    const size = header(request, 'content-length')
    sendText(response, 413, `request body too large: message size too large than max (${size} vs ${maxBytes})`)
    return
  }
  const decoded = await decodePush(request.headers, body)
  if (decoded.kind === 'refused') {
    sendText(response, decoded.status, decoded.text)
    return
  }
  const answer = serving.options.store.push(serving.tenant, decoded.streams)
  sendText(response, answer.status, answer.text)
}

const serveQuery = async (
  serving: Serving,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (request.method === 'POST') {
    const form = (await readBody(request, 1_048_576))?.toString('utf8') ?? ''
    for (const [name, value] of new URLSearchParams(form)) url.searchParams.append(name, value)
  }
  const answer = answerQuery(serving.options.store, {
    path: url.pathname,
    query: url.searchParams,
    tenant: serving.tenant,
    nowNs: BigInt(Math.floor(serving.clock.now())) * 1_000_000n,
    encodingFlags: header(request, 'x-loki-response-encoding-flags'),
  })
  if (answer.status === 200) sendJson(response, answer.json)
  else sendText(response, answer.status, answer.text)
}

/** @returns whether it was a read of the ruler's API. */
const serveRuler = ({ options, tenant }: Serving, url: URL, response: ServerResponse): boolean => {
  if (options.ruler === undefined) return false
  const answer = answerRuler(options.ruler, { path: url.pathname, query: url.searchParams, tenant })
  if (answer === null) return false
  response.writeHead(answer.status, { 'Content-Type': answer.contentType })
  response.end(answer.body)
  return true
}

/** Loki's HTTP API over a store, as a request listener for any HTTP server. */
export const createLokiHandler = (
  options: LokiServerOptions,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const clock = options.clock ?? systemClock
  let pushes = 0
  return (request, response) => {
    const target = request.url ?? '/'
    if (!URL.canParse(target, 'http://localhost')) {
      sendText(response, 400, 'malformed request URI')
      return
    }
    const url = new URL(target, 'http://localhost')
    const tenant = tenantOf(request, options.auth ?? false)
    if (url.pathname === '/ready') sendText(response, 200, 'ready')
    else if (url.pathname === '/loki/api/v1/status/buildinfo') sendJson(response, BUILD)
    else if (PUSH_PATHS.includes(url.pathname)) {
      pushes += 1
      const interception = options.intercept?.(request, pushes) ?? null
      if (interception?.kind === 'serve') interception.serve(request, response)
      else if (interception !== null) sendText(response, interception.status, interception.text, interception.headers)
      else if ('status' in tenant) sendText(response, tenant.status, tenant.text)
      else if (request.method !== 'POST') sendText(response, 405, '')
      else void servePush({ options, clock, tenant: tenant.name }, request, response)
    } else if ('status' in tenant) sendText(response, tenant.status, tenant.text)
    else {
      const serving = { options, clock, tenant: tenant.name }
      const isRead = request.method === 'GET' && serveRuler(serving, url, response)
      if (!isRead) void serveQuery(serving, url, request, response)
    }
  }
}

/** What an upgrade to a WebSocket asks for; a text: why it is refused. */
const tailRequest = (options: LokiServerOptions, request: IncomingMessage): TailRequest | string => {
  const target = request.url ?? '/'
  if (!URL.canParse(target, 'http://localhost')) return 'malformed request URI'
  const url = new URL(target, 'http://localhost')
  if (url.pathname !== TAIL_PATH) return 'only a tail is a WebSocket'
  const tenant = tenantOf(request, options.auth ?? false)
  if ('status' in tenant) return tenant.text
  return {
    query: url.searchParams,
    tenant: tenant.name,
    nowNs: BigInt(Math.floor((options.clock ?? systemClock).now())) * 1_000_000n,
    categorize: header(request, 'x-loki-response-encoding-flags').split(',').includes('categorize-labels'),
  }
}

/** Starts the embedded Loki on 127.0.0.1. Rejects when the port is taken. */
export const startLokiServer = async (options: LokiServerOptions): Promise<LokiServer> => {
  const server = createServer(createLokiHandler(options))
  const endTails = serveTails(server, options.store, (request) => tailRequest(options, request))
  const port = await listen(server, options.port ?? 0)
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      endTails()
      server.closeAllConnections()
      await closed
    },
  }
}
