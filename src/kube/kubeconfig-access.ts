import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { ConnectionOptions } from '../config/config.ts'
import type { Access, AccessOutcome, Identity, PemSource } from './access.ts'
import type { ExecPlugin } from './exec-plugin.ts'
import { oneLine } from './failure-reason.ts'
import { type ChosenContext, loadKubeconfig } from './kubeconfig.ts'
import type { Environment } from './proxy.ts'
import { member } from './status.ts'

/** Files in a kubeconfig are relative to it. */
const besides = (chosen: ChosenContext, path: string): string => join(dirname(resolve(chosen.file)), path)

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''

const pem = (file: string | undefined, data: string | undefined): PemSource | null => {
  if (text(file) !== '') return { file: text(file) }
  return text(data) === '' ? null : { inline: Buffer.from(text(data), 'base64') }
}

const execEnv = (entries: unknown): Record<string, string> => {
  if (!Array.isArray(entries)) return {}
  const pairs = entries.map((entry: unknown): [string, string] => [
    text(member(entry, 'name')),
    text(member(entry, 'value')),
  ])
  return Object.fromEntries(pairs.filter(([name]) => name !== ''))
}

const execCluster = (chosen: ChosenContext, exec: unknown): Readonly<Record<string, unknown>> | null => {
  if (member(exec, 'provideClusterInfo') !== true) return null
  const { cluster } = chosen
  const [extension] = [member(chosen.rawCluster, 'extensions')]
    .flat()
    .filter((one: unknown) => member(one, 'name') === 'client.authentication.k8s.io/exec')
  return {
    server: cluster.server,
    ...(text(cluster.tlsServerName) === '' ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(text(cluster.caData) === '' ? {} : { 'certificate-authority-data': cluster.caData }),
    ...(text(cluster.proxyUrl) === '' ? {} : { 'proxy-url': cluster.proxyUrl }),
    ...(extension === undefined ? {} : { config: member(extension, 'extension') }),
  }
}

const execPlugin = (chosen: ChosenContext, exec: unknown): ExecPlugin | string => {
  const command = text(member(exec, 'command'))
  if (command === '') return 'exec: command is missing'
  const apiVersion = text(member(exec, 'apiVersion'))
  if (!/^client\.authentication\.k8s\.io\/(?:v1|v1beta1|v1alpha1)$/.test(apiVersion)) {
    return `exec: apiVersion "${oneLine(apiVersion)}" is none of client.authentication.k8s.io/v1, v1beta1`
  }
  if (member(exec, 'interactiveMode') === 'Always') return 'exec: interactiveMode Always, but nobody is there to answer'
  const args = member(exec, 'args')
  return {
    command: command.includes('/') && !isAbsolute(command) ? besides(chosen, command) : command,
    args: Array.isArray(args) ? args.map(text) : [],
    env: execEnv(member(exec, 'env')),
    apiVersion,
    installHint: text(member(exec, 'installHint')),
    cluster: execCluster(chosen, exec),
  }
}

const identityOf = (chosen: ChosenContext): Identity | string => {
  const { user, rawUser, kubeConfig } = chosen
  if (user === null) return { kind: 'none' }
  // As client-go: a file wins over an inline token, because a file can be renewed.
  const tokenFile = text(member(rawUser, 'tokenFile'))
  if (tokenFile !== '')
    return { kind: 'token_file', file: isAbsolute(tokenFile) ? tokenFile : besides(chosen, tokenFile) }
  const token = text(user.token).trim()
  if (token !== '') return { kind: 'token', token }
  const exec: unknown = user.exec
  if (typeof exec === 'object' && exec !== null) {
    const plugin = execPlugin(chosen, exec)
    return typeof plugin === 'string' ? plugin : { kind: 'exec', plugin }
  }
  if (typeof user.authProvider === 'object' && user.authProvider !== null) return { kind: 'provider', kubeConfig }
  const username = text(user.username)
  return username === '' ? { kind: 'none' } : { kind: 'basic', username, password: text(user.password) }
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : [])

/** The headers of "User impersonation" in the Kubernetes documentation of authentication. */
const impersonationOf = (rawUser: unknown): Access['impersonation'] => {
  const as = text(member(rawUser, 'as'))
  const uid = text(member(rawUser, 'as-uid'))
  const groups = texts(member(rawUser, 'as-groups'))
  const extra = member(rawUser, 'as-user-extra')
  const extras: [string, unknown][] = typeof extra === 'object' && extra !== null ? Object.entries(extra) : []
  return Object.fromEntries<string | readonly string[]>([
    ...(as === '' ? [] : [['impersonate-user', as] as const]),
    ...(uid === '' ? [] : [['impersonate-uid', uid] as const]),
    ...(groups.length === 0 ? [] : [['impersonate-group', groups] as const]),
    ...extras.map(
      ([key, value]) => [`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`, texts(value)] as const,
    ),
  ])
}

/** The server's URL without credentials, query and trailing slash; null when it is none by http or https. */
const serverUrl = (server: unknown): string | null => {
  if (typeof server !== 'string' || !URL.canParse(server)) return null
  const url = new URL(server)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

const PROXIES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks:']

const accessOf = (chosen: ChosenContext): Access | string => {
  const { cluster, user } = chosen
  const server = serverUrl(cluster.server)
  if (server === null) return `cluster "${oneLine(cluster.name)}": server is not an http or https URL`
  const proxyUrl = text(cluster.proxyUrl)
  if (proxyUrl !== '' && !(URL.canParse(proxyUrl) && PROXIES.includes(new URL(proxyUrl).protocol))) {
    return `cluster "${oneLine(cluster.name)}": proxy-url is not an http, https or socks5 URL`
  }
  const whose = `user "${oneLine(user?.name ?? '')}"`
  const identity = identityOf(chosen)
  if (typeof identity === 'string') return `${whose}: ${identity}`
  const impersonation = impersonationOf(chosen.rawUser)
  const cert = pem(user?.certFile, user?.certData)
  const key = pem(user?.keyFile, user?.keyData)
  if ((cert === null) !== (key === null)) return `${whose}: client-certificate and client-key must be given together`
  const ca = pem(cluster.caFile, cluster.caData)
  const serverName = text(cluster.tlsServerName)
  return {
    place: `kubeconfig ${chosen.file}`,
    server,
    ca,
    cert,
    key,
    serverName,
    skipVerify: cluster.skipTLSVerify,
    proxyUrl,
    identity,
    impersonation,
    inCluster: false,
  }
}

/** Access by a kubeconfig file. Files it names are not read yet. */
export const kubeconfigAccess = async (options: ConnectionOptions, env: Environment): Promise<AccessOutcome> => {
  const outcome = await loadKubeconfig(options, env)
  if (outcome.kind === 'error') return outcome
  const access = accessOf(outcome.chosen)
  return typeof access === 'string'
    ? { kind: 'error', why: `kubeconfig ${outcome.chosen.file}: ${access}` }
    : { kind: 'ok', access }
}
