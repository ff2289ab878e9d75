import type { Clock } from '../clock.ts'
import { readLokiAccess } from '../loki/loki-access.ts'
import { startUiServer, type UiServer } from '../ui/ui-server.ts'
import { userAgent, version } from '../version.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'
import type { UiFlags } from './ui-flags.ts'

export type UiSurroundings = { readonly clock: Clock; readonly output: Output; readonly stop: AbortSignal }

/** An address as a URL names it; one that means all is shown as this machine's own. */
const hostOf = (address: string): string => {
  if (['', '0.0.0.0', '::'].includes(address)) return 'localhost'
  return address.includes(':') ? `[${address}]` : address
}

const untilStopped = (stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (stop.aborted) resolve()
    stop.addEventListener('abort', () => {
      resolve()
    })
  })

/** `ui`: the page that draws the dashboards out of a Loki, until it is stopped. 1: the page cannot be served. */
export const ui = async (flags: UiFlags, { clock, output, stop }: UiSurroundings): Promise<ExitCode> => {
  const read = readLokiAccess(flags, userAgent)
  if ('why' in read) {
    output.err(`${printable(read.why)}\n`)
    return 2
  }
  const { listenAddress: address, listenPort: port, allowedHosts } = flags
  let server: UiServer
  try {
    server = await startUiServer({
      access: read.access,
      clock,
      address,
      port,
      allowedHosts,
      version,
      from: '',
      refresh: '',
    })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    output.err(`${printable(error.message)}\n`)
    return 1
  }
  output.out(
    `Open http://${hostOf(address)}:${server.port}\nIt shows ${printable(`${flags.url.origin}${flags.url.pathname}`)}. Ctrl-C ends it.\n`,
  )
  await untilStopped(stop)
  await server.close()
  return 0
}
