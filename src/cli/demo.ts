import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { formatConfigErrors } from '../config/config-error.ts'
import type { Config } from '../config/config.ts'
import { parseConfig } from '../config/parse-config.ts'
import type { Overlay } from '../config/place.ts'
import { printConfig } from '../config/print-config.ts'
import { type DemoAgent, type DemoOptions, type DemoPage, runDemo } from '../demo/demo.ts'
import { createLog } from '../log.ts'
import { createHttpServer } from '../server/http-server.ts'
import { Service } from '../service.ts'
import { startUiServer, type UiServer } from '../ui/ui-server.ts'
import { userAgent, version } from '../version.ts'
import type { DemoFlags } from './demo-flags.ts'
import type { ExitCode, Output } from './output.ts'
import { UI_PORT } from './ui-flags.ts'

export type DemoSurroundings = {
  readonly clock: Clock
  readonly output: Output
  /** Of the terminal on stdout. */
  readonly screen: { readonly isTTY: boolean; readonly columns: number }
  /** SIGTERM, SIGINT. */
  readonly stop: AbortSignal
}

/** The demo's agent is the real one with a configuration file like any other; flags may change it. */
const configText = (lokiUrl: string, folder: string): string => `
server: {http_listen_address: 127.0.0.1, http_listen_port: 0, log_level: warn}
heartbeat: 15s
clients:
  - url: ${lokiUrl}/loki/api/v1/push
    external_labels: {cluster: demo}
positions: {filename: ${JSON.stringify(join(folder, 'positions.yaml'))}}
scrape_configs:
  - job_name: kubernetes-events
    kubernetes_events: {kubeconfig: ${JSON.stringify(join(folder, 'kubeconfig.yaml'))}}
`

const kubeconfigText = (apiServerUrl: string, token: string): string => `
apiVersion: v1
kind: Config
clusters: [{name: demo, cluster: {server: "${apiServerUrl}"}}]
users: [{name: demo, user: {token: "${token}"}}]
contexts: [{name: demo, context: {cluster: demo, user: demo}}]
current-context: demo
`

const configOf = (text: string, overlay: Overlay): Config => {
  const parsed = parseConfig(text, 'demo', overlay)
  if (parsed.kind === 'invalid') throw new Error(formatConfigErrors(parsed.errors))
  return parsed.config
}

/** Starts the agent and its HTTP pages. Rejects with a message for the user. */
const startAgent = async (config: Config, { clock, output }: DemoSurroundings): Promise<DemoAgent> => {
  const { logLevel: level, logFormat: format } = config.server
  const log = createLog({ level, format, clock, write: output.err })
  const service = new Service({
    clock,
    log,
    random: Math.random,
    savesPositions: true,
    onFatal: (why) => {
      log.error('the agent cannot go on', { why })
    },
  })
  const { server: options } = config
  const server = createHttpServer({ options, log, metrics: () => service.metrics(), status: () => service.status() })
  const listening = options.disable ? null : await server.listen()
  if (listening?.kind === 'failed') throw new Error(listening.why)
  const why = await service.start(config, printConfig(config))
  if (why !== null) throw new Error(why)
  if (listening !== null)
    output.out(`  Agent       http://127.0.0.1:${listening.port}  /metrics /ready /targets /config\n\n`)
  return {
    stop: async () => {
      await service.stop()
      if (listening !== null) await server.close()
    },
    accounting: () => {
      const [account] = service.agent?.accounting() ?? []
      if (account === undefined) throw new Error('the demo has a client')
      return account
    },
  }
}

/** What the demo has to show happened lately. */
const PAGE = { address: '127.0.0.1', allowedHosts: [], version, from: 'now-30m', refresh: '10s' }

const startPage = async (lokiUrl: string, port: number | null, clock: Clock): Promise<DemoPage> => {
  const access = { url: new URL(lokiUrl), tenant: '', authorization: '', secrets: [], userAgent }
  const startOn = (onPort: number): Promise<UiServer> => startUiServer({ ...PAGE, access, clock, port: onPort })
  let server: UiServer
  try {
    server = await startOn(port ?? UI_PORT)
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken || port !== null) throw error
    server = await startOn(0)
  }
  return { url: `http://127.0.0.1:${server.port}`, close: server.close }
}

/** `demo`: everything embedded, from a recording. 0 only if every event is accounted for and none was lost. */
export const demo = async (
  flags: DemoFlags & { readonly overlay: Overlay },
  surroundings: DemoSurroundings,
): Promise<ExitCode> => {
  const { clock, output, screen, stop } = surroundings
  const folder = mkdtempSync(join(tmpdir(), 'eventail-demo-'))
  const start: DemoOptions['startAgent'] = ({ apiServerUrl, token, lokiUrl }) => {
    writeFileSync(join(folder, 'kubeconfig.yaml'), kubeconfigText(apiServerUrl, token), { mode: 0o600 })
    return startAgent(configOf(configText(lokiUrl, folder), flags.overlay), surroundings)
  }
  try {
    const { durationMs, speed, lokiPort, uiPort } = flags
    const out = { write: output.out, ...screen }
    const show = (lokiUrl: string): Promise<DemoPage> => startPage(lokiUrl, uiPort, clock)
    const options = { durationMs, speed, lokiPort, clock, signal: stop, out }
    return await runDemo({ ...options, startAgent: start, startPage: show })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
