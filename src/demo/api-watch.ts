import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { EventWatch } from './event-watch.ts'

export type WatchServing = {
  readonly clock: Clock
  /** Ends the stream cleanly. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Sends a BOOKMARK this often when everything was read; null: never, as a store without watch cache. */
  readonly bookmarkEveryMs: number | null
  readonly revision: () => string
}

const HEADERS = { 'Cache-Control': 'no-cache, private', 'Content-Type': 'application/json' }

/** A BOOKMARK of a core/v1 Event, as the watch cache sends it. */
export const bookmarkFrame = (resourceVersion: string): string =>
  `{"type":"BOOKMARK","object":{"kind":"Event","apiVersion":"v1","metadata":{"resourceVersion":"${resourceVersion}",` +
  '"creationTimestamp":null},"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,' +
  '"eventTime":null,"reportingComponent":"","reportingInstance":""}}\n'

const drained = async (response: ServerResponse, signal: AbortSignal): Promise<void> => {
  try {
    await once(response, 'drain', { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const bookmark = async (watch: EventWatch, response: ServerResponse, serving: WatchServing): Promise<void> => {
  if (serving.bookmarkEveryMs === null) return
  for (;;) {
    await serving.clock.sleep(serving.bookmarkEveryMs, serving.signal)
    if (serving.signal.aborted) return
    if (watch.drained) response.write(bookmarkFrame(serving.revision()))
  }
}

/**
 * Writes a watch to the socket until its time is over, the client goes or the store ends it. A client that does not
 * read stops the writing; the store goes on without it.
 */
export const serveWatch = async (watch: EventWatch, response: ServerResponse, serving: WatchServing): Promise<void> => {
  const ending = new AbortController()
  const signal = AbortSignal.any([serving.signal, ending.signal])
  const end = (): void => {
    ending.abort()
  }
  response.once('close', end)
  response.writeHead(200, HEADERS)
  response.flushHeaders()
  const aside = Promise.all([
    serving.clock.sleep(serving.timeoutMs, signal).then(end),
    bookmark(watch, response, { ...serving, signal }),
  ])
  while (!signal.aborted && !watch.ended) {
    const lines = watch.read()
    if (lines === '') await watch.ready(signal)
    else if (!response.write(lines)) await drained(response, signal)
  }
  watch.close()
  ending.abort()
  await aside
  if (!response.destroyed) response.end()
}
