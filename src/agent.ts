import type { Counter, Registry } from 'prom-client'
import { accountingOf, statusOf } from './agent-report.ts'
import { type Accounting, exposeRecovered, exposeTallies, type TallySource } from './accounting.ts'
import { Checkpointer, createCheckpointMetrics } from './checkpointer.ts'
import type { Clock } from './clock.ts'
import { type Cluster, openClusters } from './clusters.ts'
import type { Config } from './config/config.ts'
import { type IdentifiedJob, identifyJobs } from './identified-job.ts'
import { createJob, cursorKey, type Job } from './job.ts'
import type { CheckpointStore } from './kube/checkpoint.ts'
import type { Elector } from './kube/elector.ts'
import { ownNamespace } from './kube/service-account.ts'
import { createSourceMetrics, type SourceMetrics } from './kube/source-metrics.ts'
import { joinElection, savePeriodMs } from './leadership.ts'
import { rateLimited } from './line-rate.ts'
import type { Log } from './log.ts'
import { DirectOutbox, type Outbox } from './outbox.ts'
import { createRefusalCounter, openStore, readCursors } from './positions.ts'
import { createPulse, type Pulse } from './pulse.ts'
import type { AgentStatus } from './server/agent-status.ts'
import { type ClientFactory, createSinks, type Sink } from './sinks.ts'
import type { Inspect } from './stages/stage.ts'
import { createStageMetrics, type StageMetrics } from './stages/stage-metrics.ts'
import { type OpenedOutbox, openOutbox, type UnofferedReason } from './spool.ts'

