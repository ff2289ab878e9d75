import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { Access, PemSource } from './access.ts'
import type { TlsMaterial } from './connection.ts'
import { codeOf, reasonOf } from './failure-reason.ts'

export type TlsOutcome =
  { readonly kind: 'ok'; readonly tls: TlsMaterial } | { readonly kind: 'failed'; readonly why: string }

type Pem = { readonly bytes: Buffer | null } | { readonly why: string }

const place = (source: PemSource | null, what: string): string =>
  source !== null && 'file' in source ? source.file : `the inline ${what}`

const readPem = async (source: PemSource | null, what: string): Promise<Pem> => {
  if (source === null) return { bytes: null }
  try {
    const bytes = 'file' in source ? await readFile(source.file) : source.inline
    if (!bytes.includes('-----BEGIN ')) return { why: `${place(source, what)}: no PEM in it (${what})` }
    return { bytes }
  } catch (error) {
    return { why: `${place(source, what)}: ${reasonOf(error)} (${what})` }
  }
}

/** Certificate and key as PEM text, given by an exec plugin in place of those of the kubeconfig. */
export type IssuedCertificate = { readonly cert: string; readonly key: string }

const hashOf = (access: Access, parts: readonly (Buffer | null)[]): string => {
  const hash = createHash('sha256').update(JSON.stringify([access.serverName, access.skipVerify]))
  for (const part of parts) hash.update(part === null ? '-' : `${part.length}:`).update(part ?? '')
  return hash.digest('hex')
}

/** What is wrong with the material as a whole, or null: found here, and not as a riddle at the first connection. */
const mismatch = (access: Access, ca: Buffer | null, cert: Buffer | null, key: Buffer | null): string | null => {
  const pair = `${place(access.cert, 'client certificate')} and ${place(access.key, 'client key')}`
  const why = (error: unknown, what: string): string =>
    `${what}: ${codeOf(error) === '' ? 'not usable' : codeOf(error)}`
  try {
    if (ca !== null) createSecureContext({ ca })
  } catch (error) {
    return why(error, `${place(access.ca, 'certificate authority')}: not a certificate`)
  }
  try {
    if (cert !== null && key !== null) createSecureContext({ cert, key })
  } catch (error) {
    return why(error, `${pair}: not a certificate with its key`)
  }
  return null
}

/** Reads CA, certificate and key; again each time, because they are rotated on disk. Never throws. */
export class TlsReader {
  readonly #access: Access
  #sound: TlsMaterial | null = null

  constructor(access: Access) {
    this.#access = access
  }

  async read(issued: IssuedCertificate | null): Promise<TlsOutcome> {
    const access = this.#access
    const certSource: PemSource | null = issued === null ? access.cert : { inline: Buffer.from(issued.cert) }
    const keySource: PemSource | null = issued === null ? access.key : { inline: Buffer.from(issued.key) }
    const ca = await readPem(access.ca, 'certificate authority')
    const cert = await readPem(certSource, 'client certificate')
    const key = await readPem(keySource, 'client key')
    if ('why' in ca) return this.#failed(ca.why)
    if ('why' in cert) return this.#failed(cert.why)
    if ('why' in key) return this.#failed(key.why)
    const hash = hashOf(access, [ca.bytes, cert.bytes, key.bytes])
    if (this.#sound?.hash === hash) return { kind: 'ok', tls: this.#sound }
    const why = mismatch(access, ca.bytes, cert.bytes, key.bytes)
    if (why !== null) return this.#failed(why)
    const { serverName, skipVerify } = access
    this.#sound = { ca: ca.bytes, cert: cert.bytes, key: key.bytes, serverName, skipVerify, hash }
    return { kind: 'ok', tls: this.#sound }
  }

  #failed(why: string): TlsOutcome {
    return { kind: 'failed', why: `${this.#access.place}: ${why}` }
  }

  /** The last material that was good, for the moments of a rotation; null: none yet. */
  get sound(): TlsMaterial | null {
    return this.#sound
  }
}
