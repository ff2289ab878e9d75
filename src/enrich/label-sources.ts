import type { Clock } from '../clock.ts'
import type { NamespaceChoice } from '../kube/source.ts'
import type { Log } from '../log.ts'
import { createChoice } from './choice.ts'
import { builtIn } from './discovery.ts'
import type { EnrichOptions } from './enrich-options.ts'
import type { EnrichMetrics } from './enrich-metrics.ts'
import { createFactsReader } from './facts.ts'
import { LabelWatch, type Labels } from './label-watch.ts'
import { type Lookup, Lookups } from './lookups.ts'
import type { MetadataApi } from './metadata-api.ts'
import type { Permissions } from './permissions.ts'
import type { Resource } from './resource.ts'
import { targetOf } from './wants.ts'

/** What every part of a job's enrichment works with. */
export type EnrichWorld = {
  readonly options: EnrichOptions
  readonly namespaces: NamespaceChoice
  readonly api: MetadataApi
  readonly permissions: Permissions
  readonly metrics: EnrichMetrics
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** Ends everything. */
  readonly signal: AbortSignal
  readonly onChange: () => void
}

/** Labels of nodes or namespaces by name. */
export type LabelSource = {
  readonly of: (name: string) => Labels
  /** Keeps them current until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

const NAMESPACES_PER_SECOND = 5
const NAMESPACES_CACHE_BYTES = 2 * 1024 * 1024

const resourceOf = (name: string): Resource => {
  const [resource] = builtIn([name])
  if (resource === undefined) throw new Error(`no built-in kind ${name}`)
  return resource
}

const watched = (world: EnrichWorld, name: string, patterns: readonly string[]): LabelSource => {
  const choice = createChoice(patterns, world.options)
  const watch = new LabelWatch({ ...world, resource: resourceOf(name), choice })
  return { of: (object) => watch.of(object), run: (signal) => watch.run(signal) }
}

/** It is not waited for longer than for anything else. */
const labelsOf = (found: Lookup): Labels => {
  if (typeof found !== 'string') return found.labels
  return found === 'busy' ? 'failed' : found
}

/** One by one: a Role in each watched namespace gives no more than that. */
const lookedUp = (world: EnrichWorld): LabelSource => {
  const { options } = world
  const resource = resourceOf('namespaces')
  const lookups = new Lookups({
    ...world,
    ...options,
    read: createFactsReader({ ...options, labels: options.namespaceLabels, annotations: [], owners: false }),
    mayList: false,
    isEverywhere: false,
    requestsPerSecond: NAMESPACES_PER_SECOND,
    cacheBytes: NAMESPACES_CACHE_BYTES,
    onFound: () => undefined,
  })
  return {
    of: (name) => labelsOf(lookups.find(targetOf({ resource, namespace: '', name }, ''))),
    run: () => Promise.resolve(),
  }
}

/** Null: no labels of nodes are wanted. */
export const nodeLabels = (world: EnrichWorld): LabelSource | null => {
  const { nodeLabels: patterns } = world.options
  return patterns.length === 0 ? null : watched(world, 'nodes', patterns)
}

/** Null: no labels of namespaces are wanted. A watch where all namespaces are. */
export const namespaceLabels = (world: EnrichWorld): LabelSource | null => {
  const { namespaceLabels: patterns } = world.options
  if (patterns.length === 0) return null
  return world.namespaces.kind === 'all' ? watched(world, 'namespaces', patterns) : lookedUp(world)
}