export type AgentOptions = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** Of this incarnation: a reload begins with a fresh one, as a restart would. */
  readonly registry: Registry
  readonly random: () => number
  readonly createClient: ClientFactory
  /** Told of entries that a client will never be offered. */
  readonly onDropped: (client: string, reason: UnofferedReason, entries: number) => void
  /** False (dry run): positions are read and never written, nor is a log, and no part is taken in leader election. */
  readonly savesPositions: boolean
  /** `-inspect`. */
  readonly inspect?: Inspect | undefined
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
  #outbox: Outbox
  readonly #sinks: readonly Sink[]
  readonly #sourceMetrics: SourceMetrics
  readonly #stageMetrics: StageMetrics
  readonly #refused: Counter<'reason'>
  readonly #tallies = new Map<string, TallySource>()
  #waitingFor: string | null = 'starting'
  #conflict: string | null = null
  #onConflict: (why: string) => void = () => undefined
  #onBroken: () => void = () => undefined
  #elector: Elector | null = null
  #pulse: Pulse | null = null
  #stopped: Promise<number> | null = null
  #running: Running = { clusters: [], jobs: [], checkpointer: null }

  constructor(options: AgentOptions) {
    this.#o = options
    const { config, clock, log, random, createClient, registry } = options
    const settle = (place: number, sequence: number): void => {
      this.#outbox.settle(place, sequence)
    }
    const spooled = this.#wal !== null
    const mayPush = (): boolean => this.#elector?.mayPush() ?? true
    this.#sinks = createSinks(config.clients, createClient, { clock, log, random, settle, mayPush, spooled })
    this.#outbox = new DirectOutbox(this.#sinks)
    this.#sourceMetrics = createSourceMetrics(registry)
    this.#stageMetrics = createStageMetrics(registry, log)
    this.#refused = createRefusalCounter(registry)
    exposeTallies(registry, this.#tallies)
    exposeRecovered(registry, () => this.accounting())
  }

  /** Resolves once sources run; waits for leadership, and for a checkpoint store that cannot be read. */
  async start(): Promise<Started> {
    const { config, clock, log, registry, random } = this.#o
    const opened = await openClusters(config.scrapeConfigs, { clock, log, registry })
    if (opened.kind === 'error') return { kind: 'failed', why: opened.why }
    const { clusters } = opened
    this.#running = { ...this.#running, clusters: [...clusters.values()] }
    const store = this.#openStore(this.#running.clusters)
    if (store.kind === 'error') return { kind: 'failed', why: store.why }
    if (this.#elector !== null && !(await this.#elector.campaign(this.#stopping.signal))) return { kind: 'stopped' }
    const cursors = await this.#readCursors(store.store)
    if (cursors === null) return { kind: 'stopped' }
    const { signal } = this.#stopping
    const refused = this.#refused
    this.#waitingFor = 'identifying the cluster'
    const world = { cursors, clock, log, registry, random, signal, refused }
    const identified = await identifyJobs(rateLimited(config), clusters, world)
    if (identified === null) return { kind: 'stopped' }
    const spool = await this.#openOutbox(identified)
    if (spool.kind !== 'ok') return spool
    this.#outbox = spool.outbox
    const jobs = identified.map((job) => this.#createJob(job))
    const checkpointer = store.store === null || !this.#o.savesPositions ? null : this.#checkpointer(store.store, jobs)
    this.#running = { clusters: [...clusters.values()], jobs, checkpointer }
    if (spool.isUnknown) await checkpointer?.begin()
    if (this.#stopping.signal.aborted) return { kind: 'stopped' }
    this.#run()
    return { kind: 'started' }
  }

  #run(): void {
    const { jobs, checkpointer } = this.#running
    this.#waitingFor = null
    this.#outbox.start()
    for (const { client } of this.#sinks) client.start()
    for (const job of jobs) job.source.start()
    checkpointer?.start()
    this.#pulse = this.#startPulse(jobs)
  }

  /** Called when another process writes this agent's checkpoint, or leads: to go on would mean to ship twice. */
  whenConflicted(listener: (why: string) => void): void {
    this.#onConflict = listener
  }

  /** Called when what is on disk cannot be gone on with: the agent must be stopped and started anew. */
  whenBroken(listener: () => void): void {
    this.#onBroken = listener
  }

  /**
   * Stops reading, drains the queues for at most `drainTimeoutMs`, saves the position, gives leadership back. @returns
   * how many entries were left; the position stays before them, so the next start goes on with them.
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
    await this.#outbox.pause()
    const left = await Promise.all(this.#sinks.map(({ client }) => client.drain(this.#o.config.drainTimeoutMs)))
    await beating
    const waiting = this.#sinks.map((_, place) => this.#outbox.account(place).waiting)
    await this.#outbox.close()
    this.#elector?.hurry()
    await checkpointer?.stop()
    await this.#elector?.release()
    await this.#elector?.close()
    await Promise.all(clusters.map(({ client }) => client.close()))
    return [...left, ...waiting].reduce((sum, one) => sum + one, 0)
  }

  /** For each client, where every event is. */
  accounting(): readonly Accounting[] {
    return accountingOf({ jobs: this.#running.jobs, sinks: this.#sinks, outbox: this.#outbox })
  }

  status(): AgentStatus {
    const hindrances = [this.#waitingFor, this.#conflict, this.#outbox.problem()]
    return statusOf({
      ...{ jobs: this.#running.jobs, sinks: this.#sinks, outbox: this.#outbox },
      leadership: this.#elector?.status() ?? null,
      hindrances: hindrances.filter((why) => why !== null),
      configYaml: this.#o.configYaml,
    })
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
    void this.#outbox.pause()
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

  /** Of a dry run there is nothing to keep. */
  get #wal(): Config['wal'] {
    return this.#o.savesPositions ? this.#o.config.wal : null
  }

  async #openOutbox(jobs: readonly IdentifiedJob[]): Promise<OpenedOutbox> {
    const { clock, log, registry, onDropped } = this.#o
    this.#waitingFor = 'opening the write-ahead log'
    const { signal } = this.#stopping
    const onBroken = (why: string): void => {
      log.error('write-ahead log cannot be gone on with: starting over', { why })
      this.#onBroken()
    }
    const isDurableFirst = jobs.some(({ enrichment }) => enrichment !== null)
    const parts = { options: this.#wal, isDurableFirst, sinks: this.#sinks, jobs, clock, log, registry, signal }
    const opened = await openOutbox({ ...parts, onDropped, onBroken })
    if (opened.kind !== 'ok' || !signal.aborted) return opened
    await opened.outbox.close()
    return { kind: 'stopped' }
  }

  #createJob({ config, client, scope, saved, enrichment }: IdentifiedJob): Job {
    const { clock, log, random } = this.#o
    const job = createJob({
      config,
      cluster: scope.cluster,
      client,
      saved,
      enrichment,
      outbox: this.#outbox,
      onUnshippable: () => {
        for (const { client } of this.#sinks) this.#o.onDropped(client.name, 'malformed', 1)
      },
      metrics: this.#sourceMetrics,
      stageMetrics: this.#stageMetrics,
      inspect: this.#o.inspect,
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
      settled: () => JSON.stringify([this.#outbox.mark()?.id, jobs.map((job) => job.positions())]),
      cursors: () => Object.fromEntries(jobs.map((job) => [cursorKey(job.name), job.cursor(clock.now())])),
      onConflict: (why) => {
        this.#conflict ??= `another agent writes the checkpoint: ${why}`
        this.#onConflict(why)
      },
    })
  }
}
