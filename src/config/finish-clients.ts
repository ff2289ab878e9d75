import { createHash } from 'node:crypto'
import type {
  Authorization,
  ClientOptions,
  GrantOptions,
  OAuth2Options,
  ProxyOptions,
  Secret,
  TlsOptions,
} from '../loki/client-options.ts'
import { MASK, maskUserInfo } from './secret-mask.ts'

const maskSecret = (secret: Secret): Secret => (secret.kind === 'inline' ? { kind: 'inline', value: MASK } : secret)

const maskTls = (tls: TlsOptions): TlsOptions => ({ ...tls, key: tls.key && maskSecret(tls.key) })

const maskValues = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, MASK]))

const maskProxy = (proxy: ProxyOptions): ProxyOptions => {
  if (proxy.kind === 'none') return proxy
  const masked = { ...proxy, connectHeaders: maskValues(proxy.connectHeaders) }
  return masked.kind === 'url' ? { ...masked, url: maskUserInfo(masked.url) } : masked
}

const maskGrant = (grant: GrantOptions): GrantOptions =>
  grant.kind === 'jwt-bearer'
    ? { ...grant, key: maskSecret(grant.key) }
    : { ...grant, secret: maskSecret(grant.secret) }

const maskOAuth2 = (options: OAuth2Options): OAuth2Options => ({
  ...options,
  grant: maskGrant(options.grant),
  tokenUrl: maskUserInfo(options.tokenUrl),
  endpointParams: maskValues(options.endpointParams),
  tls: maskTls(options.tls),
  proxy: maskProxy(options.proxy),
})

const maskAuthorization = (authorization: Authorization): Authorization => {
  switch (authorization.kind) {
    case 'none':
      return authorization
    case 'basic':
      return { ...authorization, password: maskSecret(authorization.password) }
    case 'header':
      return { ...authorization, credentials: maskSecret(authorization.credentials) }
    case 'oauth2':
      return maskOAuth2(authorization)
  }
}

/** A client whose secrets read `<secret>`: passwords, tokens, keys, header values, credentials of the proxy. */
export const maskClient = (client: ClientOptions): ClientOptions => ({
  ...client,
  headers: maskValues(client.headers),
  fileHeaders: Object.fromEntries(
    Object.entries(client.fileHeaders).map(([name, parts]) => [name, parts.map(maskSecret)]),
  ),
  authorization: maskAuthorization(client.authorization),
  tls: maskTls(client.tls),
  proxy: maskProxy(client.proxy),
})

/** Like Promtail: the first six hex digits of a SHA-256 over the settings as they may be printed. */
const defaultName = (client: ClientOptions): string =>
  createHash('sha256')
    .update(JSON.stringify(maskClient(client)))
    .digest('hex')
    .slice(0, 6)

const withoutEmpty = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))

/** The client with a name, and with `shared` labels under its own; Loki knows no empty labels. */
export const finishClient = (client: ClientOptions, shared: Readonly<Record<string, string>>): ClientOptions => {
  const labelled = { ...client, externalLabels: withoutEmpty({ ...shared, ...client.externalLabels }) }
  return labelled.name === '' ? { ...labelled, name: defaultName(labelled) } : labelled
}
