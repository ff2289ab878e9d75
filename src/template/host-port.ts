import { isIP } from 'node:net'

/** Go's net.SplitHostPort; null: not a host and a port. */
const splitHostPort = (text: string): { readonly host: string; readonly port: string } | null => {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text)
  return match === null ? null : { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' }
}

/** The host of `host:port`; anything else as it is. */
export const stripPort = (hostPort: string): string => splitHostPort(hostPort)?.host ?? hostPort

/** The first part of the host's name, with its port if there was one; addresses stay. */
export const stripDomain = (hostPort: string): string => {
  const split = splitHostPort(hostPort)
  const host = split?.host ?? hostPort
  if (isIP(host.replaceAll(/[[\]]/g, '')) !== 0) return hostPort
  const [short = ''] = host.split('.')
  return split === null || split.port === '' ? short : `${short}:${split.port}`
}
