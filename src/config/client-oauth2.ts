import type { Authorization, GrantOptions, JwtGrantOptions } from '../loki/client-options.ts'
import { chosenProxy, proxyKeys, tlsConfig } from './client-transport.ts'
import {
  documented,
  formed,
  holdingSecrets,
  listOf,
  mapOf,
  optional,
  record,
  required,
  secret,
  type Section,
} from './decoder.ts'
import { URL_FORM } from './form.ts'
import { jsonValue } from './json-value.ts'
import { checkedText, oneOf, text } from './scalars.ts'
import { NO_SECRET, secretRef, secretPair } from './secret-pair.ts'

const EXPECTED_TOKEN_URL = 'an http or https URL such as https://idp.example.com/oauth2/token'
const tokenUrl = required(
  formed(
    checkedText(EXPECTED_TOKEN_URL, (value) =>
      URL.canParse(value) && /^https?:\/\//i.test(value) ? null : { code: 'BAD_URL', expected: EXPECTED_TOKEN_URL },
    ),
    URL_FORM,
  ),
)

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const GRANTS = ['client_credentials', JWT_BEARER] as const
const ALGORITHMS: readonly JwtGrantOptions['algorithm'][] = ['RS256', 'RS384', 'RS512']

/** Only of use with the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`. */
const jwtKeys = {
  client_certificate_key: documented(secret(text()), {
    says: 'RSA private key, PKCS #1 or #8, without a passphrase.',
    example: '"-----BEGIN PRIVATE KEY-----"',
    type: 'secret PEM',
    default: 'required for jwt-bearer',
  }),
  client_certificate_key_id: documented(text(), { says: '`kid` of the assertion.', example: '2026-01' }),
  client_certificate_key_file: documented(text(), {
    says: 'Read again when it changes.',
    example: '/etc/loki/assertion.key',
    type: 'path',
  }),
  client_certificate_key_ref: secretRef,
  signature_algorithm: documented(oneOf<JwtGrantOptions['algorithm']>(ALGORITHMS, 'RS256'), {
    says: 'Of the assertion.',
    example: 'RS512',
  }),
  iss: documented(text(), { says: '`iss` of the assertion.', example: 'eventail', default: '`client_id`' }),
  audience: documented(text(), {
    says: '`aud` of the assertion.',
    example: 'https://idp.example.com',
    default: '`token_url`',
  }),
  claims: documented(
    mapOf(jsonValue, () => null),
    { says: 'Further claims; they win over those above.', example: '{ scope: logs.write }', default: 'none' },
  ),
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
        client_id: documented(required(text()), {
          says: 'Client credentials (RFC 6749, 4.4): a token is fetched when one is needed, kept until 10 s before it ends, and fetched anew after a 401.',
          example: 'eventail',
        }),
        client_secret: documented(secret(text()), { says: 'Shown nowhere.', example: 'hunter2' }),
        client_secret_file: documented(text(), {
          says: 'Read again when it changes.',
          example: '/etc/loki/client-secret',
          type: 'path',
        }),
        client_secret_ref: secretRef,
        scopes: documented(listOf(text()), {
          says: 'What the token is asked for.',
          example: '[logs.write]',
          default: 'none',
        }),
        token_url: documented(tokenUrl, {
          says: 'Where tokens come from.',
          example: 'https://idp.example.com/oauth2/token',
        }),
        endpoint_params: documented(secret(mapOf(text(), () => null)), {
          says: 'Further parameters of the request; shown nowhere.',
          example: '{ audience: loki }',
          default: 'none',
        }),
        tls_config: documented(tlsConfig, {
          says: 'As those of `tls_config`, for the token endpoint.',
          example: '{ ca_file: /etc/idp/ca.pem }',
          whole: true,
        }),
        ...proxyKeys,
        grant_type: documented(oneOf<(typeof GRANTS)[number]>(GRANTS, 'client_credentials'), {
          says: 'The second signs an assertion (RFC 7523) with `client_certificate_key`.',
          example: 'client_credentials',
        }),
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
