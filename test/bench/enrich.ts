import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { request } from 'undici'
import type { EnrichOrder, EnrichReport } from './enrich-world.ts'
import { type MeasuredAgent, startAgent } from './processes.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024)

type World = { readonly port: number; readonly child: ChildProcess; report(): Promise<EnrichReport> }

const startWorld = async (objects: 'there' | 'absent'): Promise<World> => {
  const child = fork(new URL('./bench-enrich-world.js', import.meta.url), [objects], { stdio: 'inherit' })
  const [listening] = (await once(child, 'message')) as [{ readonly port: number }]
  const report = async (): Promise<EnrichReport> => {
    child.send({ kind: 'report' } satisfies EnrichOrder)
    const [answer] = (await once(child, 'message')) as [EnrichReport]
    return answer
  }
  return { port: listening.port, child, report }
}

const until = async (
  world: World,
  satisfied: (report: EnrichReport) => boolean,
  timeoutMs: number,
): Promise<EnrichReport> => {
  const end = Date.now() + timeoutMs
  for (;;) {
    const report = await world.report()
    if (satisfied(report)) return report
    if (Date.now() > end) throw new Error(`not reached in ${timeoutMs} ms: ${JSON.stringify(report)}`)
    await pause(20)
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

type Run = { readonly world: World; readonly agent: MeasuredAgent; metric(series: string): Promise<number> }

const start = async (objects: 'there' | 'absent', enrich: string, paced: boolean): Promise<Run> => {
  const world = await startWorld(objects)
  const httpPort = await freePort()
  const agent = startAgent({ port: world.port, paced, start: 'new', httpPort, source: enrich })
  await until(world, ({ watching }) => watching, 10_000)
  await pause(300)
  const metric = async (series: string): Promise<number> => {
    const { body } = await request(`http://127.0.0.1:${httpPort}/metrics`)
    const line = (await body.text()).split('\n').find((one) => one.startsWith(`${series} `))
    return Number(line?.slice(series.length + 1) ?? 'NaN')
  }
  return { world, agent, metric }
}

const stop = async ({ world, agent }: Run): Promise<void> => {
  await agent.stop()
  world.child.disconnect()
  await once(world.child, 'exit')
}

/** Far shorter than the default of ten minutes: everything is looked up again within the measurement, a short one too. */
const cacheTtlSeconds = (seconds: number): number => Math.min(20, Math.floor(seconds / 2))
const enrichFor = (ttlSeconds: number): string =>
  `enrich: {owners: true, labels: [app.kubernetes.io/name, team], cache_ttl: ${ttlSeconds}s}`
const WAIT = 'eventail_enrich_wait_seconds'

export type EnrichedPace = {
  readonly events: number
  readonly waited: number
  readonly ownedPercent: number
  readonly ownedSteadyPercent: number
  readonly laterThanLimit: number
  readonly laterThanTwice: number
  readonly requestsWarm: number
  readonly requestsPerSecond: number
  readonly rssPeakMb: number
  readonly rssPeakWithoutMb: number
  readonly cpuMsPer1000Events: number
  readonly cpuMsPer1000EventsWithout: number
}

type PacedRun = {
  readonly run: Run
  readonly warm: EnrichReport
  readonly end: EnrichReport
  readonly steadySeconds: number
  readonly cpu: number
  readonly rssPeakMb: number
}

const pacedRun = async (enrich: string, perSecond: number, seconds: number): Promise<PacedRun> => {
  const run = await start('there', enrich, true)
  const cpuBefore = run.agent.cpuSeconds()
  run.world.child.send({ kind: 'pace', perSecond, seconds } satisfies EnrichOrder)
  await pause((seconds * 1000) / 3)
  const warm = await run.world.report()
  const warmMs = performance.now()
  const end = await until(run.world, ({ distinct }) => distinct >= perSecond * seconds, seconds * 1000 + 60_000)
  const steadySeconds = (performance.now() - warmMs) / 1000
  const cpu = ((run.agent.cpuSeconds() - cpuBefore) * 1000) / ((perSecond * seconds) / 1000)
  return { run, warm, end, steadySeconds, cpu: Number(cpu.toFixed(2)), rssPeakMb: megabytes(run.agent.rss().peakBytes) }
}

/** 5,000 events a second about 20,000 pods, with enrichment and without. The first third is for warming up. */
export const measureEnrichedPace = async (perSecond: number, seconds: number): Promise<EnrichedPace> => {
  const without = await pacedRun('', perSecond, seconds)
  await stop(without.run)
  const { run, warm, end, steadySeconds, cpu, rssPeakMb } = await pacedRun(
    enrichFor(cacheTtlSeconds(seconds)),
    perSecond,
    seconds,
  )
  const waited = await run.metric(`${WAIT}_count{job="bench"}`)
  const within = await run.metric(`${WAIT}_bucket{le="0.25",job="bench"}`)
  const withinTwice = await run.metric(`${WAIT}_bucket{le="0.5",job="bench"}`)
  await stop(run)
  return {
    events: end.distinct,
    waited,
    ownedPercent: Number(((end.owned / end.distinct) * 100).toFixed(2)),
    ownedSteadyPercent: Number((((end.owned - warm.owned) / (end.distinct - warm.distinct)) * 100).toFixed(2)),
    laterThanLimit: waited - within,
    laterThanTwice: waited - withinTwice,
    requestsWarm: warm.requests,
    requestsPerSecond: Number(((end.requests - warm.requests) / steadySeconds).toFixed(1)),
    rssPeakMb,
    rssPeakWithoutMb: without.rssPeakMb,
    cpuMsPer1000Events: cpu,
    cpuMsPer1000EventsWithout: without.cpu,
  }
}

export type AbsentFlood = {
  readonly eventsPerSecond: number
  readonly eventsPerSecondWithout: number
  readonly cpuMsPer1000Events: number
  readonly cpuMsPer1000EventsWithout: number
  readonly requests: number
}

type Flood = { readonly end: EnrichReport; readonly perSecond: number; readonly cpu: number }

const floodRun = async (enrich: string, frames: number): Promise<Flood> => {
  const run = await start('absent', enrich, false)
  const cpuBefore = run.agent.cpuSeconds()
  run.world.child.send({ kind: 'flood', frames } satisfies EnrichOrder)
  const end = await until(run.world, ({ distinct }) => distinct >= frames, 120_000)
  const cpu = ((run.agent.cpuSeconds() - cpuBefore) * 1000) / (frames / 1000)
  await stop(run)
  return { end, perSecond: Math.round(frames / ((end.lastMs - end.firstMs) / 1000)), cpu: Number(cpu.toFixed(2)) }
}

/** As fast as can be, with every lookup a 404 and every list empty, and without any lookup. */
export const measureAbsentFlood = async (frames: number): Promise<AbsentFlood> => {
  const without = await floodRun('', frames)
  const absent = await floodRun(enrichFor(20), frames)
  return {
    eventsPerSecond: absent.perSecond,
    eventsPerSecondWithout: without.perSecond,
    cpuMsPer1000Events: absent.cpu,
    cpuMsPer1000EventsWithout: without.cpu,
    requests: absent.end.requests,
  }
}
