import type { Entry } from './entry.ts'
import { INDEX_LABELS, METADATA_NAMES, OWNER_NAMES } from './names.ts'

type Pair = readonly [name: string, value: string]

/**
 * What was found out about the surroundings of an event: of its involved object, the object's owners, its namespace and
 * its node. Made by `enrich/`; an entry is a pure function of the revision, the configuration and this.
 */
export type Enrichment = {
  /** Structured metadata to add, in a fixed order; names as Loki takes them, values bounded. */
  readonly metadata: Entry['metadata']
  /** Labels for relabel_configs, none of which is sent; made when they are asked for. */
  readonly meta: () => readonly Pair[]
}

/** Of an event about which nothing was looked up, or nothing found. */
export const NO_ENRICHMENT: Enrichment = { metadata: [], meta: () => [] }

/** Names with a meaning of their own in an entry, in Loki, or in rules and dashboards. */
const TAKEN: ReadonlySet<string> = new Set([
  ...INDEX_LABELS,
  ...METADATA_NAMES,
  ...OWNER_NAMES,
  'cluster',
  'level',
  'detected_level',
  'service_name',
])

/** A Kubernetes name in letters, digits and underscores, as Prometheus' discovery writes it. */
export const sanitisedName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_]/g, '_')

/**
 * The name of structured metadata for a label or annotation of that name; null when it would have no letter and no
 * digit, for which Loki refuses the whole push. A name that means something else already gets `object_` in front.
 */
export const metadataNameOf = (name: string): string | null => {
  const sanitised = sanitisedName(name)
  if (!/[a-zA-Z0-9]/.test(sanitised)) return null
  if (TAKEN.has(sanitised)) return `object_${sanitised}`
  return /^\d/.test(sanitised) ? `_${sanitised}` : sanitised
}
