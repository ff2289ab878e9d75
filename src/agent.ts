import type { Counter, Registry } from 'prom-client'
import { type Accounting, exposeTallies, type TallySource } from './accounting.ts'
import { Checkpointer, createCheckpointMetrics } from './checkpointer.ts'
import type { Clock } from './clock.ts'
import { type Cluster, clusterKey, identify, openClusters } from './clusters.ts'
import type { Config, ScrapeConfig } from './config/config.ts'
import { createJob, cursorKey, cursorScopeOf, type Job } from './job.ts'
import type { CheckpointStore } from './kube/checkpoint.ts'
import type { Elector } from './kube/elector.ts'
import { ownNamespace } from './kube/service-account.ts'
import { createSourceMetrics, type SourceMetrics } from './kube/source-metrics.ts'
import { joinElection, savePeriodMs } from './leadership.ts'
import type { Log } from './log.ts'
import { DirectOutbox } from './outbox.ts'
import { createRefusalCounter, cursorFor, openStore, readCursors } from './positions.ts'
import { createPulse, type Pulse } from './pulse.ts'
import type { AgentStatus } from './server/agent-status.ts'
import { type ClientFactory, createSinks, type Sink } from './sinks.ts'

export type AgentOptions = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** Of this incarnation: a reload begins with a fresh one, as a restart would. */
  readonly registry: Registry
  readonly random: () => number
  readonly createClient: ClientFactory
  /** Told for each client when a frame was dropped because nothing could be made of it. */
  readonly onUnshippable: (client: string) => void
  /** False (dry run): positions are read and never written, and no part is taken in leader election. */
  readonly savesPositions: boolean
  /** The masked configuration, for /config. */
  readonly configYaml: string
}

export type Started =
  { readonly kind: 'started' } | { readonly kind: 'stopped' } | { readonly kind: 'failed'; readonly why: string }

type Running = {
  readonly clusters: readonly Cluster[]
  readonly jobs: readonly Job[]
  readonly checkpointer: Checkpointer | null
}

/** One configuration at work. Starts the sink first and stops the source first. */
export class Agent {
  readonly #o: AgentOptions
  readonly #stopping = new AbortController()
  readonly #outbox = new DirectOutbox()
  readonly #sinks: readonly Sink[]
  readonly #sourceMetrics: SourceMetrics
  readonly #refused: Counter<'reason'>
  readonly #tallies = new Map<string, TallySource>()
  #waitingFor: string | null = 'starting'
  #conflict: string | null = null
  #onConflict: (why: string) => void = () => undefined
  #elector: Elector | null = null
  #pulse: Pulse | null = null
  #stopped: Promise<number> | null = null
  #running: Running = { clusters: [], jobs: [], checkpointer: null }

