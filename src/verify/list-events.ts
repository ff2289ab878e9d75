import { type BackoffOptions, nextDelayMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { KubeClient } from '../kube/client.ts'
import type { EventPaths } from '../kube/event-path.ts'
import { PAGE_LIMIT_MAX, PAGE_MAX_BYTES, PAGE_TIMEOUT_MS } from '../kube/limits.ts'
import { readPage } from '../kube/page.ts'
import { type Remedy, remedyFor } from '../kube/source-failure.ts'

export type ListReader = { readonly client: KubeClient; readonly clock: Clock; readonly stop: AbortSignal }

export type ListOutcome = { readonly kind: 'read' } | { readonly kind: 'failed'; readonly why: string }

const MAX_TRIES = 5
const BACKOFF: BackoffOptions = { minMs: 500, maxMs: 10_000 }

/**
 * Lists the events of one scope, page by page, and gives each item. When the list expires in the middle it begins
 * again, so an item may come twice.
 */
export const listEvents = async (
  { client, clock, stop }: ListReader,
  paths: EventPaths,
  onItem: (item: unknown) => void,
): Promise<ListOutcome> => {
  let token: string | null = null
  let limit = PAGE_LIMIT_MAX
  for (let failures = 0; ;) {
    const options = { signal: stop, timeoutMs: PAGE_TIMEOUT_MS, maxBytes: PAGE_MAX_BYTES }
    const answer = await client.get(paths.page(limit, token), options)
    const page = answer.kind === 'ok' ? readPage(answer.body) : null
    if (page !== null) {
      for (const item of page.items) onItem(item)
      if (page.continueToken === null) return { kind: 'read' }
      token = page.continueToken
      continue
    }
    if (answer.kind === 'too_large' && limit > 1) {
      limit = Math.ceil(limit / 2)
      continue
    }
    const remedy: Remedy = remedyFor(answer.kind === 'ok' ? { kind: 'malformed', why: 'not an event list' } : answer)
    failures += 1
    const isPassing = remedy.kind === 'retry' || remedy.kind === 'expired' || remedy.kind === 'auth'
    if (!isPassing || failures >= MAX_TRIES || stop.aborted) return { kind: 'failed', why: remedy.why }
    if (remedy.kind === 'expired') token = null
    if (remedy.kind === 'auth') await client.renewCredentials()
    await clock.sleep(
      nextDelayMs(BACKOFF, failures - 1, () => 0),
      stop,
    )
  }
}
