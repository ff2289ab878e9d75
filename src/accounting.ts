import { Counter, Gauge, type Registry } from 'prom-client'

/**
 * Where every event taken from the source is, for one client:
 * `received + recovered = filtered + sent + rejected + dropped + queued`, at any moment.
 */
export type Accounting = {
  readonly client: string
  readonly received: number
  readonly recovered: number
  readonly filtered: number
  readonly sent: number
  readonly rejected: number
  readonly dropped: number
  readonly queued: number
}

/** Whether nothing is missing and nothing is counted twice. */
export const addsUp = (a: Accounting): boolean =>
  a.received + a.recovered === a.filtered + a.sent + a.rejected + a.dropped + a.queued

/** One job's counts on the way from the source to the clients; plain numbers, because they move with every event. */
export class JobTally {
  received = { list: 0, watch: 0 }
  filtered = 0
  /** Of the filtered ones, those that `throttle` kept back. */
  throttled = { object: 0, namespace: 0 }
  /** Frames without uid, resourceVersion or time: nothing to ship, counted as dropped for every client. */
  unshippable = 0
  deadLetters = 0

  get taken(): number {
    return this.received.list + this.received.watch
  }
}

/** What a converter counts; see `entry/convert.ts`. */
export type ConversionCounts = { readonly truncated: number; readonly overflowed: number; readonly skewed: number }

/** Where one job's counters are read from. */
export type TallySource = { readonly tally: JobTally; readonly conversion: () => ConversionCounts }

/** Registers the counters of one job, read from its tally at each scrape. */
export const exposeTallies = (registry: Registry, jobs: ReadonlyMap<string, TallySource>): void => {
  const expose = (
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (tally: JobTally, conversion: ConversionCounts) => readonly (readonly [Record<string, string>, number])[],
  ): void => {
    new Counter({
      name,
      help,
      labelNames: ['job', ...labelNames],
      registers: [registry],
      collect(): void {
        this.reset()
        for (const [job, { tally, conversion }] of jobs) {
          for (const [labels, value] of read(tally, conversion())) this.inc({ job, ...labels }, value)
        }
      },
    })
  }
  expose('eventail_events_received_total', 'Event revisions taken from the API server.', ['via'], (t) => [
    [{ via: 'list' }, t.received.list],
    [{ via: 'watch' }, t.received.watch],
  ])
  expose('eventail_events_filtered_total', 'Event revisions not wanted by configuration.', [], (t) => [
    [{}, t.filtered],
  ])
  expose('eventail_events_throttled_total', 'Of the filtered, those kept back by throttle.', ['by'], (t) => [
    [{ by: 'object' }, t.throttled.object],
    [{ by: 'namespace' }, t.throttled.namespace],
  ])
  expose('eventail_dead_letters_total', 'Frames shipped as a placeholder, or dropped.', ['outcome'], (t) => [
    [{ outcome: 'shipped' }, t.deadLetters - t.unshippable],
    [{ outcome: 'dropped' }, t.unshippable],
  ])
  expose('eventail_entries_truncated_total', 'Entries whose message was cut to fit.', [], (_, c) => [[{}, c.truncated]])
  expose('eventail_stream_guard_overflow_total', 'Entries whose label value became "overflow".', [], (_, c) => [
    [{}, c.overflowed],
  ])
  expose('eventail_entries_skewed_total', 'Entries dated by the server because the writer was ahead.', [], (_, c) => [
    [{}, c.skewed],
  ])
}

/**
 * Registers what each client had not settled when the agent started: with the write-ahead log, clients differ in it, so
 * it is counted by client and not by job.
 */
export const exposeRecovered = (registry: Registry, accounts: () => readonly Accounting[]): void => {
  new Counter({
    name: 'eventail_events_recovered_total',
    help: 'Entries read back from the write-ahead log that the client had not settled.',
    labelNames: ['client'],
    registers: [registry],
    collect(): void {
      this.reset()
      for (const { client, recovered } of accounts()) this.inc({ client }, recovered)
    },
  })
}

/** As Go names them. */
const GO_NAMES: Readonly<Record<string, string>> = { win32: 'windows', x64: 'amd64', ia32: '386' }
const goName = (name: string): string => (Object.hasOwn(GO_NAMES, name) ? (GO_NAMES[name] ?? name) : name)

/** Registers `eventail_build_info` and, for dashboards of Promtail, the same by the name and labels of its own. */
export const exposeBuild = (registry: Registry, version: string): void => {
  new Gauge({
    name: 'eventail_build_info',
    help: 'Always 1; the labels tell what is running.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version, node_version: process.version }, 1)
  new Gauge({
    name: 'promtail_build_info',
    help: 'As eventail_build_info, by the name and labels that Promtail had.',
    labelNames: ['version', 'goos', 'goarch'],
    registers: [registry],
  }).set({ version, goos: goName(process.platform), goarch: goName(process.arch) }, 1)
}
