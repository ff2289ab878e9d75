import { Gauge, type Registry } from 'prom-client'
import type { Clock } from './clock.ts'

/** What the age of one job's position is worked out from. */
export type Progress = {
  /** Events given to the clients so far. */
  readonly opened: number
  /** Of those, the ones that a required client has not settled, or that wait behind one of those. */
  readonly outstanding: number
  /** Wall clock up to which the watches missed nothing; null: unknown. */
  readonly currentMs: number | null
}

/** At `atMs` there were `opened` events. */
type Look = { readonly atMs: number; readonly opened: number }

/** Remembered only while events come and are not settled; beyond it an age is a little too high. */
const MAX_LOOKS = 4096

/**
 * How old the position of one job is: since when there is something that a restart would have to read again. Known to
 * within the time between two looks.
 */
export class PositionAge {
  readonly #startedMs: number
  /** In the order of time. What the first one saw is settled; what the others saw is not. */
  #looks: Look[]

  /** @param startedMs wall clock. */
  constructor(startedMs: number) {
    this.#startedMs = startedMs
    this.#looks = [{ atMs: startedMs, opened: 0 }]
  }

  /** @returns the age in milliseconds, not negative. */
  look(nowMs: number, { opened, outstanding, currentMs }: Progress): number {
    if (this.#looks.at(-1)?.opened === opened) this.#looks.pop()
    if (this.#looks.length < MAX_LOOKS) this.#looks.push({ atMs: nowMs, opened })
    const settled = this.#looks.findLastIndex((look) => look.opened <= opened - outstanding)
    if (settled > 0) this.#looks = this.#looks.slice(settled)
    const settledMs = this.#looks[0]?.atMs ?? this.#startedMs
    return Math.max(0, nowMs - Math.min(settledMs, currentMs ?? this.#startedMs))
  }
}

export type ProgressingJob = { readonly name: string; progress(): Progress }

/** Time between two looks. */
const EVERY_MS = 5000

/** The ages of all jobs' positions, also as a metric. */
export class PositionAges {
  readonly #clock: Clock
  readonly #jobs: readonly { readonly job: ProgressingJob; readonly age: PositionAge }[]
  readonly #stopped = new AbortController()

  constructor(jobs: readonly ProgressingJob[], clock: Clock, registry: Registry) {
    this.#clock = clock
    this.#jobs = jobs.map((job) => ({ job, age: new PositionAge(clock.now()) }))
    const look = (): ReturnType<PositionAges['look']> => this.look()
    new Gauge({
      name: 'eventail_position_age_seconds',
      help: 'How old the position is from which a restart would go on.',
      labelNames: ['job'],
      registers: [registry],
      collect() {
        for (const { job, ageMs } of look()) this.set({ job }, ageMs / 1000)
      },
    })
  }

  /** Looks now and then until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      this.look()
      await this.#clock.sleep(EVERY_MS, signal)
    }
  }

  stop(): void {
    this.#stopped.abort()
  }

  /** The ages now. */
  look(): readonly { readonly job: string; readonly ageMs: number }[] {
    const nowMs = this.#clock.now()
    return this.#jobs.map(({ job, age }) => ({ job: job.name, ageMs: age.look(nowMs, job.progress()) }))
  }
}
