import type { Authorization, Secret } from '../loki/client-options.ts'
import { documented, holdingSecrets, optional, record, secret, type Section } from './decoder.ts'
import type { PushUrl } from './push-url.ts'
import { checkedText, text } from './scalars.ts'
import { NO_SECRET, secretPair, secretRef } from './secret-pair.ts'

export const basicAuth = optional(
  holdingSecrets(
    record(
      {
        username: documented(text(), { says: 'Of the user.', example: 'loki' }),
        username_file: documented(text(), {
          says: 'Read again when it changes.',
          example: '/etc/loki/username',
          type: 'path',
        }),
        username_ref: secretRef,
        password: documented(secret(text()), { says: 'Shown nowhere.', example: 'hunter2' }),
        password_file: documented(text(), {
          says: 'Read again when it changes.',
          example: '/etc/loki/password',
          type: 'path',
        }),
        password_ref: secretRef,
      },
      (values, section): Authorization => ({
        kind: 'basic',
        username: secretPair(section, 'username', values.username, values.username_file) ?? NO_SECRET,
        password: secretPair(section, 'password', values.password, values.password_file) ?? NO_SECRET,
      }),
    ),
  ),
)

const scheme = checkedText(
  'an authorization type such as Bearer',
  (value) => {
    const expected = 'an authorization type such as Bearer'
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(value)) return { code: 'BAD_VALUE', expected }
    return value.toLowerCase() === 'basic' ? { code: 'BAD_VALUE', expected, hint: 'for basic, use basic_auth' } : null
  },
  'Bearer',
)

export const authorization = optional(
  holdingSecrets(
    record(
      {
        type: documented(scheme, { says: '`Basic` is refused: use `basic_auth`.', example: 'Bearer' }),
        credentials: documented(secret(text()), {
          says: 'What follows the type in the header. Shown nowhere.',
          example: 'eyJhbGciOi',
        }),
        credentials_file: documented(text(), {
          says: 'Read again when it changes.',
          example: '/var/run/secrets/loki/token',
          type: 'path',
        }),
        credentials_ref: secretRef,
      },
      (values, section): Authorization => {
        const credentials = secretPair(section, 'credentials', values.credentials, values.credentials_file)
        if (credentials === null) {
          section.report('credentials', 'MISSING_KEY', 'expected credentials or credentials_file, got neither')
        }
        return { kind: 'header', type: values.type, credentials: credentials ?? NO_SECRET }
      },
    ),
  ),
)

/** The keys of a client that say how its requests identify themselves, as read. */
export type AuthorizationValues = {
  readonly url: PushUrl
  readonly basic_auth: Authorization | null
  readonly authorization: Authorization | null
  readonly oauth2: Authorization | null
  readonly bearer_token: string
  readonly bearer_token_file: string
}

/** The one way that is configured; several are a conflict, reported at the second. */
export const chosenAuthorization = (values: AuthorizationValues, section: Section): Authorization => {
  const { credentials } = values.url
  const token = secretPair(section, 'bearer_token', values.bearer_token, values.bearer_token_file)
  const ways: (readonly [key: string, way: Authorization | null])[] = [
    ['url', credentials && fromUrl(credentials)],
    ['basic_auth', values.basic_auth],
    ['authorization', values.authorization],
    ['oauth2', values.oauth2],
    [values.bearer_token === '' ? 'bearer_token_file' : 'bearer_token', token && bearer(token)],
  ]
  const [chosen, extra] = ways.filter(([, way]) => way !== null)
  if (chosen !== undefined && extra !== undefined) {
    const [first, second] = [chosen[0] === 'url' ? 'credentials in url' : chosen[0], extra[0]]
    section.report(second, 'CONFLICT', `expected at most one way of authorization, got ${first} and ${second}`)
  }
  return chosen?.[1] ?? { kind: 'none' }
}

const bearer = (credentials: Secret): Authorization => ({ kind: 'header', type: 'Bearer', credentials })

const fromUrl = ({ username, password }: { readonly username: string; readonly password: string }): Authorization => ({
  kind: 'basic',
  username: { kind: 'inline', value: username },
  password: { kind: 'inline', value: password },
})
