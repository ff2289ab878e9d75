/** Why Loki refused an entry for good, or would refuse the whole push for its sake. */
export const REJECT_REASONS = [
  'too_old',
  'too_far_behind',
  'too_new',
  'line_too_long',
  'label_name_invalid',
  'label_name_too_long',
  'label_name_duplicate',
  'label_value_too_long',
  'label_missing',
  'labels_unparsable',
  'metadata_name_invalid',
  'metadata_too_large',
  'metadata_too_many',
  'timestamp_invalid',
  'tenant_invalid',
  'request_too_large',
  'blocked',
  'other',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** Why we let an entry go. Only where the configuration says so (`max_retries`, `drop_rate_limited_batches`, `required: false`). */
export const DROP_REASONS = ['queue_full', 'ingester_error', 'rate_limited', 'stream_limited'] as const
export type DropReason = (typeof DROP_REASONS)[number]
