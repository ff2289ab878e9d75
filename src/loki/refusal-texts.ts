import type { RejectReason } from './reasons.ts'

/** Keys of the configuration that a refusal can be about. */
export type Setting =
  | 'authorization'
  | 'batchsize'
  | 'external_labels'
  | 'http_headers'
  | 'labels'
  | 'proxy_url'
  | 'structured_metadata'
  | 'tenant_id'
  | 'tls_config'
  | 'url'

type Texts<T> = readonly (readonly [pattern: RegExp, meaning: T])[]

/** Loki's wording of refusals that stand for single entries or streams (pkg/validation/validate.go, pkg/chunkenc). */
const OF_ENTRIES: Texts<RejectReason> = [
  [/entry too far behind/, 'too_far_behind'],
  [/has timestamp too old:/, 'too_old'],
  [/has timestamp too new:/, 'too_new'],
  [/max entry size .* bytes exceeded/i, 'line_too_long'],
  [/has label name too long:/, 'label_name_too_long'],
  [/has label value too long:/, 'label_value_too_long'],
  [/has duplicate label name:/, 'label_name_duplicate'],
  [/at least one label pair is required per stream/, 'label_missing'],
  [/couldn't parse labels:|error parsing labels/i, 'labels_unparsable'],
  [/has structured metadata too large:/, 'metadata_too_large'],
  [/has too many structured metadata labels:/, 'metadata_too_many'],
  [/normalization for label name|label name is empty/, 'metadata_name_invalid'],
]

/** Refusals that no entry is to blame for: they end when somebody changes a setting, here or in Loki. */
const OF_CONFIGURATION: Texts<Setting> = [
  [/includes structured metadata, but this feature is disallowed/, 'structured_metadata'],
  [/has \d+ label names; limit \d+/, 'labels'],
  [/must not contain the reserved labels/, 'labels'],
  [/missing required labels/, 'external_labels'],
  [/tenant ID .* contains unsupported character|tenant ID is too long|multiple org IDs present|no org id/, 'tenant_id'],
]

/**
 * The text without what a stranger may have written: label values stand in double quotes (Go's escapes), and after
 * "too long: '" or "duplicate label name: '" raw to the end. A cut-off quote runs to the end as well.
 */
export const withoutForeignText = (text: string): string =>
  text
    .replaceAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)/gs, '""')
    .replace(/((?:label (?:name|value) too long|duplicate label name):).*$/s, '$1')

const find = <T>(texts: Texts<T>, text: string): T | undefined => texts.find(([pattern]) => pattern.test(text))?.[1]

/** What kind of entry a refusal is about; `text` without foreign text. */
export const rejectReasonIn = (text: string): RejectReason | undefined => find(OF_ENTRIES, text)

/** Which setting a refusal is about; `text` without foreign text. */
export const settingIn = (text: string): Setting | undefined => find(OF_CONFIGURATION, text)
