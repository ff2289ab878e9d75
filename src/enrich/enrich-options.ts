/**
 * `enrich:` of a scrape config: what of the involved object, its owners, its namespace and its node an entry is to tell.
 * Names are as Kubernetes has them, or globs (`*`, `?`, `[a-z]`).
 */
export type EnrichOptions = {
  /** Labels of the involved object. */
  readonly labels: readonly string[]
  /** Annotations of the involved object. */
  readonly annotations: readonly string[]
  /** The controller at the end of the chain of owners. */
  readonly owners: boolean
  readonly namespaceLabels: readonly string[]
  readonly nodeLabels: readonly string[]
  /** The resources that may be read, `plural` or `plural.group`; no other is ever asked for. */
  readonly resources: readonly string[]
  /** How long an event waits at most for what is looked up. */
  readonly waitMs: number
  /** Chosen names on one entry at most. */
  readonly maxNames: number
  /** Longest value in UTF-8 bytes. */
  readonly maxValueBytes: number
  /** Memory of what was looked up. */
  readonly cacheBytes: number
  /** What was looked up is looked up again after this. */
  readonly cacheTtlMs: number
  /** Requests to the API server at most, each page of a list being one. */
  readonly requestsPerSecond: number
}

/** Whether anything of the involved object itself is wanted. */
export const wantsObject = ({ labels, annotations, owners }: EnrichOptions): boolean =>
  labels.length + annotations.length > 0 || owners
