import type { Authorization, GrantOptions, JwtGrantOptions } from '../loki/client-options.ts'
import { chosenProxy, proxyKeys, tlsConfig } from './client-transport.ts'
import { holdingSecrets, listOf, mapOf, optional, record, required, secret, type Section } from './decoder.ts'
import { jsonValue } from './json-value.ts'
import { checkedText, oneOf, text } from './scalars.ts'
import { NO_SECRET, secretRef, secretPair } from './secret-pair.ts'

const EXPECTED_TOKEN_URL = 'an http or https URL such as https://idp.example.com/oauth2/token'
const tokenUrl = required(
  checkedText(EXPECTED_TOKEN_URL, (value) =>
    URL.canParse(value) && /^https?:\/\//i.test(value) ? null : { code: 'BAD_URL', expected: EXPECTED_TOKEN_URL },
  ),
)

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const GRANTS = ['client_credentials', JWT_BEARER] as const
const ALGORITHMS: readonly JwtGrantOptions['algorithm'][] = ['RS256', 'RS384', 'RS512']

/** Only of use with the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`. */
const jwtKeys = {
  client_certificate_key: secret(text()),
  client_certificate_key_id: text(),
  client_certificate_key_file: text(),
  client_certificate_key_ref: secretRef,
  signature_algorithm: oneOf<JwtGrantOptions['algorithm']>(ALGORITHMS, 'RS256'),
  iss: text(),
  audience: text(),
  claims: mapOf(jsonValue, () => null),
}

type GrantValues = {
  readonly grant_type: (typeof GRANTS)[number]
  readonly client_secret: string
  readonly client_secret_file: string
  readonly client_certificate_key: string
  readonly client_certificate_key_id: string
  readonly client_certificate_key_file: string
  readonly signature_algorithm: JwtGrantOptions['algorithm']
  readonly iss: string
  readonly audience: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** As prometheus/common: what belongs to the other grant is passed over; said here. */
const warnOfOthers = (section: Section, keys: readonly string[], grant: string): void => {
  for (const key of keys) if (section.has(key)) section.warn(key, `accepted, without effect: grant_type is ${grant}`)
}

const grantOf = (values: GrantValues, section: Section): GrantOptions => {
  const secretText = secretPair(section, 'client_secret', values.client_secret, values.client_secret_file)
  const pem = secretPair(
    section,
    'client_certificate_key',
    values.client_certificate_key,
    values.client_certificate_key_file,
  )
  if (values.grant_type !== JWT_BEARER) {
    warnOfOthers(section, Object.keys(jwtKeys), values.grant_type)
    return { kind: 'client_credentials', secret: secretText ?? NO_SECRET }
  }
  warnOfOthers(section, ['client_secret', 'client_secret_file'], 'jwt-bearer')
  if (pem === null) {
    const expected = 'expected client_certificate_key or client_certificate_key_file for this grant_type, got neither'
    section.report('client_certificate_key', 'MISSING_KEY', expected)
  }
  return {
    kind: 'jwt-bearer',
    key: pem ?? NO_SECRET,
    keyId: values.client_certificate_key_id,
    algorithm: values.signature_algorithm,
    issuer: values.iss,
    audience: values.audience,
    claims: values.claims,
  }
}

/** `oauth2` of a client, as prometheus/common has it (config/http_config.go). */
export const oauth2 = optional(
  holdingSecrets(
    record(
      {
        client_id: required(text()),
        client_secret: secret(text()),
        client_secret_file: text(),
        client_secret_ref: secretRef,
        scopes: listOf(text()),
        token_url: tokenUrl,
        endpoint_params: secret(mapOf(text(), () => null)),
        tls_config: tlsConfig,
        ...proxyKeys,
        grant_type: oneOf<(typeof GRANTS)[number]>(GRANTS, 'client_credentials'),
        ...jwtKeys,
      },
      (values, section): Authorization => ({
        kind: 'oauth2',
        clientId: values.client_id,
        grant: grantOf(values, section),
        scopes: values.scopes,
        tokenUrl: values.token_url,
        endpointParams: values.endpoint_params,
        tls: values.tls_config,
        proxy: chosenProxy(values, section),
      }),
    ),
  ),
)
