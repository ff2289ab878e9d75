import type { OAuth2Options } from './client-options.ts'
import { jwtAssertion } from './jwt-assertion.ts'

/** Where the credentials of a client stand: RFC 6749, section 2.3.1, allows both. */
export type CredentialStyle = 'header' | 'parameters'

export type TokenRequest =
  | { readonly kind: 'request'; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly kind: 'unusable'; readonly why: string }

export type Asking = {
  /** The client's secret, or its private key as PEM. */
  readonly secret: string
  readonly style: CredentialStyle
  readonly nowMs: number
  /** Unlike all others. */
  readonly id: string
}

const HEADERS = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** What is posted to the token endpoint. `endpoint_params` win, as those who need another `grant_type` rely on. */
export const tokenRequest = (options: OAuth2Options, asking: Asking): TokenRequest => {
  const { clientId, grant, scopes, endpointParams, tokenUrl } = options
  const scope = scopes.join(' ')
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  let headers: Readonly<Record<string, string>> = HEADERS
  if (grant.kind === 'jwt-bearer') {
    const { secret: pem, nowMs, id } = asking
    const assertion = jwtAssertion({ grant, pem, clientId, tokenUrl, scope, nowMs, id })
    if (assertion === null) return { kind: 'unusable', why: 'client_certificate_key is no RSA private key in PEM' }
    form.set('grant_type', JWT_BEARER)
    form.set('assertion', assertion)
  } else if (asking.style === 'parameters') {
    form.set('client_id', clientId)
    form.set('client_secret', asking.secret)
  } else {
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(asking.secret)}`
    headers = { ...HEADERS, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }
  if (scope !== '') form.set('scope', scope)
  for (const [name, value] of Object.entries(endpointParams)) form.set(name, value)
  return { kind: 'request', headers, body: form.toString() }
}
