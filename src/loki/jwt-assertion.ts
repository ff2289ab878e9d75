import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { JwtGrantOptions } from './client-options.ts'

/** golang-jwt's and prometheus/common's: an assertion that is not used within it is worth nothing. */
const LIFETIME_SECONDS = 600

const HASHES = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512' } as const

export type AssertionParts = {
  readonly grant: JwtGrantOptions
  /** PEM, PKCS #1 or #8, without a passphrase. */
  readonly pem: string
  readonly clientId: string
  readonly tokenUrl: string
  readonly scope: string
  readonly nowMs: number
  /** Claim `jti`. */
  readonly id: string
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const claimsOf = ({
  grant,
  clientId,
  tokenUrl,
  scope,
  nowMs,
  id,
}: AssertionParts): Readonly<Record<string, unknown>> => {
  const now = Math.floor(nowMs / 1000)
  const own = {
    iss: grant.issuer || clientId,
    sub: clientId,
    jti: id,
    aud: grant.audience || tokenUrl,
    iat: now,
    exp: now + LIFETIME_SECONDS,
  }
  return { ...own, ...(scope !== '' && { scope }), ...grant.claims }
}

const rsaKey = (pem: string): KeyObject | null => {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'rsa' ? key : null
  } catch {
    // Its message could quote the key.
    return null
  }
}

/** A signed JWT (RFC 7519, compact form of RFC 7515); null when the key is no RSA private key. */
export const jwtAssertion = (parts: AssertionParts): string | null => {
  const key = rsaKey(parts.pem)
  if (key === null) return null
  const { algorithm, keyId } = parts.grant
  const head = { alg: algorithm, typ: 'JWT', ...(keyId !== '' && { kid: keyId }) }
  const text = `${encoded(head)}.${encoded(claimsOf(parts))}`
  return `${text}.${sign(HASHES[algorithm], Buffer.from(text), key).toString('base64url')}`
}
