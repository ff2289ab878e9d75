import { request } from 'undici'
import { answerQuery } from '../../src/demo/loki-query.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { decodeJsonPush } from '../../src/demo/push-json.ts'
import type { Labels } from '../../src/entry/entry.ts'
import type { StoredEntry } from '../../src/logql/pipeline.ts'
import { streamName } from '../../src/logql/store.ts'
import {
  answerDifference,
  successfulAnswer,
  type Comparison,
  type Difference,
  type LokiAnswer,
} from '../fixtures/loki-answers.ts'

/** A real Loki from outside; `tenant`: '' where it has no tenants. */
export type LokiAccess = { readonly url: string; readonly tenant: string }

export type PushedEntry = { readonly labels: Labels; readonly entry: StoredEntry }

type Json = Readonly<Record<string, unknown>>

const tenantHeader = ({ tenant }: LokiAccess): Record<string, string> =>
  tenant === '' ? {} : { 'x-scope-orgid': tenant }

/** The body of a request to the real Loki, or why it refused. */
export const askReal = async (access: LokiAccess, path: string): Promise<{ status: number; text: string }> => {
  const answer = await request(`${access.url}${path}`, { headers: tenantHeader(access) })
  return { status: answer.statusCode, text: await answer.body.text() }
}

/** Entries of a stream in one push are in the order of their times, so that none is too far behind. */
const pushBody = (pushed: readonly PushedEntry[]): string => {
  const streams = new Map<string, { stream: Labels; values: unknown[] }>()
  const inOrder = pushed.toSorted((a, b) => Number(a.entry.timestampNs - b.entry.timestampNs))
  for (const { labels, entry } of inOrder) {
    const name = streamName(labels)
    const stream = streams.get(name) ?? { stream: labels, values: [] }
    stream.values.push([`${entry.timestampNs}`, entry.line, Object.fromEntries(entry.metadata)])
    streams.set(name, stream)
  }
  return JSON.stringify({ streams: [...streams.values()] })
}

const ENTRIES_PER_PUSH = 2000

/** The demo's Loki and a real one with the same entries in both. */
export class BothLokis {
  readonly #access: LokiAccess
  readonly #own = new LokiStore({ limits: { maxAgeMs: 1e13, graceMs: 1e13, maxChunkAgeMs: 1e12 }, maxBytes: 1e9 })

  constructor(access: LokiAccess) {
    this.#access = access
  }

  async push(entries: readonly PushedEntry[]): Promise<void> {
    const inOrder = entries.toSorted((a, b) => Number(a.entry.timestampNs - b.entry.timestampNs))
    for (let from = 0; from < inOrder.length; from += ENTRIES_PER_PUSH) {
      await this.#pushBody(pushBody(inOrder.slice(from, from + ENTRIES_PER_PUSH)))
    }
  }

  /** What differs between the two answers; null: nothing. */
  async difference(path: string, query: Readonly<Record<string, string>>, how: Comparison): Promise<Difference | null> {
    const parameters = new URLSearchParams(query)
    const own = answerQuery(this.#own, { path, query: parameters, tenant: 'fake', nowNs: 0n, encodingFlags: '' })
    const found: LokiAnswer =
      own.status === 200
        ? successfulAnswer(JSON.parse(JSON.stringify(own.json)))
        : { status: own.status, resultType: '', result: null, error: own.text }
    const real = await askReal(this.#access, `${path}?${parameters.toString()}`)
    const wanted: LokiAnswer =
      real.status === 200
        ? successfulAnswer(JSON.parse(real.text) as Json)
        : { status: real.status, resultType: '', result: null, error: real.text }
    return answerDifference(found, wanted, how)
  }

  async #pushBody(body: string): Promise<void> {
    const own = this.#own.push('fake', decodeJsonPush(body))
    if (own.status !== 204) throw new Error(`the demo's Loki refused a push: ${own.text}`)
    const headers = { 'content-type': 'application/json', ...tenantHeader(this.#access) }
    const real = await request(`${this.#access.url}/loki/api/v1/push`, { method: 'POST', headers, body })
    const text = await real.body.text()
    if (real.statusCode !== 204) throw new Error(`Loki refused a push: ${real.statusCode} ${text.slice(0, 300)}`)
  }
}
