import type { ProxyOptions, TlsOptions } from '../loki/client-options.ts'
import { record, secret, unsupported, type Section } from './decoder.ts'
import { hidingUserInfo } from './push-url.ts'
import { checkedText, flag, oneOf, text } from './scalars.ts'
import { secretPair } from './secret-pair.ts'

const EXPECTED_PEM = 'PEM text that starts with -----BEGIN'
const pem = checkedText(EXPECTED_PEM, (value) =>
  /^\s*-----BEGIN /.test(value) || value === '' ? null : { code: 'BAD_VALUE', expected: EXPECTED_PEM },
)

const REF = 'secret references are not supported; use the key with _file'

/** `tls_config` of a client. */
export const tlsConfig = record(
  {
    ca: pem,
    ca_file: text(),
    ca_ref: unsupported(REF),
    cert: pem,
    cert_file: text(),
    cert_ref: unsupported(REF),
    key: secret(pem),
    key_file: text(),
    key_ref: unsupported(REF),
    server_name: text(),
    insecure_skip_verify: flag(false),
    min_version: oneOf<TlsOptions['minVersion']>(['TLS10', 'TLS11', 'TLS12', 'TLS13'], 'TLS12'),
    max_version: unsupported('a highest TLS version is not supported yet: remove max_version'),
  },
  (values, section): TlsOptions => {
    const cert = secretPair(section, 'cert', values.cert, values.cert_file)
    const key = secretPair(section, 'key', values.key, values.key_file)
    if ((cert === null) !== (key === null)) {
      const [present, missing] = key === null ? ['cert', 'key'] : ['key', 'cert']
      section.report(missing, 'CONFLICT', `expected ${missing} or ${missing}_file beside the ${present}, got neither`)
    }
    if (values.insecure_skip_verify) {
      section.warn('insecure_skip_verify', 'anyone between here and Loki can read and change what is sent')
    }
    return {
      ca: secretPair(section, 'ca', values.ca, values.ca_file),
      cert,
      key,
      serverName: values.server_name,
      insecureSkipVerify: values.insecure_skip_verify,
      minVersion: values.min_version,
    }
  },
)

const EXPECTED_PROXY = 'an http or https URL such as http://proxy:3128'

/** `proxy_url`: may hold credentials. */
const proxyUrl = hidingUserInfo(
  checkedText(EXPECTED_PROXY, (value) =>
    URL.canParse(value) && /^https?:\/\//i.test(value) ? null : { code: 'BAD_URL', expected: EXPECTED_PROXY },
  ),
)

/** The keys of `chosenProxy`. */
export const proxyKeys = {
  proxy_url: proxyUrl,
  no_proxy: text(),
  proxy_from_environment: flag(false),
  proxy_connect_header: unsupported('proxy_connect_header is not supported: put credentials into proxy_url'),
}

export type ProxyValues = {
  readonly proxy_url: string
  readonly no_proxy: string
  readonly proxy_from_environment: boolean
}

/** A proxy by URL, or as the environment says, or none; as Prometheus' HTTP configuration combines the three keys. */
export const chosenProxy = (values: ProxyValues, section: Section): ProxyOptions => {
  const { proxy_url: url, no_proxy: noProxy } = values
  if (values.proxy_from_environment) {
    for (const key of ['proxy_url', 'no_proxy']) {
      if (section.has(key)) section.report(key, 'CONFLICT', `expected no ${key} with proxy_from_environment, got one`)
    }
    return { kind: 'environment' }
  }
  if (noProxy !== '' && url === '') section.report('no_proxy', 'CONFLICT', 'expected proxy_url with no_proxy, got none')
  return url === '' ? { kind: 'none' } : { kind: 'url', url, noProxy }
}
