import { startAgent, startWorld } from './processes.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const percentile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? NaN
}

const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024)

export type Throughput = {
  readonly eventsPerSecond: number
  readonly cpuMsPer1000Events: number
  readonly rssPeakMb: number
  readonly pushes: number
}

type Flood = {
  readonly paced: boolean
  readonly frames: number
  readonly wal?: boolean
  /** Frames before those that are measured, so that all code is compiled. */
  readonly warmUp?: number
}

/** The recording, repeated, as fast as it is read; the agent on one core, the other side on the other. */
export const measureThroughput = async ({ paced, frames, wal = false, warmUp = 0 }: Flood): Promise<Throughput> => {
  const world = await startWorld(0)
  const agent = startAgent({ port: world.port, paced, start: 'new', wal })
  await world.until((report) => report.watchOpenedAtMs > 0, 10_000)
  await pause(300)
  if (warmUp > 0) {
    world.tell({ kind: 'flood', frames: warmUp })
    await world.until((report) => report.distinct === warmUp, 120_000)
  }
  const cpuBefore = agent.cpuSeconds()
  world.tell({ kind: 'flood', frames })
  const end = await world.until((report) => report.distinct === warmUp + frames, 120_000)
  const cpu = agent.cpuSeconds() - cpuBefore
  const rssPeakMb = megabytes(agent.rss().peakBytes)
  await agent.stop()
  await world.stop()
  return {
    eventsPerSecond: Math.round(frames / ((end.lastMs - end.firstMs) / 1000)),
    cpuMsPer1000Events: Number(((cpu * 1000) / (frames / 1000)).toFixed(2)),
    rssPeakMb,
    pushes: end.pushes,
  }
}

export type WalCost = {
  readonly off: Throughput
  readonly on: Throughput
  /** Of the throughput without it. */
  readonly costPercent: number
}

const median = (runs: readonly Throughput[]): Throughput => {
  const middle = [...runs].sort((a, b) => a.eventsPerSecond - b.eventsPerSecond)[Math.floor(runs.length / 2)]
  if (middle === undefined) throw new Error('no run')
  return middle
}

/** The same flood with and without the write-ahead log in turn, pacing off; the median of each. */
export const measureWalCost = async (frames: number, rounds: number): Promise<WalCost> => {
  const runs = { off: [] as Throughput[], on: [] as Throughput[] }
  for (let round = 0; round < rounds; round += 1) {
    for (const how of ['off', 'on'] as const) {
      runs[how].push(await measureThroughput({ paced: false, frames, wal: how === 'on', warmUp: frames / 2 }))
    }
  }
  const [off, on] = [median(runs.off), median(runs.on)]
  return { off, on, costPercent: Number(((1 - on.eventsPerSecond / off.eventsPerSecond) * 100).toFixed(1)) }
}

export type Latency = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly pushesPerSecond: number
}

/** 100 live events a second; from the event's creation to Loki's answer. */
export const measureLatency = async (perSecond: number, seconds: number): Promise<Latency> => {
  const world = await startWorld(0)
  const agent = startAgent({ port: world.port, paced: true, start: 'new' })
  await world.until((report) => report.watchOpenedAtMs > 0, 10_000)
  await pause(500)
  world.tell({ kind: 'steady', perSecond, seconds })
  const events = perSecond * seconds
  const { latenciesMs, firstMs, lastMs, pushes } = await world.until((r) => r.latenciesMs.length >= events, 60_000)
  await agent.stop()
  await world.stop()
  return {
    p50Ms: Number(percentile(latenciesMs, 0.5).toFixed(1)),
    p99Ms: Number(percentile(latenciesMs, 0.99).toFixed(1)),
    maxMs: Number(Math.max(...latenciesMs).toFixed(1)),
    pushesPerSecond: Number((pushes / ((lastMs - firstMs) / 1000)).toFixed(1)),
  }
}

export type FirstStart = {
  readonly stored: number
  readonly deliveredOnce: boolean
  readonly seconds: number
  readonly rssPeakMb: number
}

/** A full store and no checkpoint: everything is back-filled. */
export const measureFirstStart = async (stored: number): Promise<FirstStart> => {
  const world = await startWorld(stored)
  const agent = startAgent({ port: world.port, paced: true, start: 'all' })
  const end = await world.until((report) => report.distinct === stored, 180_000)
  await pause(500)
  const final = await world.report()
  const rssPeakMb = megabytes(agent.rss().peakBytes)
  await agent.stop()
  await world.stop()
  return {
    stored,
    deliveredOnce: final.entries === stored && final.distinct === stored,
    seconds: Number(((end.lastMs - agent.startedAtMs) / 1000).toFixed(1)),
    rssPeakMb,
  }
}

export type Idle = { readonly startToWatchingMs: number; readonly rssMb: number; readonly cpuPercent: number }

/** Nothing happens. */
export const measureIdle = async (seconds: number): Promise<Idle> => {
  const world = await startWorld(0)
  const agent = startAgent({ port: world.port, paced: true, start: 'new' })
  const { watchOpenedAtMs } = await world.until((report) => report.watchOpenedAtMs > 0, 10_000)
  await pause(3000)
  const cpuBefore = agent.cpuSeconds()
  await pause(seconds * 1000)
  const cpuPercent = Number((((agent.cpuSeconds() - cpuBefore) / seconds) * 100).toFixed(2))
  const rssMb = megabytes(agent.rss().nowBytes)
  await agent.stop()
  await world.stop()
  return { startToWatchingMs: watchOpenedAtMs - agent.startedAtMs, rssMb, cpuPercent }
}
