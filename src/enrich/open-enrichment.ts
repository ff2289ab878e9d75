import type { Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { KubeClient } from '../kube/client.ts'
import type { NamespaceChoice } from '../kube/source.ts'
import type { Log } from '../log.ts'
import { builtIn, customNames } from './discovery.ts'
import type { EnrichOptions } from './enrich-options.ts'
import { createEnrichMetrics, type EnrichGauges, type EnrichMetrics } from './enrich-metrics.ts'
import { Enricher } from './enricher.ts'
import { createFactsReader } from './facts.ts'
import { KindDiscovery } from './kind-discovery.ts'
import { type EnrichWorld, namespaceLabels, nodeLabels } from './label-sources.ts'
import { Lookups } from './lookups.ts'
import { MetadataApi } from './metadata-api.ts'
import { Permissions } from './permissions.ts'
import { ResourceTable } from './resource.ts'
import { Targets } from './targets.ts'
import { WaitingLine } from './waiting-line.ts'

export type EnrichmentParts = {
  readonly options: EnrichOptions
  readonly job: string
  readonly namespaces: NamespaceChoice
  /** With connections of its own, so that looking up never holds up the events; closed by `stop`. */
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly random: () => number
}

/** The enrichment of one job at work. */
export type EnrichmentAtWork = {
  readonly line: WaitingLine
  /** Begins to discover, list and watch. */
  start(): void
  /** Ends what is under way. What waits in the line is passed on within its time. */
  stop(): Promise<void>
}

const createLookups = (world: EnrichWorld, targets: Targets): Lookups => {
  const { options, namespaces } = world
  const lookups: Lookups = new Lookups({
    ...world,
    ...options,
    read: createFactsReader(options),
    mayList: true,
    isEverywhere: namespaces.kind === 'all',
    onFound: ({ namespace }, { controller }) => {
      // Asked for at once, so that an event waits for its owners as short as can be.
      const target = controller === null ? null : targets.ofController(controller, namespace)
      if (target !== null) lookups.find(target)
    },
  })
  return lookups
}

/** The kinds whose permission may turn out to be missing. */
const askedFor = ({ resources, namespaceLabels: namespaces, nodeLabels: nodes }: EnrichOptions): readonly string[] => [
  ...new Set([...resources, ...(namespaces.length > 0 ? ['namespaces'] : []), ...(nodes.length > 0 ? ['nodes'] : [])]),
]

const createWorld = (
  parts: EnrichmentParts,
  signal: AbortSignal,
  hooks: { readonly gauges: () => EnrichGauges; readonly onChange: () => void },
): EnrichWorld => {
  const { options, client, registry, job } = parts
  const log = parts.log.with({ component: 'enrich', job })
  const resources = askedFor(options)
  const metrics: EnrichMetrics = createEnrichMetrics(registry, job, { resources, gauges: hooks.gauges })
  const permissions = new Permissions({
    log,
    onMissing: (resource, isMissing) => {
      metrics.missing(resource, isMissing)
    },
  })
  const api = new MetadataApi(client, signal)
  return { ...parts, log, api, permissions, metrics, signal, onChange: hooks.onChange }
}

/** Puts the enrichment of a job together; nothing is requested before `start`. */
export const openEnrichment = (parts: EnrichmentParts): EnrichmentAtWork => {
  const { options, client, clock } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  const world = createWorld(parts, signal, {
    gauges: () => ({ cacheBytes: lookups.cacheBytes, cacheObjects: lookups.cacheObjects, waiting: line.events }),
    onChange: () => {
      line.lookAgain()
    },
  })
  const table = new ResourceTable(builtIn(options.resources))
  const targets = new Targets(table)
  const lookups = createLookups(world, targets)
  const discovery = new KindDiscovery({ ...world, client, table, names: customNames(options.resources) })
  const [nodes, namespaces] = [nodeLabels(world), namespaceLabels(world)]
  const enricher = new Enricher({
    ...{ options, table, targets, lookups, isDiscovering: () => discovery.isPending },
    nodeLabels: nodes?.of ?? null,
    namespaceLabels: namespaces?.of ?? null,
  })
  const line = new WaitingLine({ enricher, clock, waitMs: options.waitMs, metrics: world.metrics })
  let running: Promise<unknown> = Promise.resolve()
  return {
    line,
    start: () => {
      running = Promise.all(
        [discovery, nodes, namespaces].map(async (one) => {
          await one?.run(signal)
        }),
      )
    },
    stop: async () => {
      stopping.abort()
      await running
      await client.close()
    },
  }
}
