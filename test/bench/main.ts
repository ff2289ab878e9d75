import { cpus, totalmem } from 'node:os'
import { measureFirstStart, measureIdle, measureLatency, measureThroughput } from './scenarios.ts'
import { measureStages } from './stages.ts'

// Prints figures and asserts none. `npm run bench -- --quick` measures shorter.

const quick = process.argv.includes('--quick')
const frames = quick ? 50_000 : 300_000
const stored = quick ? 20_000 : 200_000
const seconds = quick ? 5 : 20

type Row = readonly [what: string, measured: string | number, target: string]

const print = (title: string, rows: readonly Row[]): void => {
  console.log(`\n${title}`)
  for (const [what, measured, target] of rows) {
    console.log(`  ${what.padEnd(46)} ${String(measured).padStart(12)}   ${target}`)
  }
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
}
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}`)

const stages = measureStages()
print('Stages, one core (events/s)', [
  ['decode: JSON line to event', stages.decode, ''],
  ['convert: event to entry', stages.convert, ''],
  ['encode: entries to protobuf', stages.encode, ''],
  ['compress: snappy', stages.compress, ''],
  ['all after each other', stages.all, 'at least 100,000'],
])

const unpaced = await measureThroughput(false, frames)
const paced = await measureThroughput(true, quick ? 20_000 : 100_000)
print('End to end, the recording at full speed', [
  ['events/s, pacing off', unpaced.eventsPerSecond, 'at least 25,000'],
  ['RSS at most, MB', unpaced.rssPeakMb, 'below 160'],
  ['CPU ms per 1,000 events', unpaced.cpuMsPer1000Events, ''],
  ['events/s, paced below Loki’s default limits', paced.eventsPerSecond, ''],
  ['RSS at most, paced, MB', paced.rssPeakMb, ''],
])

const latency = await measureLatency(100, seconds)
print('100 events/s, created to push answered', [
  ['p50 ms', latency.p50Ms, 'below 50'],
  ['p99 ms', latency.p99Ms, 'below 150'],
  ['most ms', latency.maxMs, ''],
  ['pushes/s', latency.pushesPerSecond, 'at most 20'],
])

const firstStart = await measureFirstStart(stored)
print(`First start with ${stored} stored events`, [
  ['all delivered once', String(firstStart.deliveredOnce), 'true'],
  ['seconds', firstStart.seconds, ''],
  ['RSS at most, MB', firstStart.rssPeakMb, 'below 180'],
])

const idle = await measureIdle(seconds)
print('Idle', [
  ['start to watching, ms', idle.startToWatchingMs, 'below 500'],
  ['RSS, MB', idle.rssMb, 'below 100'],
  ['CPU, %', idle.cpuPercent, 'below 0.5'],
])

console.log(`\n${JSON.stringify({ machine, stages, unpaced, paced, latency, firstStart, idle })}`)
