import { Counter, type Registry } from 'prom-client'
import type { Clock } from './clock.ts'
import type { Entry } from './entry/entry.ts'
import type { Log } from './log.ts'
import type { LokiClient } from './loki/loki-client.ts'
import type { AloneOutcome } from './loki/push-alone.ts'

export type HeartbeatOptions = {
  /** 0: there are no heartbeats. */
  readonly periodMs: number
  readonly clients: readonly Pick<LokiClient, 'name' | 'pushAlone'>[]
  /** What one client is told now. */
  readonly entry: (client: string) => Promise<Entry>
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
}

const OUTCOMES: readonly AloneOutcome['kind'][] = ['sent', 'refused', 'unanswered']

const createCounter = (registry: Registry, clients: HeartbeatOptions['clients']): Counter<'client' | 'outcome'> => {
  const counter = new Counter({
    name: 'eventail_heartbeats_total',
    help: 'Heartbeats pushed, by what became of them; they are no events and in no other count.',
    labelNames: ['client', 'outcome'],
    registers: [registry],
  })
  for (const { name: client } of clients) for (const outcome of OUTCOMES) counter.inc({ client, outcome }, 0)
  return counter
}

/**
 * Tells each client every period that the agent is alive. A heartbeat that Loki does not take is let go: the next one
 * says more. One client's trouble delays no other's.
 */
export class Heartbeats {
  readonly #o: HeartbeatOptions
  readonly #counter: Counter<'client' | 'outcome'>
  readonly #stopped = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: HeartbeatOptions) {
    this.#o = options
    this.#counter = createCounter(options.registry, options.clients)
  }

  start(): void {
    const { periodMs, clients } = this.#o
    if (periodMs > 0) this.#running = Promise.all(clients.map((client) => this.#beat(client)))
  }

  /** Resolves when none is on its way; a stop of the clients ends one that is. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #beat(client: HeartbeatOptions['clients'][number]): Promise<void> {
    const { clock, periodMs, entry } = this.#o
    const { signal } = this.#stopped
    let wasTaken = true
    for (;;) {
      await clock.sleep(periodMs, signal)
      if (signal.aborted) return
      const outcome = await client.pushAlone(await entry(client.name))
      this.#counter.inc({ client: client.name, outcome: outcome.kind })
      if ((outcome.kind === 'sent') !== wasTaken) this.#say(client.name, outcome)
      wasTaken = outcome.kind === 'sent'
    }
  }

  #say(client: string, outcome: AloneOutcome): void {
    const log = this.#o.log.with({ component: 'heartbeat', client })
    if (outcome.kind === 'sent') log.info('Loki takes heartbeats again')
    else log.warn('Loki did not take a heartbeat; it is not repeated', { outcome: outcome.kind, why: outcome.why })
  }
}
