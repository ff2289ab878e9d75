import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { histogramQuantile, plot, slope } from './plot.ts'
import type { Probed } from './soak-probe.ts'
import type { SoakOrder, SoakReport } from './soak-world.ts'

// An agent under a steady load for as long as you like: what it keeps after garbage collection must not grow.
// Exit code 1 when something is missing in Loki at the end; memory is for you to judge.

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '1000' } },
})
const [minutes, rate] = [Number(flags.minutes), Number(flags.rate)]
if (!(minutes > 0 && rate > 0)) {
  console.error('usage: npm run soak -- --minutes=60 [--rate=1000]')
  process.exit(2)
}

const MIB = 1024 * 1024
const COLUMNS = 60
/** Caches and compiled code settle in the beginning; the slope is measured behind it. */
const WARM_UP = 0.2
const SAMPLES = Math.max(40, Math.min(360, Math.round(minutes * 12)))
const here = (name: string): string => join(import.meta.dirname, name)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Sample = Probed & {
  readonly atMs: number
  readonly rssBytes: number
  readonly fds: number
  readonly lagP50Ms: number
  readonly lagP99Ms: number
}

type World = { readonly child: ChildProcess; readonly apiUrl: string; readonly lokiUrl: string }

const startWorld = async (): Promise<World> => {
  const child = fork(here('soak-world.js'), { stdio: 'inherit' })
  const [listening] = (await once(child, 'message')) as [{ readonly apiUrl: string; readonly lokiUrl: string }]
  return { child, ...listening }
}

const tell = (world: World, order: SoakOrder): void => {
  world.child.send(order)
}

const report = async (world: World): Promise<SoakReport> => {
  tell(world, { kind: 'report' })
  const [answer] = (await once(world.child, 'message')) as [SoakReport]
  return answer
}

const writeFiles = (folder: string, { apiUrl, lokiUrl }: World): void => {
  writeFileSync(
    join(folder, 'eventail.yaml'),
    `server: {http_listen_port: 0, http_listen_address: 127.0.0.1}
clients: [{name: loki, url: "${lokiUrl}/loki/api/v1/push", external_labels: {cluster: soak}, backoff_config: {min_period: 100ms, max_period: 1s}}]
positions: {filename: positions.yaml}
heartbeat: 0
scrape_configs: [{job_name: soak, kubernetes_events: {kubeconfig: kubeconfig.yaml}}]
`,
  )
  writeFileSync(
    join(folder, 'kubeconfig.yaml'),
    `{clusters: [{name: c, cluster: {server: "${apiUrl}"}}], users: [{name: u, user: {token: soak}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
}

type Agent = { readonly child: ChildProcess; readonly pid: number; readonly metricsUrl: string }

/** Warnings of the agent are counted, not shown: trouble is part of the world. */
const warnings = new Map<string, number>()

const startAgent = async (folder: string): Promise<Agent> => {
  const child = fork(here('eventail.js'), ['run', '-config.file=eventail.yaml'], {
    cwd: folder,
    execArgv: ['--expose-gc', '--import', here('soak-probe.js')],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const { stderr } = child
  if (stderr === null) throw new Error('no stderr')
  const lines = createInterface(stderr)
  const port = await new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      const listening = /msg=listening .* port=(\d+)/.exec(line)?.[1]
      if (listening !== undefined) resolve(listening)
      const [, level, message = ''] = /level=(warn|error) msg=("[^"]*"|\S+)/.exec(line) ?? []
      if (level !== undefined) warnings.set(`${level} ${message}`, (warnings.get(`${level} ${message}`) ?? 0) + 1)
    })
  })
  return { child, pid: child.pid ?? 0, metricsUrl: `http://127.0.0.1:${port}/metrics` }
}

const bucketsOf = (text: string): ReadonlyMap<number, number> =>
  new Map(
    [...text.matchAll(/^eventail_delivery_lag_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)$/gm)].map(
      ([, bound = '', count = '']) => [bound === '+Inf' ? Infinity : Number(bound), Number(count)] as const,
    ),
  )

