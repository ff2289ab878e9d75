import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { exposeBuild } from './accounting.ts'
import { Agent } from './agent.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Log } from './log.ts'
import { createLokiClient } from './loki/create-loki-client.ts'
import { createLokiMetrics } from './loki/loki-metrics.ts'
import type { AgentStatus } from './server/agent-status.ts'
import type { ClientFactory } from './sinks.ts'
import type { Inspect } from './stages/stage.ts'
import { userAgent, version } from './version.ts'

/** What outlives a reload: the process' own metrics, and the agent of the configuration in force. */
export type ServiceOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** Instead of real clients: a dry run prints. */
  readonly createClient?: ClientFactory
  readonly savesPositions: boolean
  /** `-inspect`. */
  readonly inspect?: Inspect | undefined
  /** Told when the agent cannot go on; the process should end and start again. */
  readonly onFatal: (why: string) => void
}

type ReloadMetrics = {
  readonly success: Counter
  readonly fail: Counter
  readonly lastSuccessful: Gauge
}

/** Promtail's counters, and Prometheus' gauge. */
const createReloadMetrics = (registry: Registry): ReloadMetrics => ({
  success: new Counter({
    name: 'promtail_config_reload_success_total',
    help: 'Reloads of the configuration that took effect.',
    registers: [registry],
  }),
  fail: new Counter({
    name: 'promtail_config_reload_fail_total',
    help: 'Reloads that were refused; the old configuration stays in force.',
    registers: [registry],
  }),
  lastSuccessful: new Gauge({
    name: 'eventail_config_last_reload_successful',
    help: 'Whether the last reload took effect.',
    registers: [registry],
  }),
})

/** Runs one agent after another, as configurations come. */
export class Service {
  readonly #o: ServiceOptions
  readonly #processRegistry = new Registry()
  readonly #reloads: ReloadMetrics
  #agentRegistry = new Registry()
  #agent: Agent | null = null
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: ServiceOptions) {
    this.#o = options
    // The default precision of 10 ms wakes an idle process a hundred times a second.
    collectDefaultMetrics({ register: this.#processRegistry, eventLoopMonitoringPrecision: 200 })
    // Gauges with a counter's suffix, which promtool refuses; each has a twin without it.
    for (const kind of ['handles', 'requests', 'resources']) {
      this.#processRegistry.removeSingleMetric(`nodejs_active_${kind}_total`)
    }
    exposeBuild(this.#processRegistry, version)
    this.#reloads = createReloadMetrics(this.#processRegistry)
    this.#reloads.lastSuccessful.set(1)
  }

  /** @returns why it could not begin, for the operator; null: it runs, or was stopped before it could. */
  async start(config: Config, configYaml: string): Promise<string | null> {
    const agent = this.#create(config, configYaml)
    this.#agent = agent
    const started = await agent.start()
    return started.kind === 'failed' ? started.why : null
  }

  /**
   * Stops the old agent (queues drained, position saved) and starts one with the new configuration; its counters begin
   * at zero, as after a restart. Reloads happen one after another.
   */
  reload(config: Config, configYaml: string): Promise<void> {
    return this.#change(async () => {
      await this.#replace(config, configYaml)
      this.#reloads.success.inc()
      this.#reloads.lastSuccessful.set(1)
    })
  }

  /** Starts over with the same configuration, unless the agent was replaced meanwhile. */
  async #again(agent: Agent, config: Config, configYaml: string): Promise<void> {
    if (this.#agent === agent) await this.#replace(config, configYaml)
  }

  #change(change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change)
    this.#changing = changed
    return changed
  }

  async #replace(config: Config, configYaml: string): Promise<void> {
    await this.#agent?.stop()
    // Not awaited: a standby has started when it leads, and the next reload must not wait for that.
    void this.start(config, configYaml).then((why) => {
      if (why !== null) this.#o.onFatal(why)
    })
  }

  /** The new configuration was not valid; the old one stays in force. */
  refuseReload(): void {
    this.#reloads.fail.inc()
    this.#reloads.lastSuccessful.set(0)
  }

  /** @returns entries left in the queues; the saved position stays before them. */
  async stop(): Promise<number> {
    const left = (await this.#agent?.stop()) ?? 0
    await this.#changing
    return left
  }

  get agent(): Agent | null {
    return this.#agent
  }

  status(): AgentStatus {
    return this.#agent?.status() ?? { ready: false, reasons: ['starting'], configYaml: '', targets: [], clients: [] }
  }

  /** The text of /metrics. */
  async metrics(): Promise<string> {
    const parts = await Promise.all([this.#processRegistry.metrics(), this.#agentRegistry.metrics()])
    return parts.join('')
  }

  #create(config: Config, configYaml: string): Agent {
    const { clock, log, random, createClient, savesPositions, inspect, onFatal } = this.#o
    const registry = new Registry()
    this.#agentRegistry = registry
    const metrics = createLokiMetrics(registry)
    const agent = new Agent({
      config,
      clock,
      log,
      registry,
      random,
      savesPositions,
      inspect,
      configYaml,
      createClient: createClient ?? ((options, deps) => createLokiClient(options, { ...deps, metrics, userAgent })),
      onDropped: (client, reason, entries) => {
        metrics.dropped.inc({ client, reason }, entries)
      },
    })
    agent.whenConflicted(onFatal)
    agent.whenBroken(() => void this.#change(() => this.#again(agent, config, configYaml)))
    return agent
  }
}
