import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { RequestHeaders } from './connection.ts'
import type { ExecPlugin } from './exec-plugin.ts'

/** PEM in a file, or inline; null where there is none. */
export type PemSource = { readonly file: string } | { readonly inline: Buffer }

/** Who we say we are; a client certificate may come on top of each. */
export type Identity =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'token_file'; readonly file: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin }
  /** The legacy `auth-provider` (oidc, gcp, azure), left to client-node. */
  | { readonly kind: 'provider'; readonly kubeConfig: KubeConfig }

/** One cluster and one user of a kubeconfig, or the pod's service account: nothing has been read for it yet. */
export type Access = {
  /** Where it was found, for messages: `kubeconfig <file>` or `service account`. */
  readonly place: string
  readonly server: string
  readonly ca: PemSource | null
  readonly cert: PemSource | null
  readonly key: PemSource | null
  readonly serverName: string
  readonly skipVerify: boolean
  /** `proxy-url`; '' = the environment decides. */
  readonly proxyUrl: string
  readonly identity: Identity
  /** Impersonate-User and its companions. */
  readonly impersonation: RequestHeaders
  readonly inCluster: boolean
}

/** `why` names the file and what is wrong with it; no secret is in it. */
export type AccessOutcome =
  { readonly kind: 'ok'; readonly access: Access } | { readonly kind: 'error'; readonly why: string }
