/** Why a request to the API server did not give what was asked for; a value, never thrown. */
export type KubeFailure =
  | {
      readonly kind: 'http'
      readonly status: number
      /** `Status.reason`, such as Expired, or ''. */
      readonly reason: string
      /** `Status.message`, or the beginning of the body (at most 1 KiB). */
      readonly message: string
      /** `Status.metadata.continue` of a 410: a token for an inconsistent continuation. */
      readonly continueToken: string | null
      /** From Retry-After (seconds or HTTP date). */
      readonly retryAfterMs: number | null
    }
  /** Refused, reset, timed out, TLS, DNS: `why` is one line without secrets. */
  | { readonly kind: 'transport'; readonly why: string }
  /** The answer was longer than `maxBytes`. */
  | { readonly kind: 'too_large'; readonly limitBytes: number }
  /** 2xx with a body that is not JSON. */
  | { readonly kind: 'malformed'; readonly why: string }
  /** The caller's signal. */
  | { readonly kind: 'aborted' }

export type KubeAnswer<T> = { readonly kind: 'ok'; readonly body: T; readonly sizeBytes: number } | KubeFailure

/** One line of a watch without its newline, or the head of one that was longer than the limit. */
export type StreamLine =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'oversize'; readonly head: Uint8Array; readonly sizeBytes: number }

/** An open watch. */
export type KubeStream = {
  /**
   * The complete lines of each chunk that came from the socket, in order. Nothing is read from the socket while the
   * consumer does not ask: back-pressure reaches the server. Ends on a clean EOF (a last line without newline is
   * discarded: it was cut); throws `KubeStreamError` on a reset, a timeout of the socket or an abort.
   */
  readonly chunks: AsyncIterable<readonly StreamLine[]>
  /** `monotonicMs` of the newest byte read. */
  lastByteAtMs(): number
  /** Closes the connection; an iteration under way ends as at a clean EOF. Idempotent. */
  close(): void
}

/** How a watch that did not end cleanly ended. */
export class KubeStreamError extends Error {
  readonly code = 'KUBE_STREAM'
}

export type RequestOptions = {
  readonly signal: AbortSignal
  /** For a GET: the whole answer. For a stream: its headers only. */
  readonly timeoutMs: number
  /** Longest answer (or line, for a stream) that is kept. */
  readonly maxBytes: number
  /** Media types of the answer; absent: plain JSON. */
  readonly accept?: string
}

/** Authenticated requests to one API server, over HTTP/1.1: one connection for each open watch, and at most 7 more. */
export type KubeClient = {
  /** The server's URL without credentials; for logs and as part of the checkpoint's scope. */
  readonly server: string
  /** `path` begins with a slash and carries its query. */
  get(path: string, options: RequestOptions): Promise<KubeAnswer<unknown>>
  put(path: string, body: unknown, options: RequestOptions): Promise<KubeAnswer<unknown>>
  watch(path: string, options: RequestOptions): Promise<KubeAnswer<KubeStream>>
  /** After a 401: reads the token again, runs the exec plugin again, rebuilds the connection. At most once in 10 s. */
  renewCredentials(): Promise<void>
  close(): Promise<void>
}
