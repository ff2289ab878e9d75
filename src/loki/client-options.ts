import type { BackoffOptions } from '../backoff.ts'

/** A secret: inline, or in a file that is read again when it changes. */
export type Secret =
  { readonly kind: 'inline'; readonly value: string } | { readonly kind: 'file'; readonly path: string }

/** How a request identifies itself; at most one, as Promtail has it. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: Secret; readonly password: Secret }
  | { readonly kind: 'header'; readonly type: string; readonly credentials: Secret }
  | OAuth2Options

/** What a token is asked for with. */
export type GrantOptions =
  /** RFC 6749, section 4.4. */
  { readonly kind: 'client_credentials'; readonly secret: Secret } | JwtGrantOptions

/** A signed assertion of RFC 7523, section 2.1, made as prometheus/common makes it (config/oauth_assertion.go). */
export type JwtGrantOptions = {
  readonly kind: 'jwt-bearer'
  /** An RSA private key as PEM. */
  readonly key: Secret
  /** Header `kid`; '' = none. */
  readonly keyId: string
  readonly algorithm: 'RS256' | 'RS384' | 'RS512'
  /** Claim `iss`; '' = the client's id. */
  readonly issuer: string
  /** Claim `aud`; '' = the token URL. */
  readonly audience: string
  /** Over all of those. Values are what JSON can say. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** Where access tokens come from; the token endpoint may need TLS and a proxy of its own. */
export type OAuth2Options = {
  readonly kind: 'oauth2'
  readonly clientId: string
  readonly grant: GrantOptions
  readonly scopes: readonly string[]
  readonly tokenUrl: string
  readonly endpointParams: Readonly<Record<string, string>>
  readonly tls: TlsOptions
  readonly proxy: ProxyOptions
}

export type TlsVersion = 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13'

export type TlsOptions = {
  readonly ca: Secret | null
  readonly cert: Secret | null
  readonly key: Secret | null
  readonly serverName: string
  readonly insecureSkipVerify: boolean
  readonly minVersion: TlsVersion
  /** Null: the highest that both ends know. */
  readonly maxVersion: TlsVersion | null
}

/** `connectHeaders`: what the proxy is told with CONNECT, by name in lower case; plain requests carry none of them. */
export type ProxyOptions =
  | { readonly kind: 'none' }
  | { readonly kind: 'url'; readonly url: string; readonly noProxy: string; readonly connectHeaders: Headers }
  | { readonly kind: 'environment'; readonly connectHeaders: Headers }

type Headers = Readonly<Record<string, string>>

/** Bytes per second with their burst, kept below Loki's own limits; 0 bytes per second = no pacing. */
export type PaceOptions = { readonly bytesPerSecond: number; readonly burstBytes: number }

/** One item of `clients:`, every default applied. Key names follow Promtail's client configuration. */
export type ClientOptions = {
  /** Unique; in logs and as the metric label `client`. */
  readonly name: string
  /** The push URL used verbatim, without credentials. */
  readonly url: string
  /** host[:port] of the URL; Promtail's metric label. */
  readonly host: string
  readonly tenantId: string
  readonly externalLabels: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Headers that have a part in a file, all parts of each in order; read again for each push. */
  readonly fileHeaders: Readonly<Record<string, readonly Secret[]>>
  readonly authorization: Authorization
  readonly tls: TlsOptions
  readonly proxy: ProxyOptions
  /** Whether a 307 or 308 is obeyed. */
  readonly followRedirects: boolean
  /** Upper bound of an entry's wait for company. Promtail: 1 s. */
  readonly batchWaitMs: number
  /** Bytes of lines and metadata in a batch before it is sent. Promtail: 1 MiB. */
  readonly batchSizeBytes: number
  /** After idle, how long the first entry waits for others. 25 ms. */
  readonly lingerMs: number
  /** Calm pushes per second at most. 20. */
  readonly maxPushesPerSecond: number
  /** Bytes of entries that wait or are in flight; at this bound the source is not read. 16 MiB. */
  readonly queueBytes: number
  /** Per attempt. Promtail: 10 s. */
  readonly timeoutMs: number
  /** Promtail: 500 ms, 5 min. */
  readonly backoff: BackoffOptions
  /** Attempts before a batch is dropped; 0 = never dropped (the default here: a checkpoint makes waiting safe). */
  readonly maxRetries: number
  /** Drop a batch at its first 429 (Promtail's `drop_rate_limited_batches`). */
  readonly dropRateLimited: boolean
  /** false: never holds back the position nor the source; what it misses is dropped and counted. */
  readonly required: boolean
  readonly streamPace: PaceOptions
  readonly tenantPace: PaceOptions
  /** Loki's `max_chunk_age`; an entry older than the stream's newest by half of it is refused. 2 h. */
  readonly maxChunkAgeMs: number
}
