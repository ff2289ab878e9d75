import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { EVENTS, LEASES, refusal, type ApiRequest } from './api-access.ts'
import { apiStatus, badRequest, type ApiStatus } from './api-status.ts'
import { serveWatch } from './api-watch.ts'
import { badWatchVersion } from './event-list.ts'
import type { EventStore } from './event-store.ts'
import { EXPIRED_FRAME } from './event-watch.ts'
import type { LeaseStore } from './lease-store.ts'
import { readBody } from './request-body.ts'

const JSON_HEADERS = { 'Cache-Control': 'no-cache, private', 'Content-Type': 'application/json' }
/** Without timeoutSeconds the real one takes 1800 s times [1, 2). */
const DEFAULT_WATCH_MS = 1_800_000
const MAX_BODY_BYTES = 1_048_576
const VERSION = {
  major: '1',
  minor: '20',
  gitVersion: 'v1.20.0-eventail-demo',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: '',
}

/** Something with a shape of a uid that stays the same for a name. */
const uidOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex')
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-')
}

/** Percent-decoding that takes a malformed text as it is. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What the routes serve from. */
export type Served = {
  readonly store: EventStore
  readonly leases: LeaseStore
  readonly clock: Clock
  readonly token: (() => string) | null
  readonly bookmarkEveryMs: number | null
  /** Aborts when every watch is to end. */
  readonly ending: AbortSignal
}

/** Writes a whole JSON answer. */
export const sendJson = (
  response: ServerResponse,
  code: number,
  body: string,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(code, { ...JSON_HEADERS, ...headers, 'Content-Length': String(Buffer.byteLength(body)) })
  response.end(body)
}

/** Writes a refusal. */
export const sendStatus = (response: ServerResponse, status: ApiStatus): void => {
  const headers: Record<string, string> = status.code === 403 ? { 'X-Content-Type-Options': 'nosniff' } : {}
  if (status.code === 429) headers['Retry-After'] = '1'
  sendJson(response, status.code, `${JSON.stringify(status)}\n`, headers)
}

const wholeNumber = (text: string | null): number | ApiStatus => {
  if (text === null || text === '') return 0
  const value = Number(text)
  return Number.isSafeInteger(value) && value >= 0
    ? value
    : badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
}

const serveEvents = async (served: Served, asked: ApiRequest, response: ServerResponse): Promise<void> => {
  const { store } = served
  const get = (name: string): string => asked.query.get(name) ?? ''
  const namespace = decode(EVENTS.exec(asked.path)?.[1] ?? '')
  const limit = wholeNumber(get('limit'))
  const timeoutSeconds = wholeNumber(get('timeoutSeconds'))
  if (typeof limit !== 'number' || typeof timeoutSeconds !== 'number') {
    sendStatus(response, typeof limit === 'number' ? badRequest('bad timeoutSeconds') : limit)
    return
  }
  const selectors = { fieldSelector: get('fieldSelector'), labelSelector: get('labelSelector') }
  const resourceVersion = get('resourceVersion')
  if (!asked.isWatch) {
    const match = { resourceVersion, resourceVersionMatch: get('resourceVersionMatch') }
    const answer = store.list({ namespace, limit, continueToken: get('continue'), ...match, ...selectors })
    if (answer.kind === 'refused') sendStatus(response, answer.status)
    else sendJson(response, 200, answer.body)
    return
  }
  if (!/^[0-9]{0,39}$/.test(resourceVersion)) {
    sendStatus(response, badWatchVersion(resourceVersion))
    return
  }
  const answer = store.watch({ namespace, resourceVersion, ...selectors })
  if (answer.kind === 'refused') {
    sendStatus(response, answer.status)
  } else if (answer.kind === 'expired') {
    response.writeHead(200, JSON_HEADERS)
    response.end(EXPIRED_FRAME)
  } else {
    await serveWatch(answer.watch, response, {
      clock: served.clock,
      signal: served.ending,
      timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : DEFAULT_WATCH_MS,
      bookmarkEveryMs: get('allowWatchBookmarks') === 'true' ? served.bookmarkEveryMs : null,
      revision: () => store.revision,
    })
  }
}

const serveLease = async (served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const match = LEASES.exec((request.url ?? '').split('?')[0] ?? '')
  const [namespace, name] = [decode(match?.[1] ?? ''), decode(match?.[2] ?? '')]
  const body = await readBody(request, MAX_BODY_BYTES)
  if (body === null) {
    sendStatus(response, apiStatus(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 1048576'))
    return
  }
  const text = body.toString('utf8')
  const { leases } = served
  const answers: Readonly<Record<string, () => ReturnType<LeaseStore['get']>>> = {
    GET: () => leases.get(namespace, name),
    PUT: () => leases.update(namespace, name, text),
    POST: () => leases.create(namespace, text),
    DELETE: () => leases.remove(namespace, name),
  }
  const answer = Object.hasOwn(answers, request.method ?? '') ? answers[request.method ?? '']?.() : undefined
  const method = 'the server does not allow this method on the requested resource'
  if (answer === undefined) sendStatus(response, apiStatus(405, 'MethodNotAllowed', method))
  else if ('status' in answer) sendStatus(response, answer)
  else sendJson(response, answer.code, `${JSON.stringify(answer.body)}\n`)
}

const serveNamespace = (path: string, response: ServerResponse): void => {
  const name = decode(path.slice('/api/v1/namespaces/'.length))
  const metadata = { name, uid: uidOf(name), resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }
  const object = { kind: 'Namespace', apiVersion: 'v1', metadata, spec: {}, status: { phase: 'Active' } }
  sendJson(response, 200, `${JSON.stringify(object)}\n`)
}

/** Answers one request. */
export const serve = async (
  served: Served,
  asked: ApiRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const refused = refusal(asked, served.token)
  if (refused !== null) sendStatus(response, refused)
  else if (EVENTS.test(asked.path) && asked.method === 'GET') await serveEvents(served, asked, response)
  else if (LEASES.test(asked.path)) await serveLease(served, request, response)
  else if (asked.path === '/version') sendJson(response, 200, JSON.stringify(VERSION, null, 2))
  else if (/^\/api\/v1\/namespaces\/[^/]+$/.test(asked.path)) serveNamespace(asked.path, response)
  else sendStatus(response, apiStatus(404, 'NotFound', 'the server could not find the requested resource'))
}
