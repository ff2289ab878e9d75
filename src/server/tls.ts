import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { ServerTlsOptions } from '../config/config.ts'
import { readSecret } from '../loki/secret-source.ts'

/** Certificates as they are on disk now. */
export type ServerMaterial =
  { readonly kind: 'material'; readonly material: Material } | { readonly kind: 'unusable'; readonly why: string }

export type Material = Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'minVersion'>

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const

/** Reads them, and tries whether certificate and key belong together. */
export const readServerMaterial = async (tls: ServerTlsOptions): Promise<ServerMaterial> => {
  const [cert, key, ca] = await Promise.all([
    readSecret(tls.cert),
    readSecret(tls.key),
    tls.clientCa === null ? null : readSecret(tls.clientCa),
  ])
  if (cert.kind === 'unreadable') return { kind: 'unusable', why: cert.why }
  if (key.kind === 'unreadable') return { kind: 'unusable', why: key.why }
  if (ca?.kind === 'unreadable') return { kind: 'unusable', why: ca.why }
  const minVersion = VERSIONS[tls.minVersion]
  const material = { cert: cert.text, key: key.text, minVersion, ...(ca !== null && { ca: ca.text }) }
  try {
    createSecureContext(material)
  } catch (error) {
    // OpenSSL's own words, which quote no content.
    return { kind: 'unusable', why: error instanceof Error ? error.message : 'unusable certificate' }
  }
  return { kind: 'material', material }
}
