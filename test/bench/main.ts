import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { measureAbsentFlood, measureEnrichedPace } from './enrich.ts'
import { measureHandOver, measurePause, measureRestart } from './hand-over.ts'
import { measureFirstStart, measureIdle, measureLatency, measureThroughput, measureWalCost } from './scenarios.ts'
import { measureQuery } from './logql.ts'
import { measurePipeline } from './pipeline.ts'
import { measureStages } from './stages.ts'

// Prints figures and asserts none. `npm run bench -- --quick` measures shorter; `--only=latency,idle` only those.

type Row = readonly [what: string, measured: string | number, target: string]
type Scenario = () => Promise<{ readonly title: string; readonly rows: readonly Row[]; readonly measured: unknown }>

const { values: asked } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const { quick } = asked
const seconds = quick ? 5 : 20

const stages: Scenario = () => {
  const measured = measureStages()
  return Promise.resolve({
    title: 'Stages, one core (events/s)',
    rows: [
      ['decode: JSON line to event', measured.decode, ''],
      ['convert: event to entry', measured.convert, ''],
      ['encode: entries to protobuf', measured.encode, ''],
      ['compress: snappy', measured.compress, ''],
      ['all after each other', measured.all, 'at least 100,000'],
    ],
    measured,
  })
}

const pipeline: Scenario = () => {
  const entriesPerSecond = measurePipeline(quick ? 50_000 : 200_000)
  return Promise.resolve({
    title: 'A pipeline of six stages, one core',
    rows: [
      ['entries/s: json, match, template, labels, structured_metadata, drop', entriesPerSecond, 'at least 40,000'],
    ],
    measured: { entriesPerSecond },
  })
}

const throughput: Scenario = async () => {
  const unpaced = await measureThroughput({ paced: false, frames: quick ? 50_000 : 300_000 })
  const paced = await measureThroughput({ paced: true, frames: quick ? 20_000 : 100_000 })
  return {
    title: 'End to end, the recording at full speed',
    rows: [
      ['events/s, pacing off', unpaced.eventsPerSecond, 'at least 25,000'],
      ['RSS at most, MB', unpaced.rssPeakMb, 'below 160'],
      ['CPU ms per 1,000 events', unpaced.cpuMsPer1000Events, ''],
      ['events/s, paced below Loki’s default limits', paced.eventsPerSecond, ''],
      ['RSS at most, paced, MB', paced.rssPeakMb, ''],
    ],
    measured: { unpaced, paced },
  }
}

const wal: Scenario = async () => {
  const measured = await measureWalCost(quick ? 50_000 : 300_000, quick ? 1 : 3)
  const { off, on, costPercent } = measured
  return {
    title: 'Write-ahead log, synced, beside none: the recording at full speed, pacing off',
    rows: [
      ['events/s without', off.eventsPerSecond, ''],
      ['events/s with', on.eventsPerSecond, ''],
      ['cost, %', costPercent, 'below 25'],
      ['CPU ms per 1,000 events without', off.cpuMsPer1000Events, ''],
      ['CPU ms per 1,000 events with', on.cpuMsPer1000Events, ''],
      ['RSS at most, MB', on.rssPeakMb, 'below 160'],
    ],
    measured,
  }
}

const latency: Scenario = async () => {
  const measured = await measureLatency(100, seconds)
  return {
    title: '100 events/s, created to push answered',
    rows: [
      ['p50 ms', measured.p50Ms, 'below 50'],
      ['p99 ms', measured.p99Ms, 'below 150'],
      ['most ms', measured.maxMs, ''],
      ['pushes/s', measured.pushesPerSecond, 'at most 20'],
    ],
    measured,
  }
}

const firstStart: Scenario = async () => {
  const stored = quick ? 20_000 : 200_000
  const measured = await measureFirstStart(stored)
  return {
    title: `First start with ${stored} stored events`,
    rows: [
      ['all delivered once', String(measured.deliveredOnce), 'true'],
      ['seconds', measured.seconds, ''],
      ['RSS at most, MB', measured.rssPeakMb, 'below 180'],
    ],
    measured,
  }
}

const idle: Scenario = async () => {
  const measured = await measureIdle(seconds)
  return {
    title: 'Idle',
    rows: [
      ['start to watching, ms', measured.startToWatchingMs, 'below 500'],
      ['RSS, MB', measured.rssMb, 'below 100'],
      ['CPU, %', measured.cpuPercent, 'below 0.5'],
    ],
    measured,
  }
}

