import type { LokiAccessFlags } from '../loki/loki-access.ts'

/** Which Loki the page draws, and where the page is. */
export type UiFlags = LokiAccessFlags & {
  /** '' = all addresses. */
  readonly listenAddress: string
  /** 0: a free one. */
  readonly listenPort: number
  /** Lower case. */
  readonly allowedHosts: readonly string[]
}

export const UI_PORT = 8090

const httpUrl = (text: string): URL | null => {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

/** A port from its text; null: it is none. */
export const parsePort = (text: string): number | null =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null

/** What the flags of `ui` mean; a text says which one is wrong, and what was expected. */
export const parseUiFlags = (flags: ReadonlyMap<string, string>): UiFlags | string => {
  const flag = (name: string): string => flags.get(name) ?? ''
  const url = httpUrl(flag('loki'))
  if (url === null) return 'set -loki to the URL of Loki, such as http://loki:3100'
  if (flag('bearer-token-file') !== '' && flag('user') !== '') return 'expected one of -user and -bearer-token-file'
  if (flag('password-file') !== '' && flag('user') === '') return 'expected -user with -password-file'
  const listenPort = parsePort(flags.get('listen-port') ?? String(UI_PORT))
  if (listenPort === null) return `expected a port for -listen-port, got ${JSON.stringify(flag('listen-port'))}`
  return {
    url,
    tenant: flag('tenant'),
    user: flag('user'),
    passwordFile: flag('password-file'),
    bearerTokenFile: flag('bearer-token-file'),
    listenAddress: flags.get('listen-address') ?? '127.0.0.1',
    listenPort,
    allowedHosts: flag('allowed-host')
      .toLowerCase()
      .split(',')
      .filter((name) => name !== ''),
  }
}
