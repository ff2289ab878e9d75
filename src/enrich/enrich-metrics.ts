import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/**
 * How an event's enrichment ended. `complete`: everything that was wanted and is there. Else why something is missing:
 * `kind`: an object of a kind that may not be read. `no_uid`: the event does not say which object of that name it
 * means. `absent`: there is no such object, or no more. `forbidden`: a permission is missing. `busy`: too many objects
 * are unknown at once to be looked up in time. `failed`: the API server did not answer well. `timeout`: it did not
 * answer within `wait`.
 */
export const OUTCOMES = ['complete', 'kind', 'no_uid', 'absent', 'forbidden', 'busy', 'failed', 'timeout'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What a request for metadata came to. */
export type RequestOutcome = 'found' | 'absent' | 'forbidden' | 'failed'

/** The counts of one job's enrichment. */
export type EnrichMetrics = {
  ended(outcome: Outcome, waitedMs: number): void
  requested(verb: 'get' | 'list' | 'watch', outcome: RequestOutcome): void
  missing(resource: string, isMissing: boolean): void
}

/** What is read when the page is. */
export type EnrichGauges = { readonly cacheBytes: number; readonly cacheObjects: number; readonly waiting: number }

type Families = {
  readonly waits: Histogram
  readonly requests: Counter
  readonly missing: Gauge
  readonly jobs: Map<string, () => EnrichGauges>
  /** Events that ended since the page was read last, by job and outcome. */
  readonly ended: Map<string, Record<Outcome, number>>
}

const FAMILIES = new WeakMap<Registry, Families>()

/** Counted in plain numbers until the page is read: a labelled counter costs more than looking an event up. */
const exposeEnded = (registers: Registry[], ended: Families['ended']): void => {
  new Counter({
    name: 'eventail_enrich_events_total',
    help: 'Events by how their enrichment ended.',
    labelNames: ['job', 'outcome'],
    registers,
    collect() {
      for (const [job, counts] of ended) {
        for (const outcome of OUTCOMES) {
          this.inc({ job, outcome }, counts[outcome])
          counts[outcome] = 0
        }
      }
    },
  })
}

const createFamilies = (registry: Registry): Families => {
  const registers = [registry]
  const jobs = new Map<string, () => EnrichGauges>()
  const ended = new Map<string, Record<Outcome, number>>()
  const gauge = (name: string, help: string, read: (gauges: EnrichGauges) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['job'],
      registers,
      collect() {
        for (const [job, gauges] of jobs) this.set({ job }, read(gauges()))
      },
    })
  gauge('eventail_enrich_cache_bytes', 'Memory of what was looked up, about.', (g) => g.cacheBytes)
  gauge('eventail_enrich_cache_objects', 'Objects that something is known of, absent ones too.', (g) => g.cacheObjects)
  gauge(
    'eventail_enrich_waiting_events',
    'Events that wait for what is looked up; queued, for each client.',
    (g) => g.waiting,
  )
  exposeEnded(registers, ended)
  return {
    jobs,
    ended,
    waits: new Histogram({
      name: 'eventail_enrich_wait_seconds',
      help: 'How long events waited for what was looked up, of those that did.',
      labelNames: ['job'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    }),
    requests: new Counter({
      name: 'eventail_enrich_requests_total',
      help: 'Requests for metadata of objects; a page of a list is one.',
      labelNames: ['job', 'verb', 'outcome'],
      registers,
    }),
    missing: new Gauge({
      name: 'eventail_enrich_permission_missing',
      help: '1 while the API server refuses to give metadata of this kind.',
      labelNames: ['job', 'resource'],
      registers,
    }),
  }
}

const noneEnded = (): Record<Outcome, number> => ({
  complete: 0,
  kind: 0,
  no_uid: 0,
  absent: 0,
  forbidden: 0,
  busy: 0,
  failed: 0,
  timeout: 0,
})

/** Registers the metrics of a job; those of other jobs in the same registry stay. */
export const createEnrichMetrics = (
  registry: Registry,
  job: string,
  parts: { readonly resources: readonly string[]; readonly gauges: () => EnrichGauges },
): EnrichMetrics => {
  const families = FAMILIES.get(registry) ?? createFamilies(registry)
  FAMILIES.set(registry, families)
  families.jobs.set(job, parts.gauges)
  const counts = families.ended.get(job) ?? noneEnded()
  families.ended.set(job, counts)
  for (const verb of ['get', 'list', 'watch']) {
    for (const outcome of ['found', 'absent', 'forbidden', 'failed']) families.requests.inc({ job, verb, outcome }, 0)
  }
  families.waits.zero({ job })
  for (const resource of parts.resources) families.missing.set({ job, resource }, 0)
  return {
    ended: (outcome, waitedMs) => {
      counts[outcome] += 1
      if (waitedMs > 0) families.waits.observe({ job }, waitedMs / 1000)
    },
    requested: (verb, outcome) => {
      families.requests.inc({ job, verb, outcome })
    },
    missing: (resource, isMissing) => {
      families.missing.set({ job, resource }, isMissing ? 1 : 0)
    },
  }
}
