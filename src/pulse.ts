import type { Registry } from 'prom-client'
import type { Accounting } from './accounting.ts'
import type { Clock } from './clock.ts'
import type { Entry } from './entry/entry.ts'
import { heartbeatEntry } from './entry/heartbeat.ts'
import { Heartbeats } from './heartbeat.ts'
import type { Job } from './job.ts'
import type { Log } from './log.ts'
import { PositionAges, type ProgressingJob } from './position-age.ts'
import type { Sink } from './sinks.ts'
import { version } from './version.ts'

export type PulseOptions = {
  /** Between two heartbeats; 0: there are none. */
  readonly periodMs: number
  readonly jobs: readonly Job[]
  readonly sinks: readonly Sink[]
  readonly accounting: () => readonly Accounting[]
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
}

/** What tells from outside that the agent lives, and how far behind it is. */
export type Pulse = {
  start(): void
  /** Resolves when nothing of it is on its way; a stop of the clients ends what is. */
  stop(): Promise<void>
}

const progressing = (job: Job): ProgressingJob => ({
  name: job.name,
  progress: () => {
    const { tally, source } = job
    const current = source.status().map(({ currentMs }) => currentMs)
    return {
      opened: tally.taken - tally.filtered - tally.unshippable,
      outstanding: job.outstanding(),
      currentMs: current.includes(null) ? null : Math.min(...current.map(Number)),
    }
  },
})

/** Over all jobs and scopes, from the counter itself: a second count could say something else. */
const gapSeconds = async (registry: Registry): Promise<number> => {
  const gaps = await registry.getSingleMetric('eventail_gap_seconds_total')?.get()
  return gaps?.values.reduce((sum, { value }) => sum + value, 0) ?? 0
}

const stateOf = (jobs: readonly Job[]): string => {
  const states = jobs.flatMap(({ source }) => source.status().map(({ state }) => state))
  return states.find((state) => state !== 'stream') ?? 'stream'
}

/** The pulse of an agent whose jobs are there. */
export const createPulse = (options: PulseOptions): Pulse => {
  const { jobs, sinks, accounting, clock, log, registry, periodMs } = options
  const ages = new PositionAges(jobs.map(progressing), clock, registry)
  const entry = async (client: string): Promise<Entry> => {
    const account = accounting().find((one) => one.client === client)
    if (account === undefined) throw new Error(`no account of client ${client}`)
    const positionAgeMs = Math.max(...ages.look().map(({ ageMs }) => ageMs))
    const gaps = await gapSeconds(registry)
    return heartbeatEntry({ ...account, version, positionAgeMs, gapSeconds: gaps, state: stateOf(jobs) }, clock.now())
  }
  const clients = sinks.map(({ client }) => client)
  const heartbeats = new Heartbeats({ periodMs, clients, entry, clock, log, registry })
  let looking: Promise<void> = Promise.resolve()
  return {
    start: () => {
      looking = ages.run()
      heartbeats.start()
    },
    stop: async () => {
      ages.stop()
      await Promise.all([looking, heartbeats.stop()])
    },
  }
}
