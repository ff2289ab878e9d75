import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiRequest } from '../../src/demo/api-access.ts'
import { EVENTS, LEASES } from '../../src/demo/api-access.ts'
import { sendJson, sendStatus } from '../../src/demo/api-routes.ts'
import { type ApiServer, type Interception, startApiServer } from '../../src/demo/api-server.ts'
import { apiStatus } from '../../src/demo/api-status.ts'
import { decodeContinue } from '../../src/demo/continue-token.ts'
import type { Churn } from './churn.ts'
import type { Life } from './lives.ts'

/** What the harness hears of as it happens. */
export type ApiMoment = 'watch' | 'page' | 'lease'

export type ChaosApiOptions = {
  readonly churn: Churn
  /** Items of a page at most, so that a small store has many pages. */
  readonly pageItems: number
  /** The life that requests belong to. */
  readonly life: () => Life
  /** Asked for each request about events; null: served truly. */
  readonly fault: (verb: 'probe' | 'page' | 'watch') => Fault | null
  readonly on: (moment: ApiMoment) => void
}

export type Fault = '500' | '429' | 'reset' | 'torn'

const broken = (fault: Fault, truth: string): Interception => ({
  kind: 'serve',
  serve: (request: IncomingMessage, response: ServerResponse) => {
    if (fault === '500') sendStatus(response, apiStatus(500, 'InternalError', 'etcdserver: request timed out'))
    else if (fault === '429') sendStatus(response, apiStatus(429, 'TooManyRequests', 'too many requests'))
    else if (fault === 'reset') request.socket.resetAndDestroy()
    else {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(truth.length + 1) })
      response.write(truth.slice(0, truth.length / 2))
      setImmediate(() => request.socket.destroy())
    }
  },
})

const startOf = (token: string): string => {
  if (token === '') return ''
  const decoded = decodeContinue(token)
  if ('status' in decoded) throw new Error('a token that this server did not make')
  return decoded.start
}

/** Serves a page and remembers what it showed. */
const page = (request: ApiRequest, { churn, pageItems, life, fault, on }: ChaosApiOptions): Interception => {
  const token = request.query.get('continue') ?? ''
  const limit = Math.min(pageItems, Number(request.query.get('limit')))
  const answer = churn.store.list({ limit, continueToken: token })
  on('page')
  const failing = fault('page')
  if (answer.kind === 'refused') {
    return { kind: 'serve', serve: (_, response) => { sendStatus(response, answer.status) } } // prettier-ignore
  }
  if (failing !== null) return broken(failing, answer.body)
  const last = answer.continueToken === '' ? null : startOf(answer.continueToken).slice(0, -1)
  life().paged({ shows: BigInt(answer.resourceVersion), from: startOf(token), upTo: last })
  return { kind: 'serve', serve: (_, response) => { sendJson(response, 200, answer.body) } } // prettier-ignore
}

const METADATA = /^\/(?:api|apis\/[a-z]+)\/v1\/namespaces\/[^/]+\/(?:pods|replicasets|deployments|jobs)\/([^/]+)$/
/** An object's label changes so often: what is looked up again is another one. */
const LABEL_MS = 250
/** Of the object of every event, as `churn.ts` writes them. */
const OBJECT_UID = 'p'

/** Metadata of any pod that is asked for: now so, now otherwise, now nothing, now never. */
const metadata = (request: ApiRequest): Interception => {
  const name = decodeURIComponent(METADATA.exec(request.path)?.[1] ?? '')
  const moment = Math.floor(Date.now() / LABEL_MS)
  const whim = (moment * 31 + name.length * 7) % 10
  return {
    kind: 'serve',
    serve: (asked, response) => {
      if (whim === 0) asked.socket.resetAndDestroy()
      else if (whim === 1) sendStatus(response, apiStatus(500, 'InternalError', 'etcdserver: request timed out'))
      else if (whim === 2) sendStatus(response, apiStatus(404, 'NotFound', 'not found'))
      else if (whim > 3) {
        const body = { metadata: { name, uid: OBJECT_UID, labels: { team: `t-${moment}` } } }
        sendJson(response, 200, JSON.stringify(body))
      }
    },
  }
}

const intercept = (request: ApiRequest, options: ChaosApiOptions): Interception | null => {
  const { churn, life, fault, on } = options
  if (LEASES.test(request.path) && request.method === 'PUT') on('lease')
  if (METADATA.test(request.path)) return metadata(request)
  if (!EVENTS.test(request.path)) return null
  if (request.isWatch) {
    const failing = fault('watch')
    if (failing !== null) return broken(failing, '')
    const watched = BigInt(request.query.get('resourceVersion') ?? '0')
    life().watched(watched, watched + 1n < churn.compacted)
    on('watch')
    return null
  }
  if (request.query.get('limit') !== '1') return page(request, options)
  const failing = fault('probe')
  if (failing !== null) return broken(failing, '')
  life().probed(BigInt(churn.store.revision))
  return null
}

/** An API server over the churn's store that remembers what the agent could read of it. */
export const startChaosApi = (options: ChaosApiOptions): Promise<ApiServer> =>
  startApiServer({ store: options.churn.store, intercept: (request) => intercept(request, options) })
