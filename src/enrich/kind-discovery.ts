import { nextDelayMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Log } from '../log.ts'
import { discover } from './discovery.ts'
import type { Resource, ResourceTable } from './resource.ts'

export type KindDiscoveryOptions = {
  readonly client: KubeClient
  /** `plural.group`; none: nothing is asked. */
  readonly names: readonly string[]
  readonly table: ResourceTable
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** The first answer has come. */
  readonly onChange: () => void
}

const BACKOFF = { minMs: 1000, maxMs: 60_000 }

/** Asks once for the kinds that only the API server knows; again only until it has answered. */
export class KindDiscovery {
  readonly #o: KindDiscoveryOptions
  #isPending: boolean

  constructor(options: KindDiscoveryOptions) {
    this.#o = options
    this.#isPending = options.names.length > 0
  }

  /** Whether it is worth waiting for: the first answer has not come. */
  get isPending(): boolean {
    return this.#isPending
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, names, log, clock, random, onChange } = this.#o
    for (let attempt = 0; names.length > 0 && !signal.aborted; attempt += 1) {
      const found = await discover(client, names, signal)
      if (found.kind === 'ok') this.#add(found.resources)
      this.#isPending = false
      onChange()
      if (found.kind === 'ok') return
      log.warn('kinds cannot be discovered, trying again', { why: found.why })
      await clock.sleep(nextDelayMs(BACKOFF, attempt, random), signal)
    }
  }

  #add(resources: readonly Resource[]): void {
    const { table, names, log } = this.#o
    for (const resource of resources) table.add(resource)
    const unknown = names.filter((name) => !table.has(name))
    if (unknown.length > 0) log.warn('the API server does not have these kinds', { kinds: unknown.join(',') })
  }
}