  constructor(options: AgentOptions) {
    this.#o = options
    const { config, clock, log, random, createClient, registry } = options
    const settle = (sequence: number): void => {
      this.#outbox.settle(sequence)
    }
    const mayPush = (): boolean => this.#elector?.mayPush() ?? true
    this.#sinks = createSinks(config.clients, createClient, { clock, log, random, settle, mayPush })
    this.#outbox.connect(this.#sinks)
    this.#sourceMetrics = createSourceMetrics(registry)
    this.#refused = createRefusalCounter(registry)
    exposeTallies(registry, this.#tallies)
  }

  /** Resolves once sources run; waits for leadership, and for a checkpoint store that cannot be read. */
  async start(): Promise<Started> {
    const { config, clock, log, registry } = this.#o
    const opened = await openClusters(config.scrapeConfigs, { clock, log, registry })
    if (opened.kind === 'error') return { kind: 'failed', why: opened.why }
    const { clusters } = opened
    this.#running = { ...this.#running, clusters: [...clusters.values()] }
    const store = this.#openStore(this.#running.clusters)
    if (store.kind === 'error') return { kind: 'failed', why: store.why }
    if (this.#elector !== null && !(await this.#elector.campaign(this.#stopping.signal))) return { kind: 'stopped' }
    const cursors = await this.#readCursors(store.store)
    if (cursors === null) return { kind: 'stopped' }
    const jobs = await this.#createJobs(clusters, cursors)
    if (jobs === null || this.#stopping.signal.aborted) return { kind: 'stopped' }
    const checkpointer = store.store === null || !this.#o.savesPositions ? null : this.#checkpointer(store.store, jobs)
    this.#running = { clusters: [...clusters.values()], jobs, checkpointer }
    this.#waitingFor = null
    for (const { client } of this.#sinks) client.start()
    for (const job of jobs) job.source.start()
    checkpointer?.start()
    this.#pulse = this.#startPulse(jobs)
    return { kind: 'started' }
  }

  /** Called when another process writes this agent's checkpoint, or leads: to go on would mean to ship twice. */
  whenConflicted(listener: (why: string) => void): void {
    this.#onConflict = listener
  }

  /**
   * Stops reading, drains the queues for at most `drainTimeoutMs`, saves the position, gives leadership back. @returns
   * how many entries were left; the position stays before them, so the next start reads them again.
   */
  stop(): Promise<number> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<number> {
    this.#stopping.abort()
    const { jobs, checkpointer, clusters } = this.#running
    await Promise.all(jobs.map((job) => job.source.stop()))
    const beating = this.#pulse?.stop()
    const left = await Promise.all(this.#sinks.map(({ client }) => client.drain(this.#o.config.drainTimeoutMs)))
    await beating
    this.#elector?.hurry()
    await checkpointer?.stop()
    await this.#elector?.release()
    await this.#elector?.close()
    await Promise.all(clusters.map(({ client }) => client.close()))
    return left.reduce((sum, one) => sum + one, 0)
  }

  /** For each client, where every event is. */
  accounting(): readonly Accounting[] {
    const sum = (read: (job: Job) => number): number => this.#running.jobs.reduce((total, job) => total + read(job), 0)
    const received = sum(({ tally }) => tally.received.list + tally.received.watch)
    const recovered = sum(({ tally }) => tally.recovered)
    const filtered = sum(({ tally }) => tally.filtered)
    const unshippable = sum(({ tally }) => tally.unshippable)
    return this.#sinks.map(({ client, fates }) => ({
      client: client.name,
      received,
      recovered,
      filtered,
      sent: fates.sent,
      rejected: fates.rejected,
      dropped: fates.dropped + unshippable,
      queued: client.queued(),
    }))
  }

  status(): AgentStatus {
    const targets = this.#running.jobs.flatMap((job) =>
      job.source.status().map((scope) => ({ job: job.name, ...scope })),
    )
    const clients = this.#sinks.map(({ client }) => ({
      name: client.name,
      queued: client.queued(),
      ...client.readiness(),
    }))
    const leadership = this.#elector?.status() ?? null
    if (leadership?.role === 'standby') {
      const reasons = leadership.why === '' ? [] : [`standing by: ${leadership.why}`]
      return { ready: leadership.why === '', reasons, configYaml: this.#o.configYaml, leadership, targets, clients }
    }
    const reasons = [
      ...(this.#waitingFor === null ? [] : [this.#waitingFor]),
      ...(this.#conflict === null ? [] : [this.#conflict]),
      ...targets
        .filter((target) => target.state !== 'stream')
        .map(
          ({ job, scope, state, lastError }) => `${job}/${scope}: ${state}${lastError === '' ? '' : `: ${lastError}`}`,
        ),
      ...clients.filter((client) => !client.ready).map(({ name, why }) => `client ${name}: ${why}`),
    ]
    return { ready: reasons.length === 0, reasons, configYaml: this.#o.configYaml, leadership, targets, clients }
  }

  #openStore(clusters: readonly Cluster[]): ReturnType<typeof openStore> {
    const [first] = clusters
    if (first === undefined) return { kind: 'ok', store: null }
    const { client, connection } = first
    const { config } = this.#o
    if (config.leaderElection.enabled && this.#o.savesPositions) return this.#join(first)
    const { inCluster } = connection
    return openStore(config.positions, { client, inCluster, ownNamespace: ownNamespace() })
  }

  #join(cluster: Cluster): ReturnType<typeof joinElection> {
    const { config, clock, log, registry, random } = this.#o
    const onLost = (why: string): void => {
      this.#standDown(why)
    }
    const joined = joinElection(config, cluster, {
      clock,
      log,
      registry,
      random,
      ownNamespace: ownNamespace(),
      onLost,
    })
    if (joined.kind === 'ok') this.#elector = joined.store
    return joined
  }

  /** At once and without draining: another replica sends by now. */
  #standDown(why: string): void {
    this.#conflict = `leadership lost: ${why}`
    void this.#pulse?.stop()
    for (const { client } of this.#sinks) void client.drain(0)
    for (const { source } of this.#running.jobs) void source.stop()
    this.#onConflict(why)
  }

  async #readCursors(store: CheckpointStore | null): Promise<Readonly<Record<string, string>> | null> {
    if (store === null) {
      this.#o.log.warn('no checkpoint is kept: a restart starts as "start" says')
      return {}
    }
    this.#waitingFor = `reading the checkpoint from ${store.place}`
    const onUnreadable = (why: string | null): void => {
      this.#waitingFor = why === null ? 'starting' : `checkpoint ${store.place} cannot be read: ${why}`
    }
    const { clock, log } = this.#o
    return readCursors(store, { clock, log, refused: this.#refused, signal: this.#stopping.signal, onUnreadable })
  }

  async #createJobs(
    clusters: ReadonlyMap<string, Cluster>,
    cursors: Readonly<Record<string, string>>,
  ): Promise<readonly Job[] | null> {
    const jobs: Job[] = []
    for (const config of this.#o.config.scrapeConfigs) {
      const cluster = clusters.get(clusterKey(config.connection))
      if (cluster === undefined) throw new Error(`no cluster for job ${config.jobName}`)
      this.#waitingFor = `identifying the cluster at ${cluster.connection.server}`
      const identity = await identify(cluster, this.#o, this.#stopping.signal)
      if (identity === null) return null
      jobs.push(this.#createJob(config, cluster, { identity, cursors }))
    }
    return jobs
  }

  #createJob(
    config: ScrapeConfig,
    { client }: Cluster,
    known: { readonly identity: string; readonly cursors: Readonly<Record<string, string>> },
  ): Job {
    const { clock, log, random } = this.#o
    const key = cursorKey(config.jobName)
    const text = Object.hasOwn(known.cursors, key) ? known.cursors[key] : undefined
    const saved = cursorFor(text, cursorScopeOf(config, known.identity), { log, refused: this.#refused })
    const job = createJob({
      config,
      cluster: known.identity,
      client,
      saved,
      outbox: this.#outbox,
      onUnshippable: () => {
        for (const { client } of this.#sinks) this.#o.onUnshippable(client.name)
      },
      metrics: this.#sourceMetrics,
      clock,
      log,
      random,
    })
    this.#tallies.set(job.name, { tally: job.tally, conversion: () => job.converter.counts })
    return job
  }

  #startPulse(jobs: readonly Job[]): Pulse {
    const { config, clock, log, registry } = this.#o
    const periodMs = this.#o.savesPositions ? config.heartbeatMs : 0
    const accounting = (): readonly Accounting[] => this.accounting()
    const pulse = createPulse({ periodMs, jobs, sinks: this.#sinks, accounting, clock, log, registry })
    pulse.start()
    return pulse
  }

  #checkpointer(store: CheckpointStore, jobs: readonly Job[]): Checkpointer {
    const { clock, log, config, registry } = this.#o
    return new Checkpointer({
      store,
      periodMs: this.#elector === null ? config.positions.syncPeriodMs : savePeriodMs(config),
      clock,
      log: log.with({ component: 'checkpoint' }),
      metrics: createCheckpointMetrics(registry),
      settled: () => JSON.stringify(jobs.map((job) => job.positions())),
      cursors: () => Object.fromEntries(jobs.map((job) => [cursorKey(job.name), job.cursor(clock.now())])),
      onConflict: (why) => {
        this.#conflict ??= `another agent writes the checkpoint: ${why}`
        this.#onConflict(why)
      },
    })
  }
}
