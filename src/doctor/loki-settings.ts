import { parse } from 'yaml'
import { formatDuration, parseDuration } from '../config/go-duration.ts'
import { member } from '../kube/status.ts'
import type { ClientOptions } from '../loki/client-options.ts'
import { failure, type Finding, ok, warning } from './finding.ts'

/** What Loki's `/config` says, as far as it matters here; null: it does not say. */
export type LokiSettings = {
  readonly maxChunkAgeMs: number | null
  readonly structuredMetadata: boolean | null
  /** Of the newest period of the schema, such as 13. */
  readonly schema: number | null
}

const EVENT_TTL_MS = 3_600_000
/** Structured metadata needs schema v13. */
const METADATA_SCHEMA = 13

const durationOf = (value: unknown): number | null => (typeof value === 'string' ? parseDuration(value) : null)

const schemaOf = (value: unknown): number | null => {
  const periods = member(value, 'configs')
  const newest = Array.isArray(periods) ? (periods as readonly unknown[]).at(-1) : null
  const version = member(newest, 'schema')
  return typeof version === 'string' && /^v\d{1,3}$/.test(version) ? Number(version.slice(1)) : null
}

/** Reads a body of `GET /config`; null when it is no YAML mapping. */
export const readSettings = (text: string): LokiSettings | null => {
  let config: unknown
  try {
    config = parse(text, { maxAliasCount: 100 })
  } catch {
    return null
  }
  if (typeof config !== 'object' || config === null) return null
  const metadata = member(member(config, 'limits_config'), 'allow_structured_metadata')
  return {
    maxChunkAgeMs: durationOf(member(member(config, 'ingester'), 'max_chunk_age')),
    structuredMetadata: typeof metadata === 'boolean' ? metadata : null,
    schema: schemaOf(member(config, 'schema_config')),
  }
}

const metadataFinding = (about: string, settings: LokiSettings, wanted: boolean): readonly Finding[] => {
  const isOld = settings.schema !== null && settings.schema < METADATA_SCHEMA
  if (settings.structuredMetadata === null && !isOld) return []
  if (settings.structuredMetadata !== false && !isOld) return [ok(about, 'takes structured metadata')]
  const why = isOld ? `its schema is v${settings.schema}` : 'allow_structured_metadata is false'
  if (!wanted) return [ok(about, `takes no structured metadata (${why}), and none is sent`)]
  const remedy = 'allow it in Loki, or put this into the scrape config:'
  return [
    failure(about, `takes no structured metadata: ${why}`, {
      remedy,
      yaml: 'kubernetes_events:\n  structured_metadata: false\n',
    }),
  ]
}

/** An entry older than its stream's newest by half of `max_chunk_age` is refused, and events live for an hour. */
const ageFindings = (about: string, { maxChunkAgeMs }: LokiSettings, configuredMs: number): readonly Finding[] => {
  if (maxChunkAgeMs === null) return []
  const shown = formatDuration(maxChunkAgeMs)
  if (maxChunkAgeMs !== configuredMs) {
    const remedy = "tell the client Loki's own value:"
    const says = `its max_chunk_age is ${shown}, and the client thinks it is ${formatDuration(configuredMs)}`
    return [warning(about, says, { remedy, yaml: `max_chunk_age: ${shown}\n` })]
  }
  if (maxChunkAgeMs / 2 >= EVENT_TTL_MS)
    return [ok(about, `its max_chunk_age of ${shown} fits events that live for 1h`)]
  const says = `its max_chunk_age of ${shown} refuses what is ${formatDuration(maxChunkAgeMs / 2)} older than the newest, and events live for 1h`
  return [warning(about, says, { remedy: 'set in Loki:', yaml: 'ingester:\n  max_chunk_age: 2h\n' })]
}

/** What Loki's settings mean for this client. `metadata`: whether structured metadata is sent. */
export const settingsFindings = (
  about: string,
  settings: LokiSettings,
  { maxChunkAgeMs }: ClientOptions,
  metadata: boolean,
): readonly Finding[] => [...metadataFinding(about, settings, metadata), ...ageFindings(about, settings, maxChunkAgeMs)]
