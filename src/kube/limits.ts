/** LIST limit=1: small, but a busy API server queues it; longer than this and the server is as good as away. */
export const PROBE_TIMEOUT_MS = 15_000

/** Headers of a watch: some proxies hold them back until the first event (client-go reflector.go), so no short wait. */
export const WATCH_HEADERS_TIMEOUT_MS = 60_000

/** One page: the API server ends a list itself after 60 s (its RequestTimeout). */
export const PAGE_TIMEOUT_MS = 60_000

/** `timeoutSeconds` of a watch is random in between, as client-go's, so that agents do not reconnect in step. */
export const WATCH_TIMEOUT_S = { min: 300, max: 600 } as const

/** A watch the server has not ended this long after its timeout hangs: its end got lost on the way. */
export const WATCH_OVERTIME_MS = 30_000

/** No byte for so long on a watch: ask on a second connection whether the store went on without us. */
export const IDLE_MS = 90_000

/** An idle check that got no answer is repeated after this. */
export const IDLE_RETRY_MS = 15_000

/**
 * A watch that is not read for so long is closed: events have no watch cache, so the API server and etcd buffer for a
 * slow reader without bound (kubernetes #123448).
 */
export const STALL_MAX_MS = 20_000

/** A watch that ended sooner and gave nothing is a fault, not an end (client-go's VeryShortWatchError). */
export const SHORT_WATCH_MS = 1_000

/** The wait after a clean end is random below this. */
export const RECONNECT_JITTER_MS = 1_000

/** client-go's reflector: nearly no traffic while the API server is ill, and back within half a minute. */
export const BACKOFF = { minMs: 800, maxMs: 30_000 } as const

/** After so long without a failure the backoff begins anew; more than a failure can take (headers 60 s, wait 30 s). */
export const HEALTHY_MS = 120_000

/** A Retry-After above this is cut: a confused proxy must not silence the agent until nobody remembers why. */
export const RETRY_AFTER_MAX_MS = 300_000

/** Rights are given back by people, in their own time. */
export const DENIED_RETRY_MS = 30_000

/** What was allowed before and is refused is asked for so often as after any failure, soon at first. */
export const TRIES_WHEN_REFUSED = 3

/** Credentials are renewed at most this often: an exec plugin may open a browser or cost money. */
export const RENEWAL_PERIOD_MS = 10_000

/** Items of a page: about 0.5 MB, five to ten seats of the API server's priority and fairness. */
export const PAGE_LIMIT_MAX = 500

/** A longer page is given up and asked for in halves; with parsing it takes about three times this in memory. */
export const PAGE_MAX_BYTES = 16 * 1024 * 1024

/** After a page below this the next may be twice as long. */
export const PAGE_SMALL_BYTES = 4 * 1024 * 1024

/** Longer than any object etcd takes (1.5 MB), even with every byte escaped; only a broken server gets there. */
export const LINE_MAX_BYTES = 8 * 1024 * 1024

/** A failure that repeats so often at one position lies in that position: 500s, and lines that are not JSON. */
export const TRIES_AT_ONE_POSITION = 3

/** A continue token that failed with a 500 so often (over half a minute) is given up; the pass begins again. */
export const TRIES_OF_ONE_TOKEN = 6

/** Owed intervals kept apart; above it the oldest are joined, and what lies between is sent again. */
export const MAX_INTERVALS = 32