const createSampler = (agent: Agent): (() => Promise<Sample>) => {
  let before: ReadonlyMap<number, number> = new Map()
  const startedMs = performance.now()
  return async () => {
    const after = bucketsOf(await (await fetch(agent.metricsUrl)).text())
    const lag = (quantile: number): number => histogramQuantile(quantile, before, after) * 1000
    const [lagP50Ms, lagP99Ms] = [lag(0.5), lag(0.99)]
    before = after
    agent.child.send('probe')
    const [probed] = (await once(agent.child, 'message')) as [Probed]
    const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8')
    const rssBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? '0') * 1024
    const fds = readdirSync(`/proc/${agent.pid}/fd`).length
    return { ...probed, atMs: performance.now() - startedMs, rssBytes, fds, lagP50Ms, lagP99Ms }
  }
}

const row = (title: string, values: readonly number[], digits: number): string => {
  const text = (value: number | undefined): string => (value ?? NaN).toFixed(digits).padStart(7)
  const ends = [values[0], values.at(-1), Math.min(...values), Math.max(...values)].map(text).join(' ')
  return `${title.padEnd(20)} ${ends}  ${plot(values, COLUMNS)}`
}

const print = (samples: readonly Sample[]): void => {
  console.log(`${''.padEnd(20)} ${['first', 'last', 'min', 'max'].map((name) => name.padStart(7)).join(' ')}`)
  const of = (read: (sample: Sample) => number): readonly number[] => samples.map(read)
  console.log(
    row(
      'heap after GC, MB',
      of((s) => s.heapBytes / MIB),
      2,
    ),
  )
  console.log(
    row(
      'external, MB',
      of((s) => s.externalBytes / MIB),
      2,
    ),
  )
  console.log(
    row(
      'RSS, MB',
      of((s) => s.rssBytes / MIB),
      1,
    ),
  )
  console.log(
    row(
      'handles',
      of((s) => s.handles),
      0,
    ),
  )
  console.log(
    row(
      'file descriptors',
      of((s) => s.fds),
      0,
    ),
  )
  console.log(
    row(
      'delivery p50, ms',
      of((s) => s.lagP50Ms),
      0,
    ),
  )
  console.log(
    row(
      'delivery p99, ms',
      of((s) => s.lagP99Ms),
      0,
    ),
  )
  const behind = samples.slice(Math.floor(samples.length * WARM_UP))
  const perHour = (read: (sample: Sample) => number): string =>
    slope(behind.map((s) => [s.atMs / 3_600_000, read(s) / MIB] as const)).toFixed(2)
  console.log(
    `\nslope behind the first ${WARM_UP * 100} %: heap after GC ${perHour((s) => s.heapBytes)} MB/h, RSS ${perHour((s) => s.rssBytes)} MB/h`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'eventail-soak-'))
const world = await startWorld()
writeFiles(folder, world)
const agent = await startAgent(folder)
console.log(
  `${rate} events/s for ${minutes} min; ${cpus()[0]?.model.trim() ?? ''}, ${cpus().length} cores, Node ${process.version}`,
)
tell(world, { kind: 'write', perSecond: rate })
const sample = createSampler(agent)
const samples: Sample[] = []
const begunMs = performance.now()
await sample()
for (let n = 1; n <= SAMPLES; n += 1) {
  await pause(begunMs + (n * minutes * 60_000) / SAMPLES - performance.now())
  samples.push(await sample())
  if (process.stderr.isTTY) process.stderr.write(`\r${Math.round((n * 100) / SAMPLES)} %`)
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
tell(world, { kind: 'cease' })
let end = await report(world)
for (let waitedMs = 0; (end.unread > 0 || end.stored < end.handedOut) && waitedMs < 60_000; waitedMs += 200) {
  await pause(200)
  end = await report(world)
}
agent.child.kill('SIGTERM')
await once(agent.child, 'exit')
end = await report(world)
world.child.disconnect()
rmSync(folder, { recursive: true })

print(samples)
console.log(`revisions written ${end.written}, given to the agent ${end.handedOut}, in Loki ${end.stored}`)
if (end.written > end.handedOut) {
  console.log(`${end.written - end.handedOut} were superseded or compacted before they could be read`)
}
for (const [line, times] of warnings) console.log(`${String(times).padStart(5)} × ${line}`)
process.exitCode = end.stored === end.handedOut && end.unread === 0 ? 0 : 1
