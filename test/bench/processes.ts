import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Order, Report } from './world.ts'

/** The other side: an API server and a receiver in a process of their own. */
export type World = {
  readonly port: number
  tell(order: Order): void
  report(): Promise<Report>
  /** Asks every 20 ms until the report satisfies, at most `timeoutMs`. */
  until(satisfied: (report: Report) => boolean, timeoutMs: number): Promise<Report>
  stop(): Promise<void>
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const startWorld = async (stored: number): Promise<World> => {
  const child = fork(new URL('./bench-world.js', import.meta.url), [String(stored)], { stdio: 'inherit' })
  const [listening] = (await once(child, 'message')) as [{ readonly port: number }]
  const report = async (): Promise<Report> => {
    child.send({ kind: 'report' } satisfies Order)
    const [answer] = (await once(child, 'message')) as [Report]
    return answer
  }
  return {
    port: listening.port,
    tell: (order) => {
      child.send(order)
    },
    report,
    until: async (satisfied, timeoutMs) => {
      const end = Date.now() + timeoutMs
      for (;;) {
        const seen = await report()
        if (satisfied(seen)) return seen
        if (Date.now() > end)
          throw new Error(`not reached in ${timeoutMs} ms: ${JSON.stringify({ ...seen, latenciesMs: [] })}`)
        await pause(20)
      }
    },
    stop: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/** The agent as users run it, measured from outside by what the kernel knows of it. */
export type MeasuredAgent = {
  readonly startedAtMs: number
  /** Resident memory now and at most so far, bytes. */
  rss(): { readonly nowBytes: number; readonly peakBytes: number }
  /** CPU seconds used so far, user and system. */
  cpuSeconds(): number
  stop(): Promise<void>
}

const kilobytes = (status: string, name: string): number =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? '0') * 1024

const TICKS_PER_SECOND = 100

export type AgentSettings = {
  readonly port: number
  readonly paced: boolean
  readonly start: 'all' | 'new'
  /** With a write-ahead log, synced to the disk of the folder for temporary files. */
  readonly wal?: boolean
  /** Of its pages; absent: any. */
  readonly httpPort?: number
  /** Further keys of `kubernetes_events`. */
  readonly source?: string
}

const configText = ({ port, paced, start, wal = false, httpPort = 0, source = '' }: AgentSettings): string => `
server: {http_listen_port: ${httpPort}, http_listen_address: 127.0.0.1, log_level: error}
clients:
  - url: http://127.0.0.1:${port}/loki/api/v1/push
    external_labels: {cluster: bench}
${paced ? '' : '    stream_rate: {bytes_per_second: 0}\n    tenant_rate: {bytes_per_second: 0}\n'}
positions: {filename: positions.yaml}
heartbeat: 0
${wal ? 'wal: {enabled: true, dir: wal}' : ''}
scrape_configs:
  - job_name: bench
    kubernetes_events: {kubeconfig: kubeconfig.yaml, start: ${start}${source === '' ? '' : `, ${source}`}}
`

const kubeconfigText = (port: number): string => `
apiVersion: v1
kind: Config
clusters: [{name: bench, cluster: {server: "http://127.0.0.1:${port}"}}]
users: [{name: bench, user: {token: bench}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
current-context: bench
`

/** Starts `dist/eventail.js run` in a folder of its own. */
export const startAgent = (settings: AgentSettings): MeasuredAgent => {
  const folder = mkdtempSync(join(tmpdir(), 'eventail-bench-'))
  writeFileSync(join(folder, 'eventail.yaml'), configText(settings))
  writeFileSync(join(folder, 'kubeconfig.yaml'), kubeconfigText(settings.port))
  const entry = new URL('./eventail.js', import.meta.url).pathname
  const startedAtMs = Date.now()
  const child: ChildProcess = spawn(process.execPath, [entry, 'run', '-config.file=eventail.yaml'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const proc = (file: string): string => readFileSync(`/proc/${child.pid ?? 0}/${file}`, 'utf8')
  return {
    startedAtMs,
    rss: () => {
      const status = proc('status')
      return { nowBytes: kilobytes(status, 'VmRSS'), peakBytes: kilobytes(status, 'VmHWM') }
    },
    cpuSeconds: () => {
      const fields = proc('stat').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    stop: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}
