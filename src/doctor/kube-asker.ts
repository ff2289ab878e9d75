import type { Clock } from '../clock.ts'
import type { Connection } from '../kube/connection.ts'
import { createDispatcher } from '../kube/dispatcher.ts'
import { userAgent } from '../version.ts'
import { ask, type Asked } from './asked.ts'

/** Asks one API server; `body` null: a GET, else a POST of JSON. */
export type AskKube = (path: string, body: unknown) => Promise<Asked>

/** Requests with the agent's own credentials, each on a connection of its own: there are a dozen, and then never again. */
export const kubeAsker =
  (connection: Connection, clock: Clock, stop: AbortSignal): AskKube =>
  async (path, body) => {
    const credentials = await connection.credentials()
    if (credentials.kind === 'failed') return { kind: 'unanswered', why: credentials.why }
    const dispatcher = createDispatcher(credentials.tls, connection.proxy, 0)
    const given = Object.entries(credentials.headers).map(([name, value]): [string, string | string[]] => [
      name,
      typeof value === 'string' ? value : [...value],
    ])
    const headers = { ...Object.fromEntries(given), accept: 'application/json', 'user-agent': userAgent }
    const json = body === null ? {} : { 'content-type': 'application/json' }
    try {
      return await ask(
        {
          method: body === null ? 'GET' : 'POST',
          url: new URL(connection.server + path),
          headers: { ...headers, ...json },
          body: body === null ? null : JSON.stringify(body),
          dispatcher,
        },
        clock,
        stop,
      )
    } finally {
      await dispatcher.destroy()
    }
  }
