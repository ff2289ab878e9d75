import type { Block, Expression } from './alloy-syntax.ts'
import { attributesOf, type Plain } from './alloy-values.ts'
import type { Report } from './finding.ts'
import type { NewFile } from './new-file.ts'

/** Attributes of `endpoint` (loki.write) by their keys here; '' keeps the name. */
const KEYS: Readonly<Record<string, string>> = {
  url: '',
  name: '',
  tenant_id: '',
  headers: '',
  bearer_token: '',
  bearer_token_file: '',
  proxy_url: '',
  no_proxy: '',
  proxy_from_environment: '',
  batch_wait: 'batchwait',
  remote_timeout: 'timeout',
  client_id: '',
  client_secret: '',
  client_secret_file: '',
  scopes: '',
  token_url: '',
  endpoint_params: '',
  username: '',
  password: '',
  password_file: '',
  type: '',
  credentials: '',
  credentials_file: '',
  ca_pem: 'ca',
  ca_file: '',
  cert_pem: 'cert',
  cert_file: '',
  key_pem: 'key',
  key_file: '',
  server_name: '',
  insecure_skip_verify: '',
  min_version: '',
}

const BLOCKS = ['basic_auth', 'authorization', 'oauth2', 'tls_config']

/** The key here of an attribute; null: there is none. */
const keyOf = (name: string): string | null => {
  if (!Object.hasOwn(KEYS, name)) return null
  const key = KEYS[name] ?? ''
  return key === '' ? name : key
}

/** Defaults of Alloy that need no word here. */
const NEEDLESS = ['follow_redirects', 'enable_http2', 'queue_config', 'wal']
const NO_EQUIVALENT = 'it has no equivalent'

/** Bytes of `1MiB`; Alloy's units are all of 1024. */
const bytesOf = (size: Plain): Plain => {
  const [, digits = '', unit = ''] = /^(\d+) ?([KMG]?)i?B$/.exec(typeof size === 'string' ? size : '') ?? []
  return digits === '' ? size : Number(digits) * 1024 ** ['', 'K', 'M', 'G'].indexOf(unit)
}

/** `local.file.x.content`, as it is or made to be no secret. */
const fileBehind = (expression: Expression, files: ReadonlyMap<string, string>): string | null => {
  if (expression.kind === 'call' && expression.args[0] !== undefined && expression.name.endsWith('nonsensitive'))
    return fileBehind(expression.args[0], files)
  return expression.kind === 'reference' ? (files.get(expression.path) ?? null) : null
}

type World = { readonly report: Report; readonly files: ReadonlyMap<string, string> }

/** A block of an endpoint, or the endpoint, with the names of its attributes changed. */
const renamed = (block: Block, { report, files }: World, except: readonly string[] = []): Record<string, Plain> => {
  const options: Record<string, Plain> = {}
  const fromFiles: string[] = []
  for (const [name, expression] of block.attributes) {
    const file = fileBehind(expression, files)
    if (file === null) continue
    fromFiles.push(name)
    options[`${keyOf(name) ?? name}_file`] = file
  }
  for (const [name, value] of Object.entries(attributesOf(block, report, [...except, ...fromFiles]))) {
    const line = block.attributes.get(name)?.line ?? block.line
    const key = keyOf(name)
    if (key !== null) options[key] = value
    else report({ line, where: `${block.name}: ${name}`, what: NO_EQUIVALENT, leftOut: !NEEDLESS.includes(name) })
  }
  return options
}

const nested = (block: Block, world: World): Record<string, unknown> => {
  const options: Record<string, unknown> = renamed(block, world)
  for (const inner of block.blocks) {
    if (inner.name === 'tls_config') options['tls_config'] = nested(inner, world)
    else world.report({ line: inner.line, where: inner.name, what: NO_EQUIVALENT, leftOut: true })
  }
  return options
}

const OWN = ['batch_size', 'min_backoff_period', 'max_backoff_period', 'max_backoff_retries', 'retry_on_http_429']

const backoffOf = (own: Readonly<Record<string, Plain>>): Readonly<Record<string, Plain>> | null => {
  const keys = [
    ['min_period', own['min_backoff_period']],
    ['max_period', own['max_backoff_period']],
    ['max_retries', own['max_backoff_retries']],
  ] as const
  const given = keys.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  return given.length === 0 ? null : Object.fromEntries(given)
}

const clientOf = (endpoint: Block, labels: Plain | undefined, world: World): Readonly<Record<string, unknown>> => {
  const client: Record<string, unknown> = renamed(endpoint, world, OWN)
  const others = [...endpoint.attributes.keys()].filter((name) => !OWN.includes(name))
  const own = attributesOf(endpoint, world.report, others)
  if (own['batch_size'] !== undefined) client['batchsize'] = bytesOf(own['batch_size'])
  const backoff = backoffOf(own)
  if (backoff !== null) client['backoff_config'] = backoff
  if (own['retry_on_http_429'] === false) client['drop_rate_limited_batches'] = true
  for (const inner of endpoint.blocks) {
    if (BLOCKS.includes(inner.name)) client[inner.name] = nested(inner, world)
    else
      world.report({
        line: inner.line,
        where: `endpoint: ${inner.name}`,
        what: NO_EQUIVALENT,
        leftOut: !NEEDLESS.includes(inner.name),
      })
  }
  return labels === undefined ? client : { ...client, external_labels: labels }
}

/** The endpoints of a `loki.write` as clients. */
export const clientsOf = (write: Block, file: NewFile, files: ReadonlyMap<string, string>): readonly unknown[] => {
  const { report } = file
  const { external_labels: labels, ...rest } = attributesOf(write, report)
  for (const key of Object.keys(rest))
    report({ line: write.line, where: `loki.write.${write.label}: ${key}`, what: NO_EQUIVALENT, leftOut: true })
  for (const { name, line } of write.blocks) {
    if (name !== 'endpoint')
      report({
        line,
        where: `loki.write.${write.label}: ${name}`,
        what: NO_EQUIVALENT,
        leftOut: !NEEDLESS.includes(name),
      })
  }
  const endpoints = write.blocks.filter(({ name }) => name === 'endpoint')
  return endpoints.map((endpoint) => file.node(endpoint.line, clientOf(endpoint, labels, { report, files })))
}
