/** What TLS to the API server needs; PEM bytes. All null and '' for a server by plain HTTP. */
export type TlsMaterial = {
  /** Null: the authorities Node knows. */
  readonly ca: Buffer | null
  readonly cert: Buffer | null
  readonly key: Buffer | null
  /** Name the server's certificate must have; '' = the host of the URL. */
  readonly serverName: string
  readonly skipVerify: boolean
  /** Changes when any of the above does. */
  readonly hash: string
}

/** By lower-case name; a list is sent as one line for each value. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>

/** What one request carries. `why` is one line without secrets; it names the file or plugin that failed. */
export type Credentials =
  | { readonly kind: 'ok'; readonly headers: RequestHeaders; readonly tls: TlsMaterial }
  | { readonly kind: 'failed'; readonly why: string }

/** How one API server is reached, and who we are to it. */
export type Connection = {
  /** The server's URL without credentials and without a trailing slash; may have a path. */
  readonly server: string
  /** URL of the proxy, '' for none. May hold a password: never print it. */
  readonly proxy: string
  /** By the pod's service account, and not by a kubeconfig. */
  readonly inCluster: boolean
  /** Credentials for a request now: files and plugins are asked again when what they gave is old. */
  credentials(): Promise<Credentials>
  /** Forgets what was read, and reads the kubeconfig again. @returns what is wrong with it, or null. */
  renew(): Promise<string | null>
  /** Ends an exec plugin that is running. */
  close(): void
}

/** `why` is for the operator: it names the file and what is wrong with it. */
export type ConnectionOutcome =
  { readonly kind: 'ok'; readonly connection: Connection } | { readonly kind: 'error'; readonly why: string }
