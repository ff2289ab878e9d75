import { Agent, request } from 'undici'
import type { Connection } from '../../src/kube/connection.ts'

/** One revision as the API server reported it when it was written. */
export type Revision = { readonly uid: string; readonly resourceVersion: string; readonly name: string }

type Written = { readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly name: string } }

/** Writes events to a real API server; for the end-to-end suite only. */
export type Cluster = {
  create(name: string, message: string): Promise<Revision>
  /** A recorder's repeat: count and lastTimestamp move. */
  repeat(name: string, count: number): Promise<Revision>
  /** Deletes every event of the run, hundreds in one request. */
  removeAll(): Promise<void>
  close(): Promise<void>
}

const seconds = (): string => `${new Date().toISOString().slice(0, 19)}Z`

/**
 * @param namespace must exist. Throws when the server refuses: a suite without a working server proves nothing.
 * @param run a label on each event, so that runs do not delete each other's.
 */
export const openCluster = async (connection: Connection, namespace: string, run: string): Promise<Cluster> => {
  const credentials = await connection.credentials()
  if (credentials.kind !== 'ok') throw new Error(credentials.why)
  const { tls, headers } = credentials
  const agent = new Agent({
    connect: {
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(tls.cert === null ? {} : { cert: tls.cert }),
      ...(tls.key === null ? {} : { key: tls.key }),
      rejectUnauthorized: !tls.skipVerify,
    },
  })
  const events = `${connection.server}/api/v1/namespaces/${namespace}/events`

  const send = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body: unknown): Promise<Written> => {
    const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json'
    const answer = await request(url, {
      method,
      dispatcher: agent,
      headers: { ...headers, 'content-type': type },
      body: body === null ? null : JSON.stringify(body),
    })
    const text = await answer.body.text()
    // The server has it, and could not say so the time before.
    if (method === 'POST' && answer.statusCode === 409) {
      const { name } = (body as { readonly metadata: { readonly name: string } }).metadata
      return send('GET', `${url}/${name}`, null)
    }
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${text.slice(0, 300)}`)
    return JSON.parse(text) as Written
  }

  /** The server may be restarting: keep trying for a while, as recorders do. */
  const persistently = async (attempt: () => Promise<Written>): Promise<Written> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (tries >= 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
    }
  }

  const revision = ({ metadata }: Written): Revision => metadata
  return {
    create: async (name, message) => {
      const event = {
        metadata: { name, namespace, labels: { run } },
        involvedObject: { kind: 'Pod', namespace, name: name.split('.')[0], apiVersion: 'v1' },
        reason: 'EndToEnd',
        message,
        type: 'Normal',
        source: { component: 'eventail-e2e' },
        firstTimestamp: seconds(),
        lastTimestamp: seconds(),
        count: 1,
      }
      return revision(await persistently(() => send('POST', events, event)))
    },
    repeat: async (name, count) => {
      // The same whenever it is tried again, so that a second time changes nothing.
      const change = { count, lastTimestamp: seconds() }
      return revision(await persistently(() => send('PATCH', `${events}/${name}`, change)))
    },
    removeAll: async () => {
      await send('DELETE', `${events}?labelSelector=run%3D${run}`, null)
    },
    close: () => agent.close(),
  }
}