const handOver: Scenario = async () => {
  const restartMs = await measureRestart()
  const sigtermMs = await measureHandOver('SIGTERM')
  const [sigkillMs, pause] = await Promise.all([measureHandOver('SIGKILL'), quick ? null : measurePause()])
  return {
    title: 'Crash and hand-over, until Loki has what was created meanwhile',
    rows: [
      ['kill -9 and a new start, ms', restartMs, 'below 2,000'],
      ['to a standby on SIGTERM, ms', sigtermMs, 'below 3,000'],
      ['to a standby on SIGKILL, ms', sigkillMs, 'below 26,000'],
      ...(pause === null
        ? []
        : ([
            ['pushes of a leader that slept for 40 s', pause.pushesAfter, '0'],
            ['lost, doubled', `${pause.lost}, ${pause.doubled}`, '0, 0'],
          ] satisfies Row[])),
    ],
    measured: { restartMs, sigtermMs, sigkillMs, pause },
  }
}

const logql: Scenario = () => {
  const measured = measureQuery(quick ? 100_000 : 1_000_000, 7)
  return Promise.resolve({
    title: `LogQL: an instant query of a rule over ${measured.entries} entries in memory`,
    rows: [
      ['median ms', measured.medianMs, 'below 300'],
      ['median CPU ms', measured.medianCpuMs, ''],
      ['most ms, of the first run', measured.maxMs, ''],
      ['series', measured.series, ''],
    ],
    measured,
  })
}

const ui: Scenario = async () => {
  // A browser is driven here alone.
  const { measurePage } = await import('./ui.ts')
  const entries = quick ? 20_000 : 100_000
  const measured = await measurePage(entries, quick ? 3 : 7)
  const title = `The page: Overview, ${measured?.panels ?? 0} panels over ${entries} entries`
  if (measured === null) return { title, rows: [['not measured', 'no Chromium', '']], measured }
  return {
    title,
    rows: [
      ['first paint of all panels, ms', measured.firstPaintMs, 'below 1,500'],
      ['CPU of Loki and the server for it, ms', measured.firstPaintCpuMs, ''],
      ['refresh of all panels, median ms', measured.refreshMs, 'below 300'],
      ['most ms', measured.mostRefreshMs, ''],
      ['CPU of Loki and the server for one, ms', measured.refreshCpuMs, ''],
    ],
    measured,
  }
}

const enrich: Scenario = async () => {
  const perSecond = 5000
  const paced = await measureEnrichedPace(perSecond, quick ? 15 : 60)
  const absent = await measureAbsentFlood(quick ? 100_000 : 300_000)
  return {
    title:
      'Enrichment: 5,000 events/s about 20,000 pods of 4,000 deployments; everything looked up again every 20 s (quick: 7 s)',
    rows: [
      ['events that waited at all, of ' + paced.events.toString(), paced.waited, ''],
      ['events that waited longer than 250 ms', paced.laterThanLimit, '0'],
      ['longer than 500 ms', paced.laterThanTwice, '0'],
      ['requests to the API server, warming up', paced.requestsWarm, ''],
      ['requests/s, steady', paced.requestsPerSecond, 'below 25'],
      ['entries with an owner, %', paced.ownedPercent, ''],
      ['entries with an owner, steady, %', paced.ownedSteadyPercent, ''],
      ['RSS at most, MB', paced.rssPeakMb, ''],
      ['above that without', paced.rssPeakMb - paced.rssPeakWithoutMb, 'at most 40'],
      ['CPU ms per 1,000 events', paced.cpuMsPer1000Events, ''],
      ['CPU ms per 1,000 events without', paced.cpuMsPer1000EventsWithout, ''],
      ['every lookup a 404: events/s', absent.eventsPerSecond, 'as without'],
      ['without enrichment: events/s', absent.eventsPerSecondWithout, ''],
      ['CPU ms per 1,000 events, every lookup a 404', absent.cpuMsPer1000Events, ''],
      ['CPU ms per 1,000 events without enrichment', absent.cpuMsPer1000EventsWithout, ''],
      ['requests', absent.requests, ''],
    ],
    measured: { paced, absent },
  }
}

const scenarios: Readonly<Record<string, Scenario>> = {
  stages,
  pipeline,
  throughput,
  wal,
  latency,
  firstStart,
  idle,
  handOver,
  logql,
  ui,
  enrich,
}
const wanted = asked.only === '' ? Object.keys(scenarios) : asked.only.split(',')

const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
}
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}`)

const results: Record<string, unknown> = {}
for (const name of wanted) {
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
  if (scenario === undefined) {
    console.error(`no scenario ${name}; there are: ${Object.keys(scenarios).join(', ')}`)
    process.exitCode = 2
    continue
  }
  const { title, rows, measured } = await scenario()
  console.log(`\n${title}`)
  for (const [what, figure, target] of rows)
    console.log(`  ${what.padEnd(46)} ${String(figure).padStart(12)}   ${target}`)
  results[name] = measured
}
console.log(`\n${JSON.stringify({ machine, ...results })}`)
