import type { Clock } from '../clock.ts'
import type { ConnectionOptions } from '../config/config.ts'
import type { Log } from '../log.ts'
import type { Access, AccessOutcome } from './access.ts'
import type { Connection, ConnectionOutcome, Credentials, TlsMaterial } from './connection.ts'
import { createProver, type Prover } from './identity-headers.ts'
import { kubeconfigAccess } from './kubeconfig-access.ts'
import { type Environment, proxyFromEnvironment } from './proxy.ts'
import { inCluster, SERVICE_ACCOUNT_DIR, serviceAccountAccess } from './service-account.ts'
import { type IssuedCertificate, TlsReader } from './tls-material.ts'

/** Where credentials are looked for. */
export type ConnectionSource = {
  readonly options: ConnectionOptions
  readonly clock: Clock
  readonly log: Log
  /** Default: the process' own. */
  readonly env?: Environment
  /** Default: where the kubelet mounts it. */
  readonly serviceAccountDir?: string
}

const findAccess = async (source: ConnectionSource): Promise<AccessOutcome> => {
  const { options, env = process.env, serviceAccountDir = SERVICE_ACCOUNT_DIR } = source
  const named = options.kubeconfig !== '' || options.context !== '' || (env['KUBECONFIG'] ?? '') !== ''
  if (!named && inCluster(env, serviceAccountDir)) return serviceAccountAccess(env, serviceAccountDir)
  return kubeconfigAccess(options, env)
}

class ReadConnection implements Connection {
  readonly server: string
  readonly proxy: string
  readonly inCluster: boolean
  readonly #source: ConnectionSource
  readonly #closed = new AbortController()
  #access: Access
  #prove: Prover
  #tls: TlsReader

  constructor(source: ConnectionSource, access: Access) {
    this.#source = source
    this.server = access.server
    this.inCluster = access.inCluster
    this.proxy = access.proxyUrl || proxyFromEnvironment(new URL(access.server), source.env ?? process.env)
    this.#access = access
    this.#prove = createProver(access, source.clock, this.#closed.signal)
    this.#tls = new TlsReader(access)
  }

  async credentials(): Promise<Credentials> {
    const proof = await this.#prove()
    if (proof.kind === 'failed') return proof
    const tls = await this.#readTls(proof.issued)
    if (typeof tls === 'string') return { kind: 'failed', why: tls }
    const authorization = proof.authorization === '' ? {} : { authorization: proof.authorization }
    return { kind: 'ok', headers: { ...authorization, ...this.#access.impersonation }, tls }
  }

  async #readTls(issued: IssuedCertificate | null): Promise<TlsMaterial | string> {
    const outcome = await this.#tls.read(issued)
    if (outcome.kind === 'ok') return outcome.tls
    const { sound } = this.#tls
    if (sound === null) return outcome.why
    // Certificate and key are two files: in the middle of a rotation they do not fit together.
    this.#source.log.warn('TLS material on disk is not usable, the former stays in use', { why: outcome.why })
    return sound
  }

  async renew(): Promise<string | null> {
    const outcome = await findAccess(this.#source)
    const why = outcome.kind === 'error' ? outcome.why : this.#refusal(outcome.access)
    if (outcome.kind === 'ok' && why === null) this.#access = outcome.access
    this.#prove = createProver(this.#access, this.#source.clock, this.#closed.signal)
    this.#tls = new TlsReader(this.#access)
    return why
  }

  /** Positions belong to one server: a renewal must not lead to another. */
  #refusal(access: Access): string | null {
    return access.server === this.server
      ? null
      : `the kubeconfig now names another server, ${access.server}: restart to change over`
  }

  close(): void {
    this.#closed.abort()
  }
}

/**
 * Finds the API server and who we are to it: the kubeconfig of the options, else `KUBECONFIG`, else the pod's service
 * account, else ~/.kube/config; a configured context means a kubeconfig. Everything that the first request needs is
 * read once, so that what is wrong is known now.
 */
export const openConnection = async (source: ConnectionSource): Promise<ConnectionOutcome> => {
  const found = await findAccess(source)
  if (found.kind === 'error') return found
  const connection = new ReadConnection(source, found.access)
  const tls = await new TlsReader(found.access).read(null)
  return tls.kind === 'ok' ? { kind: 'ok', connection } : { kind: 'error', why: tls.why }
}
