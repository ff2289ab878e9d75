import { BlockList, isIP } from 'node:net'

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const either = (env: Environment, name: string): string => env[name] ?? env[name.toLowerCase()] ?? ''

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const inSubnet = (host: string, subnet: string): boolean => {
  const [address = '', prefix = ''] = subnet.split('/')
  const family = isIP(address)
  if (
    family === 0 ||
    isIP(host) !== family ||
    !/^\d{1,3}$/.test(prefix) ||
    Number(prefix) > (family === 4 ? 32 : 128)
  ) {
    return false
  }
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

const matches = (entry: string, host: string, port: string): boolean => {
  if (entry === '*') return true
  if (entry.includes('/')) return inSubnet(host, entry)
  if (isIP(entry) !== 0) return entry === host
  const [, bracketed, plain, entryPort] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  if (entryPort !== undefined && entryPort !== port) return false
  const name = (bracketed ?? plain ?? '').replace(/^\*\./, '.')
  if (name === '') return false
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`)
}

/**
 * The proxy that the environment wants for `server`, '' for none: HTTPS_PROXY or HTTP_PROXY, and NO_PROXY with names,
 * addresses and subnets (a cluster's service range is usually written as a subnet). The rules are those of Go's
 * golang.org/x/net/http/httpproxy, so that the agent goes the way kubectl goes.
 */
export const proxyFromEnvironment = (server: URL, env: Environment): string => {
  const proxy = either(env, server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY').trim()
  const host = server.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (proxy === '' || isLoopback(host)) return ''
  const port = server.port !== '' ? server.port : server.protocol === 'https:' ? '443' : '80'
  for (const entry of either(env, 'NO_PROXY').toLowerCase().split(',')) {
    if (matches(entry.trim(), host, port)) return ''
  }
  return proxy.includes('://') ? proxy : `http://${proxy}`
}
