import { type BackoffOptions, nextDelayMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { ReadEntry } from './query-answer.ts'
import type { QueryAnswer, QueryClient, RangeQuery } from './query-client.ts'

export type RangeReader = {
  readonly client: Pick<QueryClient, 'read'>
  readonly clock: Clock
  readonly stop: AbortSignal
}

export type RangeOutcome = { readonly kind: 'read' } | { readonly kind: 'failed'; readonly why: string }

/** Loki's default `max_entries_limit_per_query`. */
const LARGEST_LIMIT = 5000
const MAX_TRIES = 5
const BACKOFF: BackoffOptions = { minMs: 500, maxMs: 10_000 }

/** What Loki says it allows, when it says that the limit is too high. */
const statedLimit = (text: string): number | null => {
  const found = /max_entries_limit_per_query \(\d+ > (\d{1,9})\)/.exec(text)
  return found === null ? null : Math.max(1, Number(found[1]))
}

type Sized =
  | { readonly kind: 'page'; readonly entries: readonly ReadEntry[]; readonly limit: number }
  | { readonly kind: 'failed'; readonly why: string }

const isPassing = (answer: QueryAnswer): boolean =>
  answer.kind === 'failed' || (answer.kind === 'refused' && (answer.status === 429 || answer.status >= 500))

const whyOf = (answer: Exclude<QueryAnswer, { kind: 'entries' }>): string => {
  if (answer.kind === 'too_large') return 'one entry alone is larger than an answer may be'
  return answer.kind === 'refused' ? `Loki answered ${answer.status}: ${answer.text}` : answer.why
}

/** One page, with a smaller limit where this one is too much, and again after failures that may pass. */
const readPage = async ({ client, clock, stop }: RangeReader, query: RangeQuery): Promise<Sized> => {
  let { limit } = query
  for (let tries = 1; ;) {
    const answer = await client.read({ ...query, limit }, stop)
    if (answer.kind === 'entries') return { kind: 'page', entries: answer.entries, limit }
    const allowed = answer.kind === 'refused' ? statedLimit(answer.text) : null
    if (answer.kind === 'too_large' && limit > 1) limit = Math.floor(limit / 2)
    else if (allowed !== null && allowed < limit) limit = allowed
    else if (!isPassing(answer) || tries >= MAX_TRIES || stop.aborted) return { kind: 'failed', why: whyOf(answer) }
    else {
      await clock.sleep(
        nextDelayMs(BACKOFF, tries - 1, () => 0),
        stop,
      )
      tries += 1
    }
  }
}

/**
 * Gives every entry of a range once, oldest first, page by page. A page that is full may end in the middle of one
 * timestamp, so the next one begins at that timestamp again.
 */
export const readRange = async (
  reader: RangeReader,
  range: Omit<RangeQuery, 'limit'>,
  onEntry: (entry: ReadEntry) => void,
): Promise<RangeOutcome> => {
  let { startNs } = range
  let limit = LARGEST_LIMIT
  while (startNs < range.endNs) {
    const page = await readPage(reader, { ...range, startNs, limit })
    if (page.kind === 'failed') return page
    limit = page.limit
    const last = page.entries.at(-1)
    if (last === undefined || page.entries.length < limit) {
      for (const entry of page.entries) onEntry(entry)
      return { kind: 'read' }
    }
    const complete = page.entries.filter(({ timestampNs }) => timestampNs < last.timestampNs)
    if (complete.length === 0) {
      const why = `Loki holds ${limit} entries or more of one nanosecond, ${last.timestampNs}: they cannot be read in pages`
      return { kind: 'failed', why }
    }
    for (const entry of complete) onEntry(entry)
    startNs = last.timestampNs
  }
  return { kind: 'read' }
}
