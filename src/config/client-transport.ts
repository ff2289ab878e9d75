import type { ProxyOptions, TlsOptions, TlsVersion } from '../loki/client-options.ts'
import { headerName, headerValue } from './client-headers.ts'
import { documented, formed, listOf, mapOf, optional, record, secret, type Section } from './decoder.ts'
import { textForm, URL_FORM } from './form.ts'
import { hidingUserInfo } from './push-url.ts'
import { checkedText, flag, oneOf, text } from './scalars.ts'
import { secretPair, secretRef } from './secret-pair.ts'

const EXPECTED_PEM = 'PEM text that starts with -----BEGIN'
const pem = formed(
  checkedText(EXPECTED_PEM, (value) =>
    /^\s*-----BEGIN /.test(value) || value === '' ? null : { code: 'BAD_VALUE', expected: EXPECTED_PEM },
  ),
  textForm('^\\s*-----BEGIN |^$', 'PEM'),
)

const VERSIONS: readonly TlsVersion[] = ['TLS10', 'TLS11', 'TLS12', 'TLS13']

/** `tls_config` of a client. */
export const tlsConfig = record(
  {
    ca: documented(pem, { says: 'Whom to trust.', example: '"-----BEGIN CERTIFICATE-----"', default: "the system's" }),
    ca_file: documented(text(), { says: 'Read again when it changes.', example: '/etc/loki/ca.pem', type: 'path' }),
    ca_ref: secretRef,
    cert: documented(pem, { says: 'Certificate of the client, with a key.', example: '"-----BEGIN CERTIFICATE-----"' }),
    cert_file: documented(text(), { says: 'Read again when it changes.', example: '/etc/loki/tls.crt', type: 'path' }),
    cert_ref: secretRef,
    key: documented(secret(pem), { says: 'Shown nowhere.', example: '"-----BEGIN PRIVATE KEY-----"' }),
    key_file: documented(text(), { says: 'Read again when it changes.', example: '/etc/loki/tls.key', type: 'path' }),
    key_ref: secretRef,
    server_name: documented(text(), {
      says: "Name to expect in the server's certificate.",
      example: 'loki.example.com',
      default: 'host of the URL',
    }),
    insecure_skip_verify: documented(flag(false), {
      says: '`true`: anyone between here and Loki can read and change what is sent; warned of at every start.',
      example: 'true',
    }),
    min_version: documented(oneOf<TlsVersion>(VERSIONS, 'TLS12'), {
      says: 'An older version is not spoken.',
      example: 'TLS13',
    }),
    max_version: documented(optional(oneOf<TlsVersion>(VERSIONS, 'TLS13')), {
      says: 'At least `min_version`.',
      example: 'TLS12',
      default: 'the newest',
    }),
  },
  (values, section): TlsOptions => {
    const cert = secretPair(section, 'cert', values.cert, values.cert_file)
    const key = secretPair(section, 'key', values.key, values.key_file)
    if ((cert === null) !== (key === null)) {
      const [present, missing] = key === null ? ['cert', 'key'] : ['key', 'cert']
      section.report(missing, 'CONFLICT', `expected ${missing} or ${missing}_file beside the ${present}, got neither`)
    }
    const { min_version: minVersion, max_version: maxVersion } = values
    if (maxVersion !== null && VERSIONS.indexOf(maxVersion) < VERSIONS.indexOf(minVersion)) {
      const why = `expected max_version to be at least min_version, ${minVersion}, got ${maxVersion}`
      section.report('max_version', 'CONFLICT', why)
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
      minVersion,
      maxVersion,
    }
  },
)

const EXPECTED_PROXY = 'an http or https URL such as http://proxy:3128'

/** `proxy_url`: may hold credentials. */
const proxyUrl = hidingUserInfo(
  formed(
    checkedText(EXPECTED_PROXY, (value) =>
      URL.canParse(value) && /^https?:\/\//i.test(value) ? null : { code: 'BAD_URL', expected: EXPECTED_PROXY },
    ),
    URL_FORM,
  ),
)

/** The keys of `chosenProxy`. */
export const proxyKeys = {
  proxy_url: documented(proxyUrl, { says: 'Credentials in it are shown nowhere.', example: 'http://proxy:3128' }),
  no_proxy: documented(text(), {
    says: 'Hosts, separated by commas, that are reached without `proxy_url`.',
    example: 'loki.internal,10.0.0.0/8',
  }),
  proxy_from_environment: documented(flag(false), {
    says: '`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. Excludes the two above.',
    example: 'true',
  }),
  proxy_connect_header: documented(secret(mapOf(listOf(headerValue), headerName)), {
    says: 'Headers for the proxy, each a list of values; they go with CONNECT only, and are shown nowhere.',
    example: '{ X-Team: [sre] }',
    default: 'none',
  }),
}

export type ProxyValues = {
  readonly proxy_url: string
  readonly no_proxy: string
  readonly proxy_from_environment: boolean
  readonly proxy_connect_header: Readonly<Record<string, readonly string[]>>
}

/** A proxy by URL, or as the environment says, or none; as Prometheus' HTTP configuration combines the four keys. */
export const chosenProxy = (values: ProxyValues, section: Section): ProxyOptions => {
  const { proxy_url: url, no_proxy: noProxy } = values
  const given = Object.entries(values.proxy_connect_header).map(([name, all]) => [name.toLowerCase(), all.join(', ')])
  const connectHeaders = Object.fromEntries(given) as Readonly<Record<string, string>>
  if (values.proxy_from_environment) {
    for (const key of ['proxy_url', 'no_proxy']) {
      if (section.has(key)) section.report(key, 'CONFLICT', `expected no ${key} with proxy_from_environment, got one`)
    }
    return { kind: 'environment', connectHeaders }
  }
  if (noProxy !== '' && url === '') section.report('no_proxy', 'CONFLICT', 'expected proxy_url with no_proxy, got none')
  if (section.has('proxy_connect_header') && url === '') {
    const why = 'expected proxy_url or proxy_from_environment with proxy_connect_header, got neither'
    section.report('proxy_connect_header', 'CONFLICT', why)
  }
  return url === '' ? { kind: 'none' } : { kind: 'url', url, noProxy, connectHeaders }
}
