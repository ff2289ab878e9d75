import type { Authorization, OAuth2Options, Secret } from './client-options.ts'
import { readSecret } from './secret-source.ts'

export type AuthorizationHeader =
  /** `secrets`: what must not appear in a message. */
  | { readonly kind: 'header'; readonly value: string; readonly secrets: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Legal in a header: visible Latin-1, spaces and tabs (RFC 9110, 5.5). */
const LEGAL_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const checked = (value: string, secrets: readonly string[]): AuthorizationHeader =>
  LEGAL_VALUE.test(value)
    ? { kind: 'header', value, secrets }
    : { kind: 'unreadable', why: 'the credentials hold characters that no header may have' }

const ofBasic = async (username: Secret, password: Secret): Promise<AuthorizationHeader> => {
  const [name, word] = await Promise.all([readSecret(username), readSecret(password)])
  if (name.kind === 'unreadable') return name
  if (word.kind === 'unreadable') return word
  const encoded = Buffer.from(`${name.text}:${word.text}`).toString('base64')
  return checked(`Basic ${encoded}`, [encoded, word.text])
}

const ofHeader = async (type: string, credentials: Secret): Promise<AuthorizationHeader> => {
  const secret = await readSecret(credentials)
  return secret.kind === 'unreadable' ? secret : checked(`${type} ${secret.text}`, [secret.text])
}

/** The value of `Authorization` now; files are read again for each push. */
export const readAuthorization = (
  authorization: Exclude<Authorization, OAuth2Options>,
): Promise<AuthorizationHeader> => {
  switch (authorization.kind) {
    case 'none':
      return Promise.resolve({ kind: 'none' })
    case 'basic':
      return ofBasic(authorization.username, authorization.password)
    case 'header':
      return ofHeader(authorization.type, authorization.credentials)
  }
}
