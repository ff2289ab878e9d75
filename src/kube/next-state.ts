import type { KubeStream } from './client.ts'

/** The state a scope is in next, with what it needs to know there. `scope.ts` tells what each means. */
export type NextState =
  | { readonly to: 'probe'; readonly afterMs: number }
  | { readonly to: 'connect' }
  /** `timeoutMs`: how long the watch may live. */
  | { readonly to: 'stream'; readonly stream: KubeStream; readonly timeoutMs: number }
  | { readonly to: 'paused' }
  /** `sentAtMs`: when the request went out that was answered 401. */
  | { readonly to: 'auth'; readonly sentAtMs: number }
  | { readonly to: 'denied' }
  | { readonly to: 'backoff'; readonly waitMs: number }

export const PROBE_AT_ONCE: NextState = { to: 'probe', afterMs: 0 }
