/** Until when (wall clock) the sources of each job missed nothing. */
export class CurrentTimes {
  readonly #jobs = new Map<string, () => number | null>()

  keep(job: string, currentMs: () => number | null): void {
    this.#jobs.set(job, currentMs)
  }

  /** Of the jobs of which it is known, now. */
  now(): Readonly<Record<string, number>> {
    const times = [...this.#jobs].map(([job, currentMs]) => [job, currentMs()] as const)
    return Object.fromEntries(times.flatMap(([job, ms]) => (ms === null ? [] : [[job, Math.max(0, Math.floor(ms))]])))
  }
}
