/** Agents whose files can be converted. */
export const AGENTS = ['promtail', 'alloy', 'event-exporter'] as const

export type ConvertFlags = {
  readonly file: string
  readonly from: (typeof AGENTS)[number]
  /** '' = find out; see `PromtailOptions`. */
  readonly job: string
  /** '' = find out: what the file is for when there are several. */
  readonly receiver: string
}
