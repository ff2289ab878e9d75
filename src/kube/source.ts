import type { DeadLetter, KubeEvent } from './event.ts'
import type { ScopePosition } from './position.ts'

/** Which namespaces are watched: one watch over all (some excluded by field selector), or one watch for each name. */
export type NamespaceChoice =
  | { readonly kind: 'all'; readonly except: readonly string[] }
  | { readonly kind: 'only'; readonly names: readonly string[] }

/** What to do with stored events when there is no checkpoint. */
export type StartPolicy =
  { readonly kind: 'all' } | { readonly kind: 'new' } | { readonly kind: 'since'; readonly durationMs: number }

/** `kubernetes_events` of a scrape config, the part that concerns the API server. */
export type SourceOptions = {
  readonly namespaces: NamespaceChoice
  readonly fieldSelector: string
  readonly labelSelector: string
  readonly start: StartPolicy
}

/** By which verb a revision came; not part of the entry. */
export type Via = 'list' | 'watch'

/**
 * Where a source puts what it reads. `scope` is the namespace of the watch, or '*'. A position given with an event is
 * the position *after* that event: it may be saved once this event and all before it are settled.
 */
export type SourceSink = {
  /** Takes it always, in order; a source checks `hasRoom` before it reads on. */
  event(scope: string, event: KubeEvent, position: ScopePosition, via: Via): void
  deadLetter(scope: string, letter: DeadLetter, position: ScopePosition, via: Via): void
  /** The position moved without an event: DELETED, BOOKMARK, a page without owed items, a new interval. */
  moved(scope: string, position: ScopePosition): void
  hasRoom(): boolean
  /** Resolves when the queue is below half again, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>
}

/** States of the machine of one scope; `scope.ts` tells what enters and leaves each. */
export type SourceState =
  'init' | 'probe' | 'connect' | 'stream' | 'paused' | 'auth' | 'denied' | 'backoff' | 'drain' | 'stopped'

/** The scopes that a choice of namespaces is watched by: '*', or each name once. */
export const watchedScopes = (choice: NamespaceChoice): readonly string[] =>
  choice.kind === 'all' ? ['*'] : [...new Set(choice.names)]
