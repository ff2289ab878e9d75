import type { IncomingHttpHeaders } from 'node:http'
import { apiStatus, type ApiStatus } from './api-status.ts'

/** What a request asks for, for `intercept`. */
export type ApiRequest = {
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly isWatch: boolean
}

/** Path of a LIST or WATCH; its group is the namespace. */
export const EVENTS = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?events$/
/** Path of a Lease or of a namespace's Leases. */
export const LEASES = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/

const forbidden = (request: ApiRequest): ApiStatus => {
  const lease = LEASES.exec(request.path)
  const events = EVENTS.exec(request.path)
  const namespace = lease?.[1] ?? events?.[1]
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const who = 'User "system:anonymous" cannot'
  if (events !== null) {
    const verb = request.isWatch ? 'watch' : 'list'
    const message = `events is forbidden: ${who} ${verb} resource "events" in API group "" ${where}`
    return apiStatus(403, 'Forbidden', message, { details: { kind: 'events' } })
  }
  if (lease === null)
    return apiStatus(403, 'Forbidden', `forbidden: ${who} get path "${request.path}"`, { details: {} })
  const verb = { GET: 'get', PUT: 'update', POST: 'create', DELETE: 'delete' }[request.method] ?? 'get'
  const [group, name] = ['coordination.k8s.io', lease[2] ?? '']
  const message = `leases.${group} "${name}" is forbidden: ${who} ${verb} resource "leases" in API group "${group}" ${where}`
  return apiStatus(403, 'Forbidden', message, { details: { name, group, kind: 'leases' } })
}

/** Why a request is not let in: 403 for an anonymous one, 401 for a wrong token. Null: it is. */
export const refusal = (request: ApiRequest, token: (() => string) | null): ApiStatus | null => {
  if (token === null) return null
  const authorization = request.headers.authorization
  if (authorization === undefined) return forbidden(request)
  return authorization === `Bearer ${token()}` ? null : apiStatus(401, 'Unauthorized', 'Unauthorized')
}
