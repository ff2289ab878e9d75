import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** The host of a `Host` header without port and brackets, in lower case. */
const hostOf = (header: string): string | null => {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:/@\s]+))(?::\d{1,5})?$/i.exec(header)
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null
}

/** Addresses and this machine's own name cannot be made to point elsewhere by somebody's DNS. */
const isSafe = (host: string, names: readonly string[]): boolean =>
  isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || names.includes(host)

/**
 * Whether a request may be answered: it was meant for this server under a name that nobody else can own (DNS rebinding),
 * and, if a page sent it, that page is ours. A text says why not.
 *
 * @param names further names that the server is known by, in lower case
 */
export const refusedRequest = (headers: IncomingHttpHeaders, names: readonly string[]): string | null => {
  const { host = '', origin } = headers
  const name = hostOf(host)
  if (name === null || !isSafe(name, names)) {
    return 'This server is not known by that name. Open it by its address, or start it with -allowed-host.\n'
  }
  const site = headers['sec-fetch-site']
  const isForeign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
  // A link from elsewhere to the page is a navigation, which carries no origin.
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)) {
    return 'Only the page of this server may ask it.\n'
  }
  return null
}
