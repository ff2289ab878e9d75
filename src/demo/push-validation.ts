import type { LokiLimits } from './loki-limits.ts'
import { formatLabels, normalizeMetadataName, sortedPairs, type LabelPairs } from './loki-labels.ts'
import type { PushedEntry } from './push-decode.ts'

/** An entry as it is stored: metadata normalised, sorted, without empty values. */
export type LokiEntry = { readonly timestampNs: bigint; readonly line: string; readonly metadata: LabelPairs }

const MS = 1_000_000n

/** RFC 3339 with whole seconds, as Go's `time.RFC3339`. */
export const rfc3339 = (timestampNs: bigint): string => {
  const iso = new Date(Number(timestampNs / MS)).toISOString()
  return `${iso.slice(0, 19)}Z`
}

/** Why Loki refuses a stream for its labels; null: it does not. Texts: loki pkg/validation/validate.go. */
export const labelRefusal = (labels: LabelPairs, limits: LokiLimits): string | null => {
  const stream = formatLabels(labels)
  if (labels.length === 0) return 'error at least one label pair is required per stream'
  const counted = labels.filter(([name]) => name !== 'service_name').length
  if (counted > limits.maxLabelNames) {
    return `entry for stream '${stream}' has ${counted} label names; limit ${limits.maxLabelNames}`
  }
  let last = ''
  for (const [name, value] of labels) {
    if (Buffer.byteLength(name) > limits.maxLabelNameBytes) {
      return `stream '${stream}' has label name too long: '${name}'`
    }
    if (Buffer.byteLength(value) > limits.maxLabelValueBytes) {
      return `stream '${stream}' has label value too long: '${value}'`
    }
    if (name === last) return `stream '${stream}' has duplicate label name: '${name}'`
    last = name
  }
  return null
}

const HINT = (setting: string): string =>
  `Please see \`limits_config.${setting}\` or contact your Loki administrator to increase it`

const metadataRefusal = (stream: string, entry: PushedEntry, limits: LokiLimits): string | null => {
  if (entry.metadata.length === 0) return null
  if (!limits.allowMetadata) {
    return (
      `stream '${stream}' includes structured metadata, but this feature is disallowed. ` +
      'Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it'
    )
  }
  const sizeBytes = entry.metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0)
  if (sizeBytes > limits.maxMetadataBytes) {
    const hint = HINT('max_structured_metadata_size')
    return `stream '${stream}' has structured metadata too large: '${sizeBytes}' bytes, limit: '${limits.maxMetadataBytes}' bytes. ${hint}`
  }
  const count = entry.metadata.length
  if (count <= limits.maxMetadataEntries) return null
  const hint = HINT('max_structured_metadata_entries_count')
  return `stream '${stream}' has too many structured metadata labels: '${count}', limit: '${limits.maxMetadataEntries}'. ${hint}`
}

/** Why Loki's distributor refuses an entry, in the order of its checks; null: it does not. */
export const entryRefusal = (stream: string, entry: PushedEntry, limits: LokiLimits, nowMs: number): string | null => {
  const oldestNs = BigInt(Math.floor(nowMs) - limits.maxAgeMs) * MS
  if (entry.timestampNs < oldestNs) {
    const at = rfc3339(entry.timestampNs)
    return `entry for stream '${stream}' has timestamp too old: ${at}, oldest acceptable timestamp is: ${rfc3339(oldestNs)}`
  }
  if (entry.timestampNs > BigInt(Math.floor(nowMs) + limits.graceMs) * MS) {
    return `entry for stream '${stream}' has timestamp too new: ${rfc3339(entry.timestampNs)}`
  }
  const sizeBytes = Buffer.byteLength(entry.line)
  if (sizeBytes > limits.maxLineBytes) {
    return (
      `max entry size '${limits.maxLineBytes}' bytes exceeded for stream '${stream}' ` +
      `while adding an entry with length '${sizeBytes}' bytes`
    )
  }
  return metadataRefusal(stream, entry, limits)
}

/** `max_line_size_truncate`: cuts by bytes, the identifier included. */
export const truncated = (entry: PushedEntry, limits: LokiLimits): PushedEntry => {
  const identifier = limits.truncateIdentifier
  if (identifier === null) return entry
  const bytes = Buffer.from(entry.line)
  if (bytes.length <= limits.maxLineBytes) return entry
  const kept = bytes.subarray(0, Math.max(0, limits.maxLineBytes - Buffer.byteLength(identifier)))
  return { ...entry, line: kept.toString('utf8') + identifier }
}

/** The entry with its metadata's names normalised, or the text of a 500 for the whole push. */
export const normalized = (entry: PushedEntry): LokiEntry | { readonly error: string } => {
  const pairs = new Map<string, string>()
  for (const [raw, value] of entry.metadata) {
    const name = normalizeMetadataName(raw)
    if ('error' in name) return name
    pairs.set(name.name, value.replaceAll('\uFFFD', ' '))
  }
  return { timestampNs: entry.timestampNs, line: entry.line, metadata: sortedPairs(pairs) }
}

/** How the distributor words what it collected: one error once is bare, several are counted. */
export const groupedErrors = (errors: readonly string[]): string => {
  if (errors.length === 1) return errors[0] ?? ''
  const counts = new Map<string, number>()
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1)
  return [...counts].map(([text, count]) => `${count} errors like: ${text}`).join('; ')
}
