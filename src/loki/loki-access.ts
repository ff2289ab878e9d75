import { readFileSync } from 'node:fs'

/** Where a Loki is that is only asked, and who asks. */
export type LokiAccess = {
  /** Without a path to the API: `http://loki:3100`. A path before it, as a gateway has one, is kept. */
  readonly url: URL
  /** `X-Scope-OrgID`; '' = no header. */
  readonly tenant: string
  /** Value of `Authorization`; '' = none. */
  readonly authorization: string
  /** What no message may show. */
  readonly secrets: readonly string[]
  readonly userAgent: string
}

/** How a command line names a Loki and the credentials for it. */
export type LokiAccessFlags = {
  /** May carry user and password. */
  readonly url: URL
  readonly tenant: string
  /** '' = that of the URL. */
  readonly user: string
  readonly passwordFile: string
  /** Instead of user and password. */
  readonly bearerTokenFile: string
}

const secretIn = (file: string): string => readFileSync(file, 'utf8').trimEnd()

/** Reads the files of the credentials, once. `why`: one of them cannot be read. */
export const readLokiAccess = (
  flags: LokiAccessFlags,
  userAgent: string,
): { readonly access: LokiAccess } | { readonly why: string } => {
  const { url, tenant, user, passwordFile, bearerTokenFile } = flags
  try {
    if (bearerTokenFile !== '') {
      const token = secretIn(bearerTokenFile)
      return { access: { url, tenant, authorization: `Bearer ${token}`, secrets: [token], userAgent } }
    }
    const name = user === '' ? decodeURIComponent(url.username) : user
    if (name === '') return { access: { url, tenant, authorization: '', secrets: [], userAgent } }
    const password = passwordFile === '' ? decodeURIComponent(url.password) : secretIn(passwordFile)
    const encoded = Buffer.from(`${name}:${password}`).toString('base64')
    const secrets = [encoded, password].filter((secret) => secret !== '')
    return { access: { url, tenant, authorization: `Basic ${encoded}`, secrets, userAgent } }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { why: `the credentials cannot be read: ${error.message}` }
    throw error
  }
}
