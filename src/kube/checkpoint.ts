/** What a store answered; `unreadable` (a 500, a timeout, EACCES) must be asked again and is never taken for `none`. */
export type LoadOutcome =
  | { readonly kind: 'found'; readonly cursors: Readonly<Record<string, string>> }
  | { readonly kind: 'none' }
  | { readonly kind: 'corrupt'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string }

/** `conflict`: another process wrote since (an old leader's fence); the checkpoint must not be overwritten. */
export type SaveOutcome =
  | { readonly kind: 'saved' }
  | { readonly kind: 'conflict'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }

/** Where cursors live between runs: key (`cursor-<job_name>`) to the text of one job's cursor (`cursor.ts`). */
export type CheckpointStore = {
  /** For logs: the file's name, or lease/namespace/name. */
  readonly place: string
  load(signal: AbortSignal): Promise<LoadOutcome>
  save(cursors: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SaveOutcome>
}
