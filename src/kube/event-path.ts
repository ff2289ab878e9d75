import type { SourceOptions } from './source.ts'

/** Request paths of one scope, each with its query. */
export type EventPaths = {
  /**
   * LIST of one item, for the store's revision. Without the selectors: with one that matches little the server would
   * read on through the whole store until it found an item.
   */
  readonly probe: string
  watch(resourceVersion: string, timeoutS: number): string
  page(limit: number, continueToken: string | null): string
}

const selectors = (source: SourceOptions): Readonly<Record<string, string>> => {
  const { namespaces, fieldSelector, labelSelector } = source
  const excepted = namespaces.kind === 'all' ? namespaces.except.map((name) => `metadata.namespace!=${name}`) : []
  const fields = [fieldSelector, ...excepted].filter((term) => term !== '').join(',')
  return {
    ...(fields === '' ? {} : { fieldSelector: fields }),
    ...(labelSelector === '' ? {} : { labelSelector }),
  }
}

/** Paths of one scope (a namespace, or '*') for core/v1 events; events.k8s.io/v1 is the same store by another name. */
export const eventPaths = (scope: string, source: SourceOptions): EventPaths => {
  const base = scope === '*' ? '/api/v1/events' : `/api/v1/namespaces/${encodeURIComponent(scope)}/events`
  const selected = selectors(source)
  const path = (query: Readonly<Record<string, string>>): string =>
    `${base}?${new URLSearchParams({ ...query, ...selected }).toString()}`
  return {
    probe: `${base}?limit=1`,
    watch: (resourceVersion, timeoutS) =>
      path({
        watch: 'true',
        resourceVersion,
        // Asked for, never relied on: they come only where the operator enabled the watch cache for events.
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(timeoutS),
      }),
    page: (limit, continueToken) =>
      path({ limit: String(limit), ...(continueToken === null ? {} : { continue: continueToken }) }),
  }
}
