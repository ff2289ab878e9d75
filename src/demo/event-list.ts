import {
  apiStatus,
  badRequest,
  expiredContinue,
  expiredList,
  futureRevision,
  tooLargeRevision,
  type ApiStatus,
} from './api-status.ts'
import { decodeContinue, encodeContinue, matchForbidden } from './continue-token.ts'
import { versionAt, type EventIndex, type LiveVersion } from './event-index.ts'
import { listItem } from './event-object.ts'
import { compileSelector, type EventSelector } from './event-selector.ts'

/** Parameters of a LIST; absent and '' are the same. */
export type ListQuery = {
  readonly namespace?: string
  /** 0: no limit. */
  readonly limit?: number
  readonly continueToken?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

export type ListAnswer =
  | {
      readonly kind: 'ok'
      /** JSON of an EventList with its final newline. */
      readonly body: string
      readonly count: number
      readonly resourceVersion: string
      /** '' on the last page. */
      readonly continueToken: string
    }
  | { readonly kind: 'refused'; readonly status: ApiStatus }

/** What a LIST reads from. */
export type ListedStore = {
  readonly index: EventIndex
  readonly revision: bigint
  readonly compacted: bigint
  /** Told of each item; not of the one that a probe (`limit=1`) gets. */
  readonly onRead: (version: LiveVersion) => void
}

/** The snapshot that is read and the first key of the page, relative to the prefix. */
type Plan = { readonly revision: bigint; readonly start: string }

const isStatus = (plan: Plan | ApiStatus): plan is ApiStatus => 'status' in plan

const planContinue = (store: ListedStore, query: ListQuery, text: string): Plan | ApiStatus => {
  if ((query.resourceVersionMatch ?? '') !== '') {
    return matchForbidden('resourceVersionMatch is forbidden when continue is provided')
  }
  if (!['', '0'].includes(query.resourceVersion ?? '')) {
    return badRequest('specifying resource version is not allowed when using continue')
  }
  const token = decodeContinue(text)
  if ('status' in token) return token
  if (token.revision < 0n) return { revision: store.revision, start: token.start }
  if (token.revision > store.revision) return futureRevision()
  if (token.revision < store.compacted) {
    return expiredContinue(encodeContinue({ revision: -1n, start: token.start }))
  }
  return token
}

/** A bare resourceVersion means that very revision with a limit, and "not older" without one. */
const planStart = (store: ListedStore, query: ListQuery): Plan | ApiStatus => {
  const version = query.resourceVersion ?? ''
  const match = query.resourceVersionMatch ?? ''
  if (version === '') {
    if (match === '') return { revision: store.revision, start: '' }
    return matchForbidden('resourceVersionMatch is forbidden unless resourceVersion is provided')
  }
  if (!/^[0-9]{1,39}$/.test(version)) return badRequest(`invalid resource version: ${badVersion(version)}`)
  const asked = BigInt(version)
  const exact = match === 'Exact' || (match === '' && asked > 0n && (query.limit ?? 0) > 0)
  if (!exact) {
    if (asked > store.revision) return tooLargeRevision(asked, store.revision)
    return { revision: store.revision, start: '' }
  }
  if (asked > store.revision) return futureRevision()
  return asked < store.compacted ? expiredList() : { revision: asked, start: '' }
}

/** How apiserver's storage/etcd3 names a resourceVersion that is no number. */
export const badVersion = (version: string): string => {
  const quoted = JSON.stringify(version)
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`
}

/** 500: what a WATCH answers to such a resourceVersion. */
export const badWatchVersion = (version: string): ApiStatus => apiStatus(500, '', badVersion(version))

type Page = { readonly items: readonly string[]; readonly last: string; readonly more: boolean }

/** With a selector a page goes on until it has `limit` items that match, as apiserver's etcd3 store does. */
const readPage = (
  store: ListedStore,
  range: { start: string; end: string },
  revision: bigint,
  wanted: Wanted,
): Page => {
  const items: string[] = []
  let last = ''
  for (const slot of store.index.range(range.start, range.end)) {
    const version = versionAt(slot, revision)
    if (version === null) continue
    if (wanted.limit > 0 && items.length >= wanted.limit) return { items, last, more: true }
    last = slot.key
    if (wanted.selector !== null && !wanted.selector(version.tail)) continue
    items.push(listItem(version.tail))
    if (wanted.limit !== 1) store.onRead(version)
  }
  return { items, last, more: false }
}

type Wanted = { readonly limit: number; readonly selector: EventSelector }

/** Answers a LIST from a snapshot of the store, page by page. */
export const listEvents = (store: ListedStore, query: ListQuery): ListAnswer => {
  const selector = compileSelector(query.fieldSelector ?? '', query.labelSelector ?? '')
  if (selector !== null && typeof selector !== 'function') return { kind: 'refused', status: selector }
  const text = query.continueToken ?? ''
  const plan = text === '' ? planStart(store, query) : planContinue(store, query, text)
  if (isStatus(plan)) return { kind: 'refused', status: plan }

  const prefix = (query.namespace ?? '') === '' ? '' : `${query.namespace ?? ''}/`
  // '0' is the character behind '/': the first key that does not begin with the prefix.
  const range = { start: prefix + plan.start, end: prefix === '' ? '' : `${prefix.slice(0, -1)}0` }
  const page = readPage(store, range, plan.revision, { limit: query.limit ?? 0, selector })

  const resourceVersion = String(plan.revision)
  const metadata: Record<string, string | number> = { resourceVersion }
  if (page.more) {
    const start = `${page.last.slice(prefix.length)}\0`
    metadata['continue'] = encodeContinue({ revision: plan.revision, start })
    if (selector === null) {
      metadata['remainingItemCount'] = store.index.count(prefix + start, range.end, plan.revision)
    }
  }
  const head = `{"kind":"EventList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`
  const continueToken = String(metadata['continue'] ?? '')
  return {
    kind: 'ok',
    body: `${head}${page.items.join(',')}]}\n`,
    count: page.items.length,
    resourceVersion,
    continueToken,
  }
}
